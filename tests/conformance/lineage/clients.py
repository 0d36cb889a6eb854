"""The unmodified clients of OpenLineage and MLflow tell a Bartizan what a run read: `clients.py NAME ROOT`."""

import json
import sys
from datetime import datetime, timezone
from uuid import uuid4

NAME, ROOT = sys.argv[1:3]


def openlineage():
    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
    from openlineage.client.facet_v2 import datasource_dataset, schema_dataset
    from openlineage.client.facet_v2 import dataset_version_dataset as versions

    # The address and the key come from OPENLINEAGE_URL and OPENLINEAGE_API_KEY.
    client = OpenLineageClient()
    run, job = Run(runId=str(uuid4())), Job(namespace="nightly", name="clean")
    facets = {
        "version": versions.DatasetVersionDatasetFacet(datasetVersion="1"),
        "schema": schema_dataset.SchemaDatasetFacet(fields=[schema_dataset.SchemaDatasetFacetFields(name="id", type="int")]),
        "dataSource": datasource_dataset.DatasourceDatasetFacet(name="lake", uri="s3://lake"),
    }
    inputs = [InputDataset(namespace="bartizan", name=NAME, facets=facets)]
    outputs = [OutputDataset(namespace="s3://lake", name="clean/loans")]
    for state in (RunState.START, RunState.COMPLETE):
        client.emit(
            RunEvent(
                eventType=state,
                eventTime=datetime.now(timezone.utc).isoformat(),
                run=run,
                job=job,
                inputs=inputs,
                outputs=outputs,
                producer="https://example.test/clients.py",
            )
        )
    client.close()
    return run.runId


def tracking():
    import mlflow
    from mlflow.data.http_dataset_source import HTTPDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    # The address and the key come from MLFLOW_TRACKING_URI and MLFLOW_TRACKING_TOKEN.
    runs = {}
    by_digest = MetaDataset(HTTPDatasetSource("https://example.test/a.csv"), name=NAME, digest=ROOT[:12])
    by_address = MetaDataset(HTTPDatasetSource(f"bartizan://datasets/{NAME}/versions/1"), name="elsewhere")
    for how, dataset in (("digest", by_digest), ("address", by_address)):
        with mlflow.start_run(run_name=f"by {how}") as run:
            mlflow.log_input(dataset, context="training")
            runs[how] = run.info.run_id
    return runs


print(json.dumps({"openlineage": openlineage(), **tracking()}))
