import type {
  DatasetInputIn,
  ExperimentOut,
  LoggedModelOut,
  MetricIn,
  MetricOut,
  RunInfoOut,
  RunOut,
} from '@bartizan/contracts';
import type { DatasetDescription } from '../runs/inputs.ts';
import type {
  LoggedMetric,
  LoggedModelData,
  LoggedModelStatus,
  Metric,
  ModelMetric,
  Pair,
  Point,
  RunData,
  RunLinks,
  RunStatus,
  StoredExperiment,
  StoredLoggedModel,
  StoredRun,
} from '../runs/model.ts';
import { experimentToWire, modelFromWire, modelToWire, toHex } from './ids.ts';
import { experimentUri, loggedModelUri, runUri } from './uris.ts';

const NAMES = { NaN: 'NaN', Infinity: 'Infinity', '-Infinity': '-Infinity' } as const;

/** A double as JSON of protobuf has it: what is no number by name. */
export const doubleToWire = (value: number): MetricOut['value'] =>
  Number.isFinite(value) ? value : NAMES[String(value) as keyof typeof NAMES];

export const pointToWire = (key: string, { value, step, at }: Point): MetricOut => ({
  key,
  value: doubleToWire(value),
  timestamp: at,
  step,
});
export const metricToWire = (metric: Metric): MetricOut => pointToWire(metric.key, metric);
const modelMetricToWire = (modelId: string, metric: ModelMetric): MetricOut => ({
  ...metricToWire(metric),
  model_id: modelToWire(modelId),
  run_id: toHex(metric.runId),
  ...(metric.datasetName === '' ? {} : { dataset_name: metric.datasetName }),
  ...(metric.datasetDigest === '' ? {} : { dataset_digest: metric.datasetDigest }),
});

/** A metric without an instant is of now. */
export const metricFromWire = (metric: MetricIn, nowMs: number): LoggedMetric => ({
  key: metric.key,
  value: metric.value,
  at: metric.timestamp ?? nowMs,
  step: metric.step ?? 0,
  modelId: metric.model_id ? modelFromWire(metric.model_id) : undefined,
  datasetName: metric.dataset_name,
  datasetDigest: metric.dataset_digest,
});

export const datasetFromWire = ({ tags, dataset }: DatasetInputIn): DatasetDescription => ({
  name: dataset.name,
  digest: dataset.digest,
  sourceType: dataset.source_type,
  source: dataset.source,
  schema: dataset.schema ?? null,
  profile: dataset.profile ?? null,
  tags,
});

const pairs = (record: Readonly<Record<string, string>>): Pair[] =>
  Object.entries(record).map(([key, value]) => ({ key, value }));

const stageOf = (deleted: boolean): string => (deleted ? 'deleted' : 'active');

export const experimentOut = (experiment: StoredExperiment): ExperimentOut => ({
  experiment_id: experimentToWire(experiment.id),
  name: experiment.name,
  artifact_location: experimentUri(experiment.id),
  lifecycle_stage: stageOf(experiment.deletedAt !== null),
  creation_time: experiment.createdAt,
  last_update_time: experiment.updatedAt,
  tags: pairs(experiment.tags),
});

export const runStatusFromWire = (status: string): RunStatus => status.toLowerCase() as RunStatus;

export const runInfoOut = (run: StoredRun): RunInfoOut => ({
  run_id: toHex(run.id),
  run_uuid: toHex(run.id),
  run_name: run.name,
  experiment_id: experimentToWire(run.experimentId),
  user_id: run.userName,
  status: run.status.toUpperCase(),
  start_time: run.startedAt,
  ...(run.endedAt === null ? {} : { end_time: run.endedAt }),
  artifact_uri: runUri(run.experimentId, run.id),
  lifecycle_stage: stageOf(run.deletedAt !== null || run.experimentDeleted),
});

export const runOut = (run: StoredRun, data: RunData | undefined, links: RunLinks | undefined): RunOut => ({
  info: runInfoOut(run),
  data: {
    metrics: (data?.metrics ?? []).map(metricToWire),
    params: [...(data?.params ?? [])],
    tags: [...(data?.tags ?? [])],
  },
  inputs: {
    dataset_inputs: (links?.datasets ?? []).map(
      ({ tags, name, digest, sourceType, source, schema, profile }) => ({
        tags: [...tags],
        dataset: {
          name,
          digest,
          source_type: sourceType,
          source,
          ...(schema === null ? {} : { schema }),
          ...(profile === null ? {} : { profile }),
        },
      }),
    ),
    model_inputs: (links?.inputs ?? []).map(({ modelId }) => ({ model_id: modelToWire(modelId) })),
  },
  outputs: {
    model_outputs: (links?.outputs ?? []).map(({ modelId, step }) => ({
      model_id: modelToWire(modelId),
      step: step ?? 0,
    })),
  },
});

const STATUS: Readonly<Record<LoggedModelStatus, string>> = {
  pending: 'LOGGED_MODEL_PENDING',
  ready: 'LOGGED_MODEL_READY',
  failed: 'LOGGED_MODEL_UPLOAD_FAILED',
};

export const loggedModelStatusFromWire = (status: string): LoggedModelStatus =>
  status === STATUS.ready ? 'ready' : status === STATUS.failed ? 'failed' : 'pending';

export const loggedModelOut = (
  model: StoredLoggedModel,
  data: LoggedModelData | undefined,
  registrations: readonly { readonly name: string; readonly version: number }[],
): LoggedModelOut => ({
  info: {
    model_id: modelToWire(model.id),
    experiment_id: experimentToWire(model.experimentId),
    name: model.name,
    creation_timestamp_ms: model.createdAt,
    last_updated_timestamp_ms: model.updatedAt,
    artifact_uri: loggedModelUri(model.experimentId, model.id),
    status: STATUS[model.status],
    ...(model.statusMessage === '' ? {} : { status_message: model.statusMessage }),
    model_type: model.type,
    source_run_id: model.sourceRunId === null ? '' : toHex(model.sourceRunId),
    tags: [...(data?.tags ?? [])],
    registrations: registrations.map(({ name, version }) => ({ name, version: String(version) })),
  },
  data: {
    params: [...(data?.params ?? [])],
    metrics: (data?.metrics ?? []).map((metric) => modelMetricToWire(model.id, metric)),
  },
});
