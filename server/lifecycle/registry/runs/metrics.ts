import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { LoggedMetric, Point } from './model.ts';

/**
 * Which of two points is later: of the higher step, then of the later instant, then the larger; NaN counts as 0
 * there (`SqlAlchemyStore._update_latest_metrics_if_necessary`).
 */
const rank = (of: string) => sql.raw(`(case when ${of}.value = 'NaN'::float8 then 0 else ${of}.value end)`);

/** Adds points to the history of a run, the same point once, and moves the latest values forward. */
export async function logRunMetrics(
  tx: Database,
  runId: string,
  metrics: readonly LoggedMetric[],
): Promise<void> {
  if (metrics.length === 0) return;
  await sql`
    with fresh as (
      select * from unnest(${metrics.map(({ key }) => key)}::text[], ${metrics.map(({ step }) => step)}::bigint[],
        ${metrics.map(({ at }) => at)}::bigint[], ${metrics.map(({ value }) => value)}::float8[])
        as f (key, step, at, value)
    ), kept as (
      insert into run_metrics (run_id, key, step, at, value)
      select ${runId}::uuid, key, step, at, value from fresh order by key, step, at on conflict do nothing
    )
    insert into run_latest_metrics as latest (run_id, key, step, at, value)
    select distinct on (f.key) ${runId}::uuid, f.key, f.step, f.at, f.value from fresh f
    order by f.key, f.step desc, f.at desc, ${rank('f')} desc
    on conflict (run_id, key) do update set step = excluded.step, at = excluded.at, value = excluded.value
    where (excluded.step, excluded.at, ${rank('excluded')}) > (latest.step, latest.at, ${rank('latest')})`.execute(
    tx,
  );
}

/** Latest values of logged models, for each run and dataset. The models are known to be there. */
export async function logModelMetrics(
  tx: Database,
  runId: string,
  metrics: readonly (LoggedMetric & { readonly modelId: string })[],
): Promise<void> {
  if (metrics.length === 0) return;
  await sql`
    with fresh as (
      select * from unnest(${metrics.map(({ modelId }) => modelId)}::uuid[],
        ${metrics.map(({ key }) => key)}::text[], ${metrics.map(({ datasetName }) => datasetName ?? '')}::text[],
        ${metrics.map(({ datasetDigest }) => datasetDigest ?? '')}::text[],
        ${metrics.map(({ step }) => step)}::bigint[], ${metrics.map(({ at }) => at)}::bigint[],
        ${metrics.map(({ value }) => value)}::float8[])
        as f (model_id, key, dataset_name, dataset_digest, step, at, value)
    )
    insert into logged_model_metrics as latest
      (model_id, key, run_id, dataset_name, dataset_digest, step, at, value)
    select distinct on (f.model_id, f.key, f.dataset_name, f.dataset_digest) f.model_id, f.key, ${runId}::uuid,
      f.dataset_name, f.dataset_digest, f.step, f.at, f.value from fresh f
    order by f.model_id, f.key, f.dataset_name, f.dataset_digest, f.step desc, f.at desc, ${rank('f')} desc
    on conflict (model_id, key, run_id, dataset_name, dataset_digest)
      do update set step = excluded.step, at = excluded.at, value = excluded.value
    where (excluded.step, excluded.at, ${rank('excluded')}) > (latest.step, latest.at, ${rank('latest')})`.execute(
    tx,
  );
}

export interface HistoryPage {
  readonly limit: number;
  readonly offset: number;
}

/** Points of a metric in the order of step and time, one more than `limit` where there are more. */
export async function historyOf(
  database: Database,
  runId: string,
  key: string,
  { limit, offset }: HistoryPage,
): Promise<readonly Point[]> {
  const { rows } = await sql<Point>`select step, at, value from run_metrics
    where run_id = ${runId}::uuid and key = ${key} order by step, at, value
    limit ${limit + 1} offset ${offset}`.execute(database);
  return rows;
}

/**
 * Points of a metric of several runs, thinned out to about `max` for each: steps evenly spread over those that
 * there are, with the first and the last.
 */
export async function sampledHistory(
  database: Database,
  runIds: readonly string[],
  asked: { key: string; from: number | undefined; to: number | undefined; max: number },
): Promise<readonly (Point & { runId: string })[]> {
  const { rows } = await sql<Point & { runId: string }>`
    with points as (
      select run_id, step, at, value,
        dense_rank() over (partition by run_id order by step) - 1 as nth,
        count(*) over (partition by run_id) as n
      from run_metrics where run_id = any(${[...runIds]}::uuid[]) and key = ${asked.key}
        and (${asked.from ?? null}::bigint is null or step >= ${asked.from ?? null}::bigint)
        and (${asked.to ?? null}::bigint is null or step <= ${asked.to ?? null}::bigint)
    ), spread as (
      select *, max(nth) over (partition by run_id) as last from points
    )
    select run_id as "runId", step, at, value from spread
    where n <= ${asked.max} or nth = last
      or nth % greatest(1, ceil((last + 1)::float8 / ${asked.max}::float8))::bigint = 0
    order by run_id, step, at, value limit ${runIds.length * asked.max * 4}`.execute(database);
  return rows;
}
