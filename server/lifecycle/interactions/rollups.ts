import type { InteractionRecord, Overview } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../platform/database/types.ts';
import type { Sight } from '../sight.ts';
import { BUCKETS, bucketOf, quantileMs } from './latency.ts';
import { checksOf } from './model.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Sums are kept at these steps, each for so long. */
const STEPS: readonly { readonly stepMs: number; readonly keepMs: number }[] = [
  { stepMs: MINUTE, keepMs: 2 * DAY },
  { stepMs: 10 * MINUTE, keepMs: 8 * DAY },
  { stepMs: HOUR, keepMs: 400 * DAY },
];
/** Which sums an overview reads, and how far apart its points are: the first line whose window is long enough. */
const RESOLUTIONS = [
  { windowMs: 2 * HOUR, readMs: MINUTE, stepMs: MINUTE },
  { windowMs: DAY, readMs: 10 * MINUTE, stepMs: 10 * MINUTE },
  { windowMs: 7 * DAY, readMs: HOUR, stepMs: HOUR },
  { windowMs: 30 * DAY, readMs: HOUR, stepMs: 6 * HOUR },
] as const;
const COARSEST = { readMs: HOUR, stepMs: DAY } as const;
const TOP = 10;

interface Sums {
  readonly step: number;
  readonly at: number;
  requests: number;
  blocked: number;
  redacted: number;
  flagged: number;
  failed: number;
  readonly latency: number[];
}
interface EndpointSums extends Sums {
  readonly endpoint: string;
  readonly slug: string;
}
interface CheckSums {
  readonly step: number;
  readonly at: number;
  readonly endpoint: string;
  readonly check: string;
  count: number;
}

function entry<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** Sorted, so that two transactions lock the same rows in the same order. */
function sorted<T>(map: ReadonlyMap<string, T>): T[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

/** Stands for "on no endpoint" in the sums. */
const NO_ENDPOINT = '';
const storable = (name: string): string => name.replaceAll('\0', '').toWellFormed();

type Counted = Pick<
  InteractionRecord,
  'at' | 'endpointId' | 'endpointSlug' | 'verdict' | 'outcome' | 'timings' | 'findings'
>;

const noSums = (step: number, at: number): Sums => ({
  step,
  at,
  requests: 0,
  blocked: 0,
  redacted: 0,
  flagged: 0,
  failed: 0,
  latency: Array<number>(BUCKETS).fill(0),
});

function addTo(sum: Sums, record: Counted): void {
  sum.requests += 1;
  if (record.verdict === 'block') sum.blocked += 1;
  if (record.verdict === 'redact') sum.redacted += 1;
  if (record.verdict === 'flag') sum.flagged += 1;
  if (record.outcome === 'failed') sum.failed += 1;
  const bucket = bucketOf(record.timings.totalMs);
  sum.latency[bucket] = (sum.latency[bucket] ?? 0) + 1;
}

/** Over everything, and by endpoint for those who do not see everything. */
function sumUp(records: readonly Counted[]) {
  const totals = new Map<string, Sums>();
  const endpoints = new Map<string, EndpointSums>();
  const checks = new Map<string, CheckSums>();
  for (const record of records) {
    const found = checksOf(record);
    const endpoint = record.endpointId ?? NO_ENDPOINT;
    const slug = storable(record.endpointSlug);
    for (const { stepMs: step } of STEPS) {
      const at = Math.floor(record.at / step) * step;
      const key = `${step}|${String(at).padStart(16, '0')}`;
      addTo(
        entry(totals, key, () => noSums(step, at)),
        record,
      );
      addTo(
        entry(endpoints, `${key}|${endpoint}`, () => ({ ...noSums(step, at), endpoint, slug })),
        record,
      );
      for (const check of found.map(storable)) {
        const none = () => ({ step, at, endpoint, check, count: 0 });
        entry(checks, `${key}|${check}|${endpoint}`, none).count += 1;
      }
    }
  }
  return { totals: sorted(totals), endpoints: sorted(endpoints), checks: sorted(checks) };
}

const COUNTS = sql`requests = r.requests + excluded.requests, blocked = r.blocked + excluded.blocked,
  redacted = r.redacted + excluded.redacted, flagged = r.flagged + excluded.flagged,
  failed = r.failed + excluded.failed,
  latency = (select array_agg(coalesce(a, 0) + coalesce(b, 0) order by place)
    from unnest(r.latency, excluded.latency) with ordinality as both_counts(a, b, place))`;

/** Adds newly stored interactions to the sums; call it in the transaction that stores them. */
export async function addToRollups(tx: Database, records: readonly Counted[]): Promise<void> {
  if (records.length === 0) return;
  const { totals, endpoints, checks } = sumUp(records);
  await sql`
    insert into interaction_rollups as r
      (step_ms, at, requests, blocked, redacted, flagged, failed, latency)
    select step, at, requests, blocked, redacted, flagged, failed, latency
    from json_to_recordset(${JSON.stringify(totals)}::json) as s(step int, at bigint, requests bigint,
      blocked bigint, redacted bigint, flagged bigint, failed bigint, latency bigint[])
    on conflict (step_ms, at) do update set ${COUNTS}`.execute(tx);
  await sql`
    insert into interaction_rollup_endpoints as r
      (step_ms, at, endpoint_id, slug, requests, blocked, redacted, flagged, failed, latency)
    select step, at, endpoint, slug, requests, blocked, redacted, flagged, failed, latency
    from json_to_recordset(${JSON.stringify(endpoints)}::json) as s(step int, at bigint, endpoint text,
      slug text, requests bigint, blocked bigint, redacted bigint, flagged bigint, failed bigint, latency bigint[])
    on conflict (step_ms, at, endpoint_id) do update set slug = excluded.slug, ${COUNTS}`.execute(tx);
  if (checks.length === 0) return;
  await sql`
    insert into interaction_rollup_checks as r (step_ms, at, check_id, endpoint_id, count)
    select step, at, "check", endpoint, count
    from json_to_recordset(${JSON.stringify(checks)}::json) as s(step int, at bigint, "check" text, endpoint text,
      count bigint)
    on conflict (step_ms, at, check_id, endpoint_id) do update set count = r.count + excluded.count`.execute(
    tx,
  );
}

/** Forgets sums that no overview reads any more. */
export async function pruneRollups(database: Database, nowMs: number): Promise<void> {
  for (const { stepMs, keepMs } of STEPS) {
    for (const table of [
      'interaction_rollups',
      'interaction_rollup_endpoints',
      'interaction_rollup_checks',
    ]) {
      await sql`delete from ${sql.table(table)} where step_ms = ${stepMs} and at < ${nowMs - keepMs}`.execute(
        database,
      );
    }
  }
}

type Figures = Omit<Overview, 'gateways' | 'gatewayUrl'>;
type Point = Figures['points'][number];

function figuresOf(rows: readonly Omit<Sums, 'step' | 'at'>[]): Omit<Point, 'at'> {
  const latency = Array<number>(BUCKETS).fill(0);
  const figures = { requests: 0, blocked: 0, redacted: 0, flagged: 0, failed: 0 };
  for (const row of rows) {
    for (const name of Object.keys(figures) as (keyof typeof figures)[]) figures[name] += row[name];
    for (const [bucket, count] of row.latency.entries())
      latency[bucket] = (latency[bucket] ?? 0) + Number(count);
  }
  return { ...figures, p50Ms: quantileMs(latency, 0.5), p99Ms: quantileMs(latency, 0.99) };
}

export interface OverviewQuery {
  readonly windowMs: number;
  readonly nowMs: number;
  /** What is there for the viewer; figures are of that and nothing else. */
  readonly sight: Sight;
}

/** The overview's figures for a window that ends now. Reads only sums, never interactions. */
export async function readOverview(
  database: Database,
  { windowMs, nowMs, sight }: OverviewQuery,
): Promise<Figures> {
  const { readMs, stepMs } = RESOLUTIONS.find((line) => windowMs <= line.windowMs) ?? COARSEST;
  const from = Math.floor((nowMs - windowMs) / stepMs) * stepMs;
  const within = sql`step_ms = ${readMs} and at >= ${from} and at <= ${nowMs}`;
  const seen = sight === '*' ? [] : [...sight.endpoints, ...(sight.strays ? [NO_ENDPOINT] : [])];
  const mine = sight === '*' ? sql`true` : sql`endpoint_id = any(${seen}::text[])`;
  const table = sql.table(sight === '*' ? 'interaction_rollups' : 'interaction_rollup_endpoints');
  const [sums, topChecks, topEndpoints] = await Promise.all([
    sql<Sums>`select at, requests, blocked, redacted, flagged, failed, latency
      from ${table} where ${within} and ${mine} order by at`.execute(database),
    sql<Figures['topChecks'][number]>`select check_id as "check", sum(count)::bigint as count
      from interaction_rollup_checks where ${within} and ${mine}
      group by check_id order by 2 desc, 1 limit ${TOP}`.execute(database),
    sql<Figures['topEndpoints'][number]>`select endpoint_id as "endpointId",
        (array_agg(slug order by at desc))[1] as slug,
        sum(requests)::bigint as requests, sum(blocked)::bigint as blocked
      from interaction_rollup_endpoints where ${within} and ${mine}
      group by endpoint_id order by 3 desc, 1 limit ${TOP}`.execute(database),
  ]);
  const byPoint = Map.groupBy(sums.rows, ({ at }) => Math.floor(at / stepMs) * stepMs);
  const points: Point[] = [];
  for (let at = from; at <= nowMs; at += stepMs) points.push({ at, ...figuresOf(byPoint.get(at) ?? []) });
  return {
    from,
    to: nowMs,
    stepMs,
    totals: figuresOf(sums.rows),
    points,
    topChecks: topChecks.rows,
    topEndpoints: topEndpoints.rows,
  };
}
