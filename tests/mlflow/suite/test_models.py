"""Models of several libraries: logged, registered, found, downloaded and loaded back."""

import json
import os
import sys
import time
import unittest
import urllib.parse
import urllib.request

import cloudpickle
import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature

from common import Case, have, unique

SKLEARN = have("sklearn")
SKOPS = have("sklearn", "skops")
TORCH = have("torch") and os.environ.get("BARTIZAN_SUITE_TORCH") == "1"


def trained():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(7)
    features = pd.DataFrame(rng.normal(size=(80, 3)), columns=["a", "b", "c"])
    labels = (features["a"] + features["b"] > 0).astype(int)
    return LogisticRegression().fit(features, labels), features, labels


@unittest.skipUnless(SKLEARN, "scikit-learn is not installed")
class Sklearn(Case):
    def log(self, name, **options):
        model, features, labels = trained()
        dataset = mlflow.data.from_pandas(features.assign(y=labels), source="https://example.com/train.csv", name="train", targets="y")
        with mlflow.start_run() as run:
            mlflow.log_input(dataset, context="training")
            mlflow.log_metric("accuracy", model.score(features, labels))
            mlflow.log_param("c", 1.0)
            info = mlflow.sklearn.log_model(
                model,
                name="classifier",
                registered_model_name=name,
                signature=infer_signature(features, model.predict(features)),
                input_example=features.head(2),
                pip_requirements=["scikit-learn"],
                await_registration_for=60,
                **options,
            )
        return model, features, run, info

    def check(self, name, options, file):
        model, features, run, info = self.log(name, **options)
        version = self.client.get_model_version(name, "1")
        self.assertEqual((version.status, version.run_id), ("READY", run.info.run_id))
        self.client.set_registered_model_alias(name, "champion", "1")
        target = mlflow.artifacts.download_artifacts(f"models:/{name}@champion", dst_path=self.folder)
        self.assertIn(file, os.listdir(target))
        loaded = mlflow.sklearn.load_model(f"models:/{name}@champion")
        np.testing.assert_array_equal(loaded.predict(features), model.predict(features))
        served = mlflow.pyfunc.load_model(f"models:/{name}/1")
        np.testing.assert_array_equal(served.predict(features), model.predict(features))
        by_run = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/classifier")
        np.testing.assert_array_equal(by_run.predict(features), model.predict(features))
        by_id = mlflow.pyfunc.load_model(info.model_uri)
        np.testing.assert_array_equal(by_id.predict(features), model.predict(features))
        return run, info

    @unittest.skipUnless(SKOPS, "skops is not installed")
    def test_skops(self):
        run, info = self.check(unique("skops"), {"serialization_format": "skops"}, "model.skops")
        logged = mlflow.get_logged_model(info.model_id)
        self.assertEqual((logged.name, str(logged.status), logged.source_run_id), ("classifier", "READY", run.info.run_id))
        self.assertEqual(logged.metrics[0].key, "accuracy")
        self.assertEqual([one.model_id for one in mlflow.get_run(run.info.run_id).outputs.model_outputs], [info.model_id])
        found = mlflow.search_logged_models(
            experiment_ids=[self.experiment.experiment_id], filter_string="metrics.accuracy > 0.5", output_format="list"
        )
        self.assertEqual([one.model_id for one in found], [info.model_id])

    def test_cloudpickle(self):
        self.check(unique("cloudpickle"), {"serialization_format": "cloudpickle"}, "model.pkl")

    def test_register_later(self):
        name = unique("later")
        _, features, run, info = self.log(None)
        from_run = mlflow.register_model(f"runs:/{run.info.run_id}/classifier", name, await_registration_for=60)
        from_id = mlflow.register_model(info.model_uri, name, tags={"k": "v"}, await_registration_for=60)
        self.assertEqual((from_run.version, from_id.version), ("1", "2"))
        self.assertEqual(self.client.get_model_version(name, "1").run_id, run.info.run_id)
        self.assertEqual(self.client.get_model_version(name, "2").tags, {"k": "v"})
        copied = self.client.copy_model_version(f"models:/{name}/2", unique("copy"))
        loaded = mlflow.pyfunc.load_model(f"models:/{copied.name}/{copied.version}")
        self.assertEqual(len(loaded.predict(features)), len(features))

    def test_a_version_never_changes(self):
        name = unique("fixed")
        model, features, run, info = self.log(name)
        mlflow.MlflowClient().set_logged_model_tags(info.model_id, {"t": "1"})
        before = mlflow.artifacts.load_text(f"models:/{name}/1/MLmodel")
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        logged = mlflow.get_logged_model(info.model_id)
        get_artifact_repository(logged.artifact_location).log_artifact(self.write("MLmodel", "changed"))
        self.assertEqual(mlflow.artifacts.load_text(f"models:/{name}/1/MLmodel"), before)
        uri = self.client.get_model_version_download_uri(name, "1")
        with self.assertRaisesRegex(Exception, "never change"):
            get_artifact_repository(uri).log_artifact(self.write("MLmodel", "changed"))

    def test_autolog(self):
        from sklearn.tree import DecisionTreeClassifier

        _, features, labels = trained()
        mlflow.sklearn.autolog(log_datasets=True, serialization_format="cloudpickle", silent=True)
        try:
            with mlflow.start_run() as run:
                DecisionTreeClassifier(max_depth=3, random_state=1).fit(features, labels)
        finally:
            mlflow.sklearn.autolog(disable=True)
        found = mlflow.get_run(run.info.run_id)
        self.assertEqual(found.data.params["max_depth"], "3")
        self.assertIn("training_accuracy_score", found.data.metrics)
        self.assertEqual(len(found.inputs.dataset_inputs), 1)
        self.assertEqual(len(found.outputs.model_outputs), 1)


class Doubling(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input * 2


MODEL_FROM_CODE = """
import mlflow


class Doubling(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input * 2


mlflow.models.set_model(Doubling())
"""


class Pyfunc(Case):
    def log(self, python_model):
        note = self.write("note.txt", "kept beside the model")
        name = unique("pyfunc")
        with mlflow.start_run():
            info = mlflow.pyfunc.log_model(
                name="doubling",
                python_model=python_model,
                artifacts={"note": note},
                registered_model_name=name,
                pip_requirements=["cloudpickle"],
                input_example=pd.DataFrame({"x": [1]}),
            )
        return name, info

    def test_from_code(self):
        name, _ = self.log(self.write("model.py", MODEL_FROM_CODE))
        loaded = mlflow.pyfunc.load_model(f"models:/{name}/1")
        self.assertEqual(list(loaded.predict(pd.DataFrame({"x": [1, 2]}))["x"]), [2, 4])
        self.assertEqual(mlflow.artifacts.load_text(f"models:/{name}/1/artifacts/note.txt"), "kept beside the model")

    def verdict(self, name):
        """Of version 1, once it was scanned."""
        url = f"{os.environ['MLFLOW_TRACKING_URI']}/api/v1/models/{urllib.parse.quote(name)}/versions/1"
        key = {"authorization": f"Bearer {os.environ['MLFLOW_TRACKING_TOKEN']}"}
        for _ in range(240):
            with urllib.request.urlopen(urllib.request.Request(url, headers=key), timeout=30) as answer:
                found = json.load(answer)["scan"]["verdict"]
            if found is not None:
                return found
            time.sleep(0.5)
        return None

    def test_pickled_class(self):
        """A class that is pickled by value brings code of its own: suspicious, and given out."""
        here = sys.modules[__name__]
        cloudpickle.register_pickle_by_value(here)
        self.addCleanup(cloudpickle.unregister_pickle_by_value, here)
        name, _ = self.log(Doubling())
        self.assertEqual(self.client.get_model_version(name, "1").status, "READY")
        self.assertEqual(self.verdict(name), "suspicious")
        loaded = mlflow.pyfunc.load_model(f"models:/{name}/1")
        self.assertEqual(list(loaded.predict(pd.DataFrame({"x": [1, 2]}))["x"]), [2, 4])


@unittest.skipUnless(TORCH, "torch is not installed here, or not asked for")
class Torch(Case):
    def test_torch(self):
        import torch

        torch.manual_seed(3)
        model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2)).eval()
        sample = torch.randn(3, 4)
        name = unique("torch")
        with mlflow.start_run():
            mlflow.pytorch.log_model(
                model,
                name="net",
                registered_model_name=name,
                pip_requirements=["torch"],
                signature=infer_signature(sample.numpy(), model(sample).detach().numpy()),
                serialization_format="pickle",
            )
        loaded = mlflow.pytorch.load_model(f"models:/{name}/1")
        self.assertTrue(torch.equal(loaded(sample), model(sample)))
