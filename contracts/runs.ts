import { z } from 'zod';
import { CursorQuery, Empty, Id, Instant, pageOf } from './common.ts';
import { defineRoute } from './route.ts';

/** Values that JSON has no number for go by name. */
export const MetricValue = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]);
export type MetricValue = z.infer<typeof MetricValue>;

export const RunStatus = z.enum(['running', 'scheduled', 'finished', 'failed', 'killed']);
export type RunStatus = z.infer<typeof RunStatus>;

/** What was deleted stays, and can be restored. */
export const KeptState = z.enum(['active', 'deleted']);
export type KeptState = z.infer<typeof KeptState>;
const StateFilter = z.enum(['active', 'deleted', 'all']).default('active');

const Tags = z.record(z.string(), z.string());

export const Experiment = z.object({
  id: Id,
  name: z.string(),
  description: z.string(),
  state: KeptState,
  tags: Tags,
  /** Runs that are not deleted. */
  runs: z.number().int().nonnegative(),
  lastRunAt: Instant.nullable(),
  /** The team that it belongs to; null is everybody's. */
  teamId: Id.nullable(),
  createdBy: z.string(),
  createdAt: Instant,
  updatedAt: Instant,
});
export type Experiment = z.infer<typeof Experiment>;

/** The latest value: of the highest step, then of the latest instant, then the largest. */
export const RunMetric = z.object({
  key: z.string(),
  value: MetricValue,
  step: z.number().int(),
  at: Instant,
});
export type RunMetric = z.infer<typeof RunMetric>;

export const RunSummary = z.object({
  id: Id,
  name: z.string(),
  experiment: z.object({ id: Id, name: z.string() }),
  status: RunStatus,
  state: KeptState,
  /** Who ran it, as the client says. */
  user: z.string(),
  startedAt: Instant,
  endedAt: Instant.nullable(),
  /** Of a nested run. */
  parentId: Id.nullable(),
  metrics: z.array(RunMetric),
  params: z.array(z.object({ key: z.string(), value: z.string() })),
  tags: Tags,
});
export type RunSummary = z.infer<typeof RunSummary>;

/** A dataset as a run used it; `context` says for what (training, validation). */
export const RunDataset = z.object({
  name: z.string(),
  digest: z.string(),
  context: z.string(),
  sourceType: z.string(),
  source: z.string(),
  /** JSON as the client described columns and figures; null where it did not. */
  schema: z.string().nullable(),
  profile: z.string().nullable(),
});
export type RunDataset = z.infer<typeof RunDataset>;

/** A version in the registry that was made from a run or from a model that it logged. */
export const RunVersion = z.object({
  modelId: Id,
  model: z.string(),
  versionId: Id,
  version: z.number().int(),
});
export type RunVersion = z.infer<typeof RunVersion>;

/** A model as it was logged, before or without being registered. */
export const RunModel = z.object({
  id: Id,
  name: z.string(),
  type: z.string(),
  status: z.enum(['pending', 'ready', 'failed']),
  statusMessage: z.string(),
  /** Null where the run did not say at which step. */
  step: z.number().int().nullable(),
  files: z.number().int().nonnegative(),
  sizeBytes: z.number().int().nonnegative(),
  params: z.array(z.object({ key: z.string(), value: z.string() })),
  metrics: z.array(RunMetric),
  tags: Tags,
  createdAt: Instant,
  versions: z.array(RunVersion),
});
export type RunModel = z.infer<typeof RunModel>;

export const RunDetail = RunSummary.extend({
  teamId: Id.nullable(),
  createdBy: z.string(),
  datasets: z.array(RunDataset),
  /** Models that the run made. */
  models: z.array(RunModel),
  /** Models that the run started from. */
  inputModels: z.array(z.object({ id: Id, name: z.string() })),
  versions: z.array(RunVersion),
  children: z.array(z.object({ id: Id, name: z.string(), status: RunStatus })),
  artifacts: z.object({ files: z.number().int().nonnegative(), sizeBytes: z.number().int().nonnegative() }),
});
export type RunDetail = z.infer<typeof RunDetail>;

/** `path` is the whole path below the run or model; `sha256` is absent of folders. */
export const ArtifactEntry = z.object({
  path: z.string(),
  folder: z.boolean(),
  sizeBytes: z.number().int().nonnegative(),
  sha256: z.string().optional(),
});
export type ArtifactEntry = z.infer<typeof ArtifactEntry>;

const Params = z.object({ id: Id });
/** `model`: of this model that the run logged, instead of the run itself. */
const OfRoot = z.object({ model: Id.optional(), path: z.string().max(1_000).default('') });

export const runRoutes = {
  listExperiments: defineRoute({
    id: 'experiments.list',
    method: 'GET',
    path: '/api/v1/experiments',
    summary: 'Experiments, newest first',
    access: 'models.read',
    query: CursorQuery.extend({ state: StateFilter, q: z.string().max(200).optional() }),
    response: pageOf(Experiment),
  }),
  getExperiment: defineRoute({
    id: 'experiments.get',
    method: 'GET',
    path: '/api/v1/experiments/:id',
    summary: 'One experiment',
    access: 'models.read',
    params: Params,
    response: Experiment,
  }),
  deleteExperiment: defineRoute({
    id: 'experiments.delete',
    method: 'DELETE',
    path: '/api/v1/experiments/:id',
    summary: 'Delete an experiment with its runs; both can be restored',
    access: 'models.manage',
    params: Params,
    response: Empty,
  }),
  restoreExperiment: defineRoute({
    id: 'experiments.restore',
    method: 'POST',
    path: '/api/v1/experiments/:id/restore',
    summary: 'Restore a deleted experiment',
    access: 'models.manage',
    params: Params,
    response: Empty,
  }),
  list: defineRoute({
    id: 'runs.list',
    method: 'GET',
    path: '/api/v1/runs',
    summary: 'Runs, newest first unless ordered otherwise',
    access: 'models.read',
    query: CursorQuery.extend({
      cursor: z.string().max(4_000).optional(),
      experiment: Id.optional(),
      state: StateFilter,
      /** MLflow's filter, e.g. `metrics.accuracy > 0.9 and params.depth = '3'`. */
      filter: z.string().max(5_000).optional(),
      /** MLflow's order, e.g. `metrics.accuracy desc`. */
      order: z.string().max(600).optional(),
    }),
    response: pageOf(RunSummary),
  }),
  get: defineRoute({
    id: 'runs.get',
    method: 'GET',
    path: '/api/v1/runs/:id',
    summary: 'One run: parameters, latest metrics, tags, datasets, models',
    access: 'models.read',
    params: Params,
    response: RunDetail,
  }),
  delete: defineRoute({
    id: 'runs.delete',
    method: 'DELETE',
    path: '/api/v1/runs/:id',
    summary: 'Delete a run; it can be restored',
    access: 'models.manage',
    params: Params,
    response: Empty,
  }),
  restore: defineRoute({
    id: 'runs.restore',
    method: 'POST',
    path: '/api/v1/runs/:id/restore',
    summary: 'Restore a deleted run',
    access: 'models.manage',
    params: Params,
    response: Empty,
  }),
  metricHistory: defineRoute({
    id: 'runs.metricHistory',
    method: 'GET',
    path: '/api/v1/runs/:id/metrics',
    summary: 'Every value that a metric of a run had, in order of step and time',
    access: 'models.read',
    params: Params,
    query: z.object({
      key: z.string().min(1).max(250),
      cursor: z.string().max(4_000).optional(),
      limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
    }),
    response: pageOf(RunMetric.omit({ key: true })),
  }),
  artifacts: defineRoute({
    id: 'runs.artifacts',
    method: 'GET',
    path: '/api/v1/runs/:id/artifacts',
    summary: 'Files and folders of a run, or of a model that it logged, below a path',
    access: 'models.read',
    params: Params,
    query: OfRoot,
    response: z.object({ items: z.array(ArtifactEntry) }),
  }),
  artifact: defineRoute({
    id: 'runs.artifact',
    method: 'GET',
    path: '/api/v1/runs/:id/artifacts/file',
    summary: 'The bytes of one file of a run, or of a model that it logged',
    access: 'models.download',
    params: Params,
    query: OfRoot.extend({ path: z.string().min(1).max(1_000) }),
    streams: 'application/octet-stream',
  }),
} as const;
