import type {
  Experiment,
  MetricValue,
  RunDetail,
  RunModel,
  RunSummary,
  RunVersion,
} from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import type { RegistryParts } from '../parts.ts';
import type {
  Metric,
  Pair,
  Point,
  RunData,
  StoredExperiment,
  StoredLoggedModel,
  StoredRun,
} from './model.ts';
import { teamInReach } from './reach.ts';
import { RUN } from './run-store.ts';

const PARENT_TAG = 'mlflow.parentRunId';
const NOTE_TAG = 'mlflow.note.content';
const MAX_CHILDREN = 500;

const NAMES = { NaN: 'NaN', Infinity: 'Infinity', '-Infinity': '-Infinity' } as const;
const valueOf = (value: number): MetricValue =>
  Number.isFinite(value) ? value : NAMES[String(value) as keyof typeof NAMES];

export const showPoint = ({ value, step, at }: Point) => ({ value: valueOf(value), step, at });
const showMetric = (metric: Metric) => ({ key: metric.key, ...showPoint(metric) });
const recordOf = (tags: readonly Pair[]): Record<string, string> =>
  Object.fromEntries(tags.map(({ key, value }) => [key, value]));

const UUID_HEX = /^[0-9a-f]{32}$/;
/** The parent of a nested run, as clients tag it; null where the tag says nothing that can be one. */
function parentOf(tags: readonly Pair[]): string | null {
  const hex = tags.find(({ key }) => key === PARENT_TAG)?.value ?? '';
  if (!UUID_HEX.test(hex)) return null;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const NO_DATA: RunData = { metrics: [], params: [], tags: [] };

export function showRun(run: StoredRun, data: RunData = NO_DATA): RunSummary {
  return {
    id: run.id,
    name: run.name,
    experiment: { id: run.experimentId, name: run.experimentName },
    status: run.status,
    state: run.deletedAt !== null || run.experimentDeleted ? 'deleted' : 'active',
    user: run.userName,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    parentId: parentOf(data.tags),
    metrics: data.metrics.map(showMetric),
    params: [...data.params],
    tags: recordOf(data.tags),
  };
}

/** Experiments with how many runs they have. */
export async function showExperiments(
  database: Database,
  experiments: readonly StoredExperiment[],
): Promise<Experiment[]> {
  const { rows } = await sql<{ id: string; runs: number; lastRunAt: number | null }>`
    select experiment_id as id, count(*) as runs, max(started_at) as "lastRunAt" from runs
    where experiment_id = any(${experiments.map(({ id }) => id)}::uuid[]) and deleted_at is null
    group by experiment_id`.execute(database);
  const counts = new Map(rows.map((row) => [row.id, row]));
  return experiments.map((experiment) => ({
    id: experiment.id,
    name: experiment.name,
    description: experiment.tags[NOTE_TAG] ?? '',
    state: experiment.deletedAt === null ? 'active' : 'deleted',
    tags: { ...experiment.tags },
    runs: counts.get(experiment.id)?.runs ?? 0,
    lastRunAt: counts.get(experiment.id)?.lastRunAt ?? null,
    teamId: experiment.teamId,
    createdBy: experiment.createdBy,
    createdAt: experiment.createdAt,
    updatedAt: experiment.updatedAt,
  }));
}

interface MadeVersion extends RunVersion {
  readonly runId: string | null;
  readonly loggedModelId: string | null;
}

/** Versions in the viewer's reach that were made from a run or from models that it logged. */
async function versionsOf(
  database: Database,
  viewer: Viewer,
  runId: string,
  loggedIds: readonly string[],
): Promise<readonly MadeVersion[]> {
  const { rows } =
    await sql<MadeVersion>`select v.model_id as "modelId", m.name as model, v.id as "versionId",
      v.version, v.run_id as "runId", v.logged_model_id as "loggedModelId"
    from model_versions v join models m on m.id = v.model_id
    where (v.run_id = ${runId} or v.logged_model_id = any(${[...loggedIds]}::text[]))
      and v.removed_at is null and m.removed_at is null and ${teamInReach(viewer, sql`m.team_id`)}
    order by m.name, v.version limit 1000`.execute(database);
  return rows;
}

const plain = ({ modelId, model, versionId, version }: MadeVersion): RunVersion => ({
  modelId,
  model,
  versionId,
  version,
});

type Parts = Pick<RegistryParts, 'database' | 'runs' | 'loggedModels' | 'artifacts'>;

async function showModels(
  { loggedModels, artifacts }: Parts,
  models: readonly StoredLoggedModel[],
  steps: ReadonlyMap<string, number | null>,
  versions: readonly MadeVersion[],
): Promise<RunModel[]> {
  const data = await loggedModels.dataOf(models.map(({ id }) => id));
  return await Promise.all(
    models.map(async (model): Promise<RunModel> => {
      const known = data.get(model.id);
      return {
        id: model.id,
        name: model.name,
        type: model.type,
        status: model.status,
        statusMessage: model.statusMessage,
        step: steps.get(model.id) ?? null,
        ...(await artifacts.totals({ kind: 'model', id: model.id })),
        params: [...(known?.params ?? [])],
        metrics: (known?.metrics ?? []).map(showMetric),
        tags: recordOf(known?.tags ?? []),
        createdAt: model.createdAt,
        versions: versions.filter(({ loggedModelId }) => loggedModelId === model.id).map(plain),
      };
    }),
  );
}

async function childrenOf(database: Database, viewer: Viewer, runId: string): Promise<readonly StoredRun[]> {
  const { rows } = await sql<StoredRun>`select ${RUN} from run_tags t join runs r on r.id = t.run_id
    join experiments e on e.id = r.experiment_id
    where t.key = ${sql.lit(PARENT_TAG)} and t.value = ${runId.replaceAll('-', '')} and r.deleted_at is null
      and ${teamInReach(viewer, sql`e.team_id`)}
    order by r.started_at, r.id limit ${MAX_CHILDREN}`.execute(database);
  return rows;
}

/** All that is known of a run. Throws `not_found` for what is not in reach. */
export async function showRunDetail(parts: Parts, viewer: Viewer, id: string): Promise<RunDetail> {
  const { database, runs, loggedModels, artifacts } = parts;
  const run = await runs.get(viewer, id);
  const [data, links, models, children, totals] = await Promise.all([
    runs.dataOf([id]),
    runs.linksOf([id]),
    loggedModels.ofRun(id),
    childrenOf(database, viewer, id),
    artifacts.totals({ kind: 'run', id }),
  ]);
  const { datasets = [], inputs = [], outputs = [] } = links.get(id) ?? {};
  const versions = await versionsOf(
    database,
    viewer,
    id,
    models.map((model) => model.id),
  );
  const steps = new Map(outputs.map(({ modelId, step }) => [modelId, step]));
  const started = await Promise.all(
    inputs.map(({ modelId }) => loggedModels.get(viewer, modelId).catch(() => null)),
  );
  return {
    ...showRun(run, data.get(id)),
    teamId: run.teamId,
    createdBy: run.createdBy,
    datasets: [...datasets],
    models: await showModels(parts, models, steps, versions),
    inputModels: started.flatMap((model) => (model === null ? [] : [{ id: model.id, name: model.name }])),
    versions: versions.map(plain),
    children: children.map((child) => ({ id: child.id, name: child.name, status: child.status })),
    artifacts: totals,
  };
}
