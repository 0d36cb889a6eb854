"""The client's whole API of registered models and versions."""

import mlflow

from common import Case, unique


class Registry(Case):
    def setUp(self):
        super().setUp()
        self.name = unique("model")
        with mlflow.start_run() as run:
            mlflow.log_text("weights", "files/weights.txt")
            mlflow.log_metric("accuracy", 0.75)
        self.run = run

    def version(self, name=None, **options):
        return self.client.create_model_version(
            name or self.name, f"runs:/{self.run.info.run_id}/files", run_id=self.run.info.run_id, **options
        )

    def test_models(self):
        made = self.client.create_registered_model(self.name, tags={"a": "1"}, description="first")
        self.assertEqual((made.name, made.description, made.tags), (self.name, "first", {"a": "1"}))
        with self.refuses("RESOURCE_ALREADY_EXISTS"):
            self.client.create_registered_model(self.name)
        self.client.update_registered_model(self.name, description="second")
        self.client.set_registered_model_tag(self.name, "b", "2")
        self.client.delete_registered_model_tag(self.name, "a")
        found = self.client.get_registered_model(self.name)
        self.assertEqual((found.description, found.tags), ("second", {"b": "2"}))
        self.client.rename_registered_model(self.name, self.name + " renamed")
        renamed = self.client.get_registered_model(self.name + " renamed")
        with self.refuses("RESOURCE_DOES_NOT_EXIST"):
            self.client.get_registered_model(self.name)
        self.client.delete_registered_model(renamed.name)
        with self.refuses("RESOURCE_DOES_NOT_EXIST"):
            self.client.get_registered_model(renamed.name)

    def test_versions(self):
        self.client.create_registered_model(self.name)
        one = self.version(description="v", tags={"t": "1"})
        two = self.version()
        self.assertEqual((one.version, two.version), ("1", "2"))
        self.assertEqual((one.status, one.current_stage, one.run_id), ("READY", "None", self.run.info.run_id))
        self.client.update_model_version(self.name, "1", "changed")
        self.client.set_model_version_tag(self.name, "1", "u", "2")
        self.client.delete_model_version_tag(self.name, "1", "t")
        found = self.client.get_model_version(self.name, "1")
        self.assertEqual((found.description, found.tags), ("changed", {"u": "2"}))
        uri = self.client.get_model_version_download_uri(self.name, "1")
        self.assertEqual(mlflow.artifacts.load_text(uri + "/weights.txt"), "weights")
        self.client.delete_model_version(self.name, "2")
        with self.refuses("RESOURCE_DOES_NOT_EXIST"):
            self.client.get_model_version(self.name, "2")
        self.assertEqual(self.version().version, "3")

    def test_aliases(self):
        self.client.create_registered_model(self.name)
        self.version()
        self.version()
        self.client.set_registered_model_alias(self.name, "champion", "1")
        self.client.set_registered_model_alias(self.name, "challenger", "2")
        self.assertEqual(self.client.get_model_version_by_alias(self.name, "champion").version, "1")
        self.client.set_registered_model_alias(self.name, "champion", "2")
        self.assertEqual(self.client.get_model_version_by_alias(self.name, "champion").version, "2")
        self.assertEqual(sorted(self.client.get_model_version(self.name, "2").aliases), ["challenger", "champion"])
        self.assertEqual(self.client.get_registered_model(self.name).aliases, {"challenger": "2", "champion": "2"})
        self.client.delete_registered_model_alias(self.name, "champion")
        with self.refuses("RESOURCE_DOES_NOT_EXIST"):
            self.client.get_model_version_by_alias(self.name, "champion")
        with self.refuses("RESOURCE_DOES_NOT_EXIST"):
            self.client.set_registered_model_alias(self.name, "x", "9")

    def test_stages(self):
        self.client.create_registered_model(self.name)
        self.version()
        self.version()
        self.client.transition_model_version_stage(self.name, "1", "Production")
        moved = self.client.transition_model_version_stage(self.name, "2", "production", archive_existing_versions=True)
        self.assertEqual(moved.current_stage, "Production")
        self.assertEqual(self.client.get_model_version(self.name, "1").current_stage, "Archived")
        latest = self.client.get_latest_versions(self.name, ["Production"])
        self.assertEqual([one.version for one in latest], ["2"])
        self.assertEqual(sorted(one.version for one in self.client.get_latest_versions(self.name)), ["1", "2"])
        with self.refuses("INVALID_PARAMETER_VALUE"):
            self.client.transition_model_version_stage(self.name, "1", "Nowhere")
        with self.refuses("INVALID_PARAMETER_VALUE"):
            self.client.delete_model_version(self.name, "2")

    def test_search(self):
        names = sorted(self.name + suffix for suffix in [" a", " b", " c"])
        for name in names:
            self.client.create_registered_model(name, tags={"mark": self.name})
        self.version(names[0], tags={"k": "v"})
        self.version(names[0])
        found = self.client.search_registered_models(f"tags.mark = '{self.name}'", order_by=["name DESC"])
        self.assertEqual([one.name for one in found], names[::-1])
        self.assertEqual([one.name for one in self.client.search_registered_models(f"name ILIKE '{names[1].upper()}'")], [names[1]])
        pages, token = [], None
        while True:
            page = self.client.search_registered_models(f"tags.mark = '{self.name}'", max_results=2, page_token=token)
            pages.append(len(page))
            token = page.token
            if not token:
                break
        self.assertEqual(pages, [2, 1])
        self.assertIn(names[0], [one.name for one in mlflow.search_registered_models()])
        versions = self.client.search_model_versions(f"name = '{names[0]}'", order_by=["version_number ASC"])
        self.assertEqual([one.version for one in versions], ["1", "2"])
        by_run = self.client.search_model_versions(f"run_id = '{self.run.info.run_id}' and tags.k = 'v'")
        self.assertEqual([one.version for one in by_run], ["1"])

    def test_sources_that_are_not_ours(self):
        self.client.create_registered_model(self.name)
        sources = [
            "file:///etc/passwd",
            "/etc",
            "s3://bucket/model",
            "http://127.0.0.1:9/x",
            "mlflow-artifacts://evil.example/0/x/artifacts",
            "mlflow-artifacts:/../../../etc",
            "mlflow-artifacts:/0/%2e%2e/artifacts",
            "runs:/nope/model",
            f"runs:/{self.run.info.run_id}/../x",
            f"{self.run.info.artifact_uri}/..%2f..%2fx",
            "models:/m-00000000000000000000000000000000/../x",
        ]
        for source in sources:
            with self.refuses("INVALID_PARAMETER_VALUE"):
                self.client.create_model_version(self.name, source)
        with self.refuses("RESOURCE_DOES_NOT_EXIST"):
            self.client.create_model_version(self.name, "models:/m-00000000000000000000000000000000")
        self.assertEqual(len(self.client.search_model_versions(f"name = '{self.name}'")), 0)

    def test_missing(self):
        with self.refuses("RESOURCE_DOES_NOT_EXIST"):
            self.client.get_registered_model(unique("missing"))
        with self.refuses("RESOURCE_DOES_NOT_EXIST"):
            self.client.get_model_version(unique("missing"), "1")
        with self.refuses("RESOURCE_DOES_NOT_EXIST"):
            self.version(unique("missing"))
