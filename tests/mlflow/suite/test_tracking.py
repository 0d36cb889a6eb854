"""Experiments, runs, parameters, metrics, tags, datasets and artifacts."""

import math
import os

import mlflow
import pandas as pd
from mlflow.entities import Metric, Param, RunTag, ViewType

from common import Case, as_key, unique


class Experiments(Case):
    def test_default_is_there(self):
        self.assertEqual(self.client.get_experiment("0").name, "Default")
        self.assertEqual(self.client.get_experiment_by_name("Default").experiment_id, "0")

    def test_life(self):
        name = unique("life")
        id = self.client.create_experiment(name, tags={"a": "1"})
        self.client.set_experiment_tag(id, "b", "2")
        found = self.client.get_experiment(id)
        self.assertEqual((found.name, dict(found.tags)), (name, {"a": "1", "b": "2"}))
        self.assertEqual(self.client.get_experiment_by_name(name).experiment_id, id)
        self.client.rename_experiment(id, name + " renamed")
        self.client.delete_experiment_tag(id, "a")
        self.client.delete_experiment(id)
        deleted = self.client.get_experiment(id)
        self.assertEqual((deleted.lifecycle_stage, deleted.name), ("deleted", name + " renamed"))
        self.client.restore_experiment(id)
        self.assertEqual(self.client.get_experiment(id).lifecycle_stage, "active")
        self.assertIsNone(self.client.get_experiment_by_name(name))

    def test_search_in_pages(self):
        tag = unique("tag")
        names = sorted(unique("page") for _ in range(5))
        for name in names:
            self.client.create_experiment(name, tags={"mark": tag})
        seen, token = [], None
        while True:
            page = self.client.search_experiments(
                filter_string=f"tags.mark = '{tag}'", order_by=["name ASC"], max_results=2, page_token=token
            )
            seen += [one.name for one in page]
            token = page.token
            if not token:
                break
        self.assertEqual(seen, names)
        found = self.client.search_experiments(filter_string=f"name LIKE '{names[0]}%' AND tags.mark = '{tag}'")
        self.assertEqual([one.name for one in found], [names[0]])
        self.assertEqual(self.client.search_experiments(view_type=ViewType.DELETED_ONLY, filter_string=f"tags.mark = '{tag}'"), [])

    def test_refusals(self):
        with self.refuses("RESOURCE_ALREADY_EXISTS"):
            self.client.create_experiment(self.experiment.name)
        with self.refuses("RESOURCE_DOES_NOT_EXIST"):
            self.client.get_experiment("018f3b1e-7f10-7000-8000-000000000000")
        with self.refuses("RESOURCE_DOES_NOT_EXIST"):
            self.client.get_experiment("4711")
        for location in ["file:///etc", "s3://bucket", "mlflow-artifacts:/../../etc", "/etc"]:
            with self.refuses("INVALID_PARAMETER_VALUE"):
                self.client.create_experiment(unique("location"), artifact_location=location)
        with self.refuses("INVALID_PARAMETER_VALUE"):
            self.client.delete_experiment("0")


class Runs(Case):
    def test_fluent(self):
        with mlflow.start_run(run_name="first", tags={"team": "blue"}, description="why") as run:
            mlflow.log_param("depth", 3)
            mlflow.log_params({"a/b": "x", "c d": "ü"})
            mlflow.log_metric("loss", 0.5, step=1)
            mlflow.log_metrics({"loss": 0.25, "acc": 0.9}, step=2)
            mlflow.set_tag("stage", "done")
        found = mlflow.get_run(run.info.run_id)
        self.assertEqual(found.info.run_name, "first")
        self.assertEqual(found.info.status, "FINISHED")
        self.assertGreaterEqual(found.info.end_time, found.info.start_time)
        self.assertEqual(found.data.params, {"depth": "3", "a/b": "x", "c d": "ü"})
        self.assertEqual(found.data.metrics, {"loss": 0.25, "acc": 0.9})
        self.assertEqual(found.data.tags["team"], "blue")
        self.assertEqual(found.data.tags["mlflow.note.content"], "why")
        self.assertTrue(found.info.artifact_uri.startswith("mlflow-artifacts:/"))

    def test_failed(self):
        with self.assertRaises(ValueError):
            with mlflow.start_run() as run:
                raise ValueError()
        self.assertEqual(mlflow.get_run(run.info.run_id).info.status, "FAILED")

    def test_nested(self):
        with mlflow.start_run(run_name="parent") as parent:
            for depth in range(3):
                with mlflow.start_run(nested=True, run_name=f"child {depth}"):
                    mlflow.log_param("depth", depth)
        children = self.client.search_runs(
            [self.experiment.experiment_id],
            f"tags.mlflow.parentRunId = '{parent.info.run_id}'",
            order_by=["attributes.run_name DESC"],
        )
        self.assertEqual([one.info.run_name for one in children], ["child 2", "child 1", "child 0"])

    def test_default_experiment(self):
        run = self.client.create_run("0", run_name="in default")
        self.assertEqual(run.info.experiment_id, "0")
        self.client.set_terminated(run.info.run_id, "KILLED")
        self.assertEqual(self.client.get_run(run.info.run_id).info.status, "KILLED")

    def test_every_value(self):
        run = self.client.create_run(self.experiment.experiment_id)
        id = run.info.run_id
        values = [0.1, float("nan"), float("inf"), float("-inf"), 1e308, 5e-324, -0.0]
        for step, value in enumerate(values):
            self.client.log_metric(id, "m", value, timestamp=1000 + step, step=step)
        history = self.client.get_metric_history(id, "m")
        self.assertEqual([str(one.value) for one in history][:6], [str(value) for value in values][:6])
        self.client.log_metric(id, "n", float("nan"))
        self.assertTrue(math.isnan(self.client.get_run(id).data.metrics["n"]))

    def test_large_history(self):
        id = self.client.create_run(self.experiment.experiment_id).info.run_id
        for start in range(0, 30_000, 1_000):
            batch = [Metric("m", step * 0.5, 1_700_000_000_000 + step, step) for step in range(start, start + 1_000)]
            self.client.log_batch(id, metrics=batch)
        history = self.client.get_metric_history(id, "m")
        self.assertEqual(len(history), 30_000)
        self.assertEqual([one.step for one in history], list(range(30_000)))
        self.assertEqual(self.client.get_run(id).data.metrics["m"], 29_999 * 0.5)

    def test_batches_beyond_one_request(self):
        id = self.client.create_run(self.experiment.experiment_id).info.run_id
        with mlflow.start_run(run_id=id):
            mlflow.log_params({f"p{n}": n for n in range(250)})
            mlflow.log_metrics({f"m{n}": n for n in range(1_500)})
            mlflow.set_tags({f"t{n}": n for n in range(150)})
        data = self.client.get_run(id).data
        self.assertEqual((len(data.params), len(data.metrics)), (250, 1_500))
        self.assertEqual(data.tags["t149"], "149")

    def test_params_do_not_change(self):
        id = self.client.create_run(self.experiment.experiment_id).info.run_id
        self.client.log_param(id, "p", 1)
        self.client.log_param(id, "p", 1)
        with self.refuses("INVALID_PARAMETER_VALUE") as refused:
            self.client.log_param(id, "p", 2)
        self.assertIn("Changing param values is not allowed", refused.message)
        with self.refuses("INVALID_PARAMETER_VALUE"):
            self.client.log_batch(id, params=[Param("q", "1"), Param("p", "2")], tags=[RunTag("t", "1")])
        data = self.client.get_run(id).data
        self.assertEqual(data.params, {"p": "1"})
        self.assertNotIn("t", data.tags)

    def test_update_tag_delete_restore(self):
        id = self.client.create_run(self.experiment.experiment_id).info.run_id
        self.client.update_run(id, status="RUNNING", name="renamed")
        self.client.set_tag(id, "a", "1")
        self.client.delete_tag(id, "a")
        with self.refuses("RESOURCE_DOES_NOT_EXIST"):
            self.client.delete_tag(id, "a")
        self.assertEqual(self.client.get_run(id).data.tags["mlflow.runName"], "renamed")
        self.client.delete_run(id)
        self.assertEqual(self.client.get_run(id).info.lifecycle_stage, "deleted")
        with self.refuses("INVALID_PARAMETER_VALUE"):
            self.client.log_metric(id, "m", 1)
        self.assertEqual(len(self.client.search_runs([self.experiment.experiment_id])), 0)
        deleted = self.client.search_runs([self.experiment.experiment_id], run_view_type=ViewType.DELETED_ONLY)
        self.assertEqual([one.info.run_id for one in deleted], [id])
        self.client.restore_run(id)
        self.client.log_metric(id, "m", 1)

    def test_search(self):
        for n in range(6):
            with mlflow.start_run(run_name=f"run {n}"):
                mlflow.log_param("kind", "even" if n % 2 == 0 else "odd")
                mlflow.log_metric("score", n / 10)
                mlflow.set_tag("a.b", f"x{n}")
        here = [self.experiment.experiment_id]

        def names(filter, order=("metrics.score DESC",)):
            return [int(one.info.run_name[-1]) for one in self.client.search_runs(here, filter, order_by=list(order))]

        self.assertEqual(names("metrics.score > 0.2 and params.kind = 'even'"), [4])
        self.assertEqual(names("tags.`a.b` LIKE 'x%' and metrics.score <= 0.1"), [1, 0])
        self.assertEqual(names("tags.`a.b` ILIKE 'X5'"), [5])
        self.assertEqual(names("params.kind != 'even'", ["start_time ASC"]), [1, 3, 5])
        self.assertEqual(names("attributes.run_name = 'run 3'"), [3])
        self.assertEqual(names("attributes.status = 'FINISHED' AND params.none IS NULL"), [5, 4, 3, 2, 1, 0])
        table = mlflow.search_runs(experiment_names=[self.experiment.name], filter_string="metrics.score >= 0.4")
        self.assertEqual(sorted(table["metrics.score"]), [0.4, 0.5])
        pages = []
        token = None
        while True:
            page = self.client.search_runs(here, order_by=["metrics.score ASC"], max_results=4, page_token=token)
            pages.append(len(page))
            token = page.token
            if not token:
                break
        self.assertEqual(pages, [4, 2])
        for wrong in ["metrics.score >", "params.kind = 3", "drop table runs", "metrics.score > 1; select 1"]:
            with self.refuses("INVALID_PARAMETER_VALUE"):
                self.client.search_runs(here, wrong)

    def test_datasets(self):
        frame = pd.DataFrame({"x": [1, 2, 3], "y": [0, 1, 0]})
        dataset = mlflow.data.from_pandas(frame, source="https://example.com/data.csv", name="tiny", targets="y")
        with mlflow.start_run() as run:
            mlflow.log_input(dataset, context="training", tags={"origin": "made"})
        [used] = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
        self.assertEqual((used.dataset.name, used.dataset.digest), ("tiny", dataset.digest))
        self.assertIn("example.com/data.csv", used.dataset.source)
        self.assertIn('"mlflow_colspec"', used.dataset.schema)
        self.assertEqual({tag.key: tag.value for tag in used.tags}, {"mlflow.data.context": "training", "origin": "made"})
        found = self.client.search_runs([self.experiment.experiment_id], "dataset.name = 'tiny' and dataset.context = 'training'")
        self.assertEqual([one.info.run_id for one in found], [run.info.run_id])
        again = mlflow.data.get_source(used)
        self.assertEqual(again.url, "https://example.com/data.csv")


class Artifacts(Case):
    def test_tree(self):
        os.makedirs(os.path.join(self.folder, "sub", "deep"))
        for name in ["a.txt", "sub/b.txt", "sub/deep/ü c.txt"]:
            self.write(name, f"content of {name}")
        with mlflow.start_run() as run:
            mlflow.log_artifacts(self.folder, "out")
            mlflow.log_artifact(os.path.join(self.folder, "a.txt"))
            mlflow.log_text("hello", "texts/hello.txt")
            mlflow.log_dict({"a": [1, 2]}, "config.json")
        id = run.info.run_id
        top = self.client.list_artifacts(id)
        self.assertEqual([(one.path, one.is_dir) for one in top], [("a.txt", False), ("config.json", False), ("out", True), ("texts", True)])
        below = self.client.list_artifacts(id, "out")
        self.assertEqual([(one.path, one.file_size) for one in below], [("out/a.txt", 16), ("out/sub", None)])
        self.assertEqual(self.client.list_artifacts(id, "a.txt"), [])
        target = os.path.join(self.folder, "target")
        os.makedirs(target)
        path = self.client.download_artifacts(id, "out", target)
        with open(os.path.join(path, "sub", "deep", "ü c.txt"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "content of sub/deep/ü c.txt")
        self.assertEqual(mlflow.artifacts.load_text(f"runs:/{id}/texts/hello.txt"), "hello")
        self.assertEqual(mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/config.json"), {"a": [1, 2]})

    def test_replaced_and_deleted(self):
        with mlflow.start_run() as run:
            mlflow.log_text("one", "f.txt")
            mlflow.log_text("two", "f.txt")
        self.assertEqual(mlflow.artifacts.load_text(f"{run.info.artifact_uri}/f.txt"), "two")
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        get_artifact_repository(run.info.artifact_uri).delete_artifacts("f.txt")
        self.assertEqual(self.client.list_artifacts(run.info.run_id), [])

    def test_large_file(self):
        path = os.path.join(self.folder, "large.bin")
        block = os.urandom(1024 * 1024)
        with open(path, "wb") as file:
            for _ in range(48):
                file.write(block)
        with mlflow.start_run() as run:
            mlflow.log_artifact(path)
        back = self.client.download_artifacts(run.info.run_id, "large.bin", self.folder + "/..")
        self.addCleanup(os.remove, back)
        self.assertEqual(os.path.getsize(back), 48 * 1024 * 1024)
        with open(back, "rb") as file:
            file.seek(47 * 1024 * 1024)
            self.assertEqual(file.read(), block)

    def test_missing(self):
        with mlflow.start_run() as run:
            pass
        with self.assertRaises(Exception):
            self.client.download_artifacts(run.info.run_id, "nothing.txt", self.folder)


class Keys(Case):
    def test_a_wrong_token(self):
        with as_key("bz_not_a_key"), self.refuses("UNAUTHENTICATED") as refused:
            self.client.search_experiments()
        self.assertIn("not known", refused.message)

    def test_a_reader_may_read_only(self):
        with as_key(os.environ["BARTIZAN_READER_TOKEN"]):
            self.assertEqual(self.client.get_experiment("0").name, "Default")
            for act in [
                lambda: self.client.create_experiment(unique("reader")),
                lambda: self.client.create_run("0"),
                lambda: self.client.create_registered_model(unique("reader")),
                lambda: self.client.delete_experiment(self.experiment.experiment_id),
            ]:
                with self.refuses("PERMISSION_DENIED"):
                    act()

    def test_a_writer_may_not_delete(self):
        with as_key(os.environ["BARTIZAN_WRITER_TOKEN"]):
            run = self.client.create_run(self.experiment.experiment_id)
            with self.refuses("PERMISSION_DENIED"):
                self.client.delete_run(run.info.run_id)

    def test_what_is_not_offered_says_so(self):
        from mlflow.utils.credentials import get_default_host_creds
        from mlflow.utils.rest_utils import http_request, verify_rest_response

        creds = get_default_host_creds(mlflow.get_tracking_uri())
        for method, path in [("POST", "/api/3.0/mlflow/traces"), ("GET", "/api/2.0/mlflow/gateway/routes"), ("GET", "/ajax-api/2.0/mlflow/jobs/x")]:
            with self.refuses("ENDPOINT_NOT_FOUND"):
                verify_rest_response(http_request(creds, path, method, max_retries=0), path)
