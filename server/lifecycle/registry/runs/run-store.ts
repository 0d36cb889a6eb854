import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import {
  type DatasetUse,
  invalid,
  type Metric,
  type ModelUse,
  noSuchRun,
  type Pair,
  type RunData,
  type RunLinks,
  type StoredRun,
} from './model.ts';
import { teamInReach } from './reach.ts';

/** Of runs `r` of experiments `e`. */
export const RUN = sql`r.id, r.experiment_id as "experimentId", e.name as "experimentName",
  e.deleted_at is not null as "experimentDeleted", e.team_id as "teamId", r.name, r.user_name as "userName",
  r.status, r.started_at as "startedAt", r.ended_at as "endedAt", r.deleted_at as "deletedAt",
  r.created_by as "createdBy"`;

/** Throws `not_found` for what is not in reach as for what never was. */
export async function getRun(database: Database, viewer: Viewer, id: string): Promise<StoredRun> {
  const { rows } = await sql<StoredRun>`select ${RUN} from runs r join experiments e on e.id = r.experiment_id
    where r.id = ${id}::uuid and ${teamInReach(viewer, sql`e.team_id`)}`.execute(database);
  const [run] = rows;
  if (!run) throw noSuchRun();
  return run;
}

/** As {@link getRun}, of a run that takes changes. */
export async function getActiveRun(database: Database, viewer: Viewer, id: string): Promise<StoredRun> {
  const run = await getRun(database, viewer, id);
  if (run.deletedAt === null && !run.experimentDeleted) return run;
  throw invalid('the run was deleted, and takes nothing any more', 'Restore it first.');
}

function grouped<T>(rows: readonly (T & { readonly owner: string })[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const { owner, ...row } of rows) {
    const group = groups.get(owner);
    if (group) group.push(row as unknown as T);
    else groups.set(owner, [row as unknown as T]);
  }
  return groups;
}

/** Latest metrics, params and tags of runs, by run, each in the order of its keys. */
export async function dataOf(database: Database, ids: readonly string[]): Promise<Map<string, RunData>> {
  const of = sql`run_id = any(${[...ids]}::uuid[])`;
  const [metrics, params, tags] = await Promise.all([
    sql<Metric & { owner: string }>`select run_id as owner, key, value, step, at from run_latest_metrics
      where ${of} order by key`.execute(database),
    sql<Pair & { owner: string }>`select run_id as owner, key, value from run_params where ${of}
      order by key`.execute(database),
    sql<Pair & { owner: string }>`select run_id as owner, key, value from run_tags where ${of}
      order by key`.execute(database),
  ]);
  const byMetric = grouped<Metric>(metrics.rows);
  const byParam = grouped<Pair>(params.rows);
  const byTag = grouped<Pair>(tags.rows);
  return new Map(
    ids.map((id) => [
      id,
      { metrics: byMetric.get(id) ?? [], params: byParam.get(id) ?? [], tags: byTag.get(id) ?? [] },
    ]),
  );
}

/** Datasets and models that runs used and made, by run. */
export async function linksOf(database: Database, ids: readonly string[]): Promise<Map<string, RunLinks>> {
  const [datasets, models] = await Promise.all([
    sql<DatasetUse & { owner: string }>`select u.run_id as owner, d.name, d.digest,
        d.source_type as "sourceType", d.source, d.schema, d.profile, u.context, u.tags
      from run_datasets u join datasets d on d.id = u.dataset_id where u.run_id = any(${[...ids]}::uuid[])
      order by d.name, d.digest`.execute(database),
    sql<ModelUse & { owner: string; direction: 'input' | 'output' }>`select run_id as owner,
        model_id as "modelId", step, direction
      from run_models where run_id = any(${[...ids]}::uuid[]) order by step nulls first, model_id`.execute(
      database,
    ),
  ]);
  const byDataset = grouped<DatasetUse>(datasets.rows);
  const byInput = grouped<ModelUse>(models.rows.filter(({ direction }) => direction === 'input'));
  const byOutput = grouped<ModelUse>(models.rows.filter(({ direction }) => direction === 'output'));
  return new Map(
    ids.map((id) => [
      id,
      {
        datasets: byDataset.get(id) ?? [],
        inputs: byInput.get(id) ?? [],
        outputs: byOutput.get(id) ?? [],
      },
    ]),
  );
}
