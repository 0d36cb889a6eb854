"""Taking over what another MLflow server keeps, with the command line."""

import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import mlflow
import pandas as pd
from mlflow import MlflowClient

from common import Case, have, unique

CLI = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "cli", "bin", "bartizan.mjs")
START_SECONDS = 240


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@unittest.skipUnless(have("flask", "sqlalchemy", "alembic", "uvicorn"), "this Python has only the client of MLflow")
class Import(Case):
    @classmethod
    def setUpClass(cls):
        """One server for all tests: it takes long to start."""
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        port = free_port()
        cls.url = f"http://127.0.0.1:{port}"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_TRACKING")}
        path = os.path.join(folder.name, "server.log")
        log = open(path, "wb")
        cls.addClassCleanup(log.close)
        cls.server = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
             "--backend-store-uri", f"sqlite:///{folder.name}/mlflow.db", "--artifacts-destination", f"{folder.name}/artifacts"],
            cwd=folder.name, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )
        cls.addClassCleanup(cls.end_server)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                urllib.request.urlopen(cls.url + "/health", timeout=5).read()
                return
            except OSError:
                if cls.server.poll() is not None or time.monotonic() > deadline:
                    with open(path, encoding="utf-8", errors="replace") as file:
                        raise AssertionError("the MLflow server did not start: " + file.read()[-2000:]) from None
                time.sleep(0.2)

    @classmethod
    def end_server(cls):
        os.killpg(cls.server.pid, 15)
        try:
            cls.server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(cls.server.pid, 9)
            cls.server.wait(20)

    def fill(self):
        """An experiment, nested runs, a dataset, files, a logged model and a registered one, at the source."""
        here = mlflow.get_tracking_uri()
        mlflow.set_tracking_uri(self.url)
        mlflow.set_registry_uri(self.url)
        try:
            names = (unique("imported"), unique("imported model"))
            mlflow.set_experiment(names[0])
            frame = pd.DataFrame({"x": [1.0, 2.0]})
            with mlflow.start_run(run_name="parent") as parent:
                mlflow.log_params({"depth": 3, "name": "ü"})
                client = MlflowClient(self.url)
                from mlflow.entities import Metric

                for start in range(0, 2_500, 500):
                    client.log_batch(parent.info.run_id, metrics=[Metric("loss", 1 / (step + 1), 1000 + step, step) for step in range(start, start + 500)])
                mlflow.log_metric("odd", float("nan"))
                mlflow.log_input(mlflow.data.from_pandas(frame, source="https://example.com/x.csv", name="set"), context="training")
                mlflow.log_text("hello", "notes/a b.txt")
                mlflow.log_text("deep", "notes/deep/er.txt")
                path = os.path.join(self.folder, "model.py")
                with open(path, "w", encoding="utf-8") as file:
                    file.write("import mlflow\n\n\nclass M(mlflow.pyfunc.PythonModel):\n    def predict(self, context, model_input, params=None):\n        return model_input * 3\n\n\nmlflow.models.set_model(M())\n")
                mlflow.pyfunc.log_model(name="m", python_model=path, registered_model_name=names[1], pip_requirements=["mlflow"], input_example=frame)
                with mlflow.start_run(run_name="child", nested=True):
                    mlflow.log_metric("score", 0.5)
            client.create_model_version(names[1], f"runs:/{parent.info.run_id}/notes", parent.info.run_id, description="second")
            client.set_registered_model_alias(names[1], "champion", "1")
            client.set_registered_model_tag(names[1], "team", "blue")
            client.transition_model_version_stage(names[1], "2", "Staging")
            return (*names, parent.info.run_id)
        finally:
            mlflow.set_tracking_uri(here)
            mlflow.set_registry_uri(here)

    def run_import(self, *options):
        done = subprocess.run(
            [os.environ["BARTIZAN_SUITE_NODE"], CLI, "model", "import-mlflow", self.url, "--json", *options],
            env={"PATH": os.environ["PATH"], "HOME": self.folder, "BARTIZAN_URL": os.environ["MLFLOW_TRACKING_URI"], "BARTIZAN_API_KEY": os.environ["MLFLOW_TRACKING_TOKEN"]},
            capture_output=True, text=True, timeout=400,
        )
        self.assertEqual(done.returncode, 0, done.stderr[-3000:] + done.stdout[-3000:])
        return json.loads(done.stdout)

    def test_everything_once(self):
        experiment_name, model_name, source_run = self.fill()
        first = self.run_import("--experiments", experiment_name, "--models", model_name)
        self.assertEqual((first["runs"], first["loggedModels"]["imported"], first["versions"]["imported"], first["problems"]), ({"imported": 2, "already": 0}, 1, 2, []))
        experiment = self.client.get_experiment_by_name(experiment_name)
        child, parent = sorted(self.client.search_runs([experiment.experiment_id]), key=lambda run: run.info.run_name)
        self.assertEqual(parent.info.run_name, "parent")
        self.assertEqual(parent.data.params, {"depth": "3", "name": "ü"})
        self.assertTrue(math.isnan(parent.data.metrics["odd"]))
        self.assertEqual(child.data.tags["mlflow.parentRunId"], parent.info.run_id)
        self.assertTrue(parent.data.tags["bartizan.imported_from"].endswith(f"/runs/{source_run}"))
        history = self.client.get_metric_history(parent.info.run_id, "loss")
        self.assertEqual([(one.step, one.value, one.timestamp) for one in history], [(step, 1 / (step + 1), 1000 + step) for step in range(2_500)])
        [dataset] = parent.inputs.dataset_inputs
        self.assertEqual((dataset.dataset.name, dataset.tags[0].value), ("set", "training"))
        self.assertEqual(mlflow.artifacts.load_text(f"runs:/{parent.info.run_id}/notes/a b.txt"), "hello")
        self.assertEqual(self.client.get_registered_model(model_name).tags["team"], "blue")
        self.assertEqual(self.client.get_model_version(model_name, "2").current_stage, "Staging")
        loaded = mlflow.pyfunc.load_model(f"models:/{model_name}@champion")
        self.assertEqual(list(loaded.predict(pd.DataFrame({"x": [1.0, 2.0]}))["x"]), [3.0, 6.0])
        second = self.run_import("--experiments", experiment_name, "--models", model_name)
        self.assertEqual((second["runs"], second["versions"], second["files"]), ({"imported": 0, "already": 2}, {"imported": 0, "already": 2}, 0))

    def test_what_is_asked_for(self):
        experiment_name, model_name, _ = self.fill()
        some = self.run_import("--experiments", "Default", "--models", "no such model")
        self.assertEqual((some["runs"]["imported"], some["models"]), (0, 0))
        self.assertIsNone(self.client.get_experiment_by_name(experiment_name))
