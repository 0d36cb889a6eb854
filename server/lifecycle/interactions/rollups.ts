import type { InteractionRecord, Overview } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../platform/database/types.ts';
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
interface EndpointSums {
  readonly step: number;
  readonly at: number;
  readonly endpoint: string;
  readonly slug: string;
  requests: number;
  blocked: number;
}
interface CheckSums {
  readonly step: number;
  readonly at: number;
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

type Counted = Pick<
  InteractionRecord,
  'at' | 'endpointId' | 'endpointSlug' | 'verdict' | 'outcome' | 'timings' | 'findings'
>;

function sumUp(records: readonly Counted[]) {
  const totals = new Map<string, Sums>();
  const endpoints = new Map<string, EndpointSums>();
  const checks = new Map<string, CheckSums>();
  for (const record of records) {
    const found = checksOf(record);
    const blocked = record.verdict === 'block' ? 1 : 0;
    for (const { stepMs: step } of STEPS) {
      const at = Math.floor(record.at / step) * step;
      const key = `${step}|${String(at).padStart(16, '0')}`;
      const sum = entry(totals, key, () => ({
        step,
        at,
        requests: 0,
        blocked: 0,
        redacted: 0,
        flagged: 0,
        failed: 0,
        latency: Array<number>(BUCKETS).fill(0),
      }));
      sum.requests += 1;
      sum.blocked += blocked;
      if (record.verdict === 'redact') sum.redacted += 1;
      if (record.verdict === 'flag') sum.flagged += 1;
      if (record.outcome === 'failed') sum.failed += 1;
      const bucket = bucketOf(record.timings.totalMs);
      sum.latency[bucket] = (sum.latency[bucket] ?? 0) + 1;
      const endpoint = record.endpointId ?? '';
      const slug = record.endpointSlug.replaceAll('\0', '').toWellFormed();
      const own = entry(endpoints, `${key}|${endpoint}`, () => ({
        step,
        at,
        endpoint,
        slug,
        requests: 0,
        blocked: 0,
      }));
      own.requests += 1;
      own.blocked += blocked;
      for (const check of found) {
        const name = check.replaceAll('\0', '').toWellFormed();
        entry(checks, `${key}|${name}`, () => ({ step, at, check: name, count: 0 })).count += 1;
      }
    }
  }
  return { totals: sorted(totals), endpoints: sorted(endpoints), checks: sorted(checks) };
}

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
    on conflict (step_ms, at) do update set
      requests = r.requests + excluded.requests, blocked = r.blocked + excluded.blocked,
      redacted = r.redacted + excluded.redacted, flagged = r.flagged + excluded.flagged,
      failed = r.failed + excluded.failed,
      latency = (select array_agg(a + b order by place)
        from unnest(r.latency, excluded.latency) with ordinality as both_counts(a, b, place))`.execute(tx);
  await sql`
    insert into interaction_rollup_endpoints as r (step_ms, at, endpoint_id, slug, requests, blocked)
    select step, at, endpoint, slug, requests, blocked
    from json_to_recordset(${JSON.stringify(endpoints)}::json) as s(step int, at bigint, endpoint text,
      slug text, requests bigint, blocked bigint)
    on conflict (step_ms, at, endpoint_id) do update set slug = excluded.slug,
      requests = r.requests + excluded.requests, blocked = r.blocked + excluded.blocked`.execute(tx);
  if (checks.length === 0) return;
  await sql`
    insert into interaction_rollup_checks as r (step_ms, at, check_id, count)
    select step, at, "check", count
    from json_to_recordset(${JSON.stringify(checks)}::json) as s(step int, at bigint, "check" text, count bigint)
    on conflict (step_ms, at, check_id) do update set count = r.count + excluded.count`.execute(tx);
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

/** The overview's figures for a window that ends now. Reads only sums, never interactions. */
export async function readOverview(database: Database, windowMs: number, nowMs: number): Promise<Figures> {
  const { readMs, stepMs } = RESOLUTIONS.find((line) => windowMs <= line.windowMs) ?? COARSEST;
  const from = Math.floor((nowMs - windowMs) / stepMs) * stepMs;
  const within = sql`step_ms = ${readMs} and at >= ${from} and at <= ${nowMs}`;
  const [sums, topChecks, topEndpoints] = await Promise.all([
    sql<Sums>`select at, requests, blocked, redacted, flagged, failed, latency
      from interaction_rollups where ${within} order by at`.execute(database),
    sql<Figures['topChecks'][number]>`select check_id as "check", sum(count)::bigint as count
      from interaction_rollup_checks where ${within}
      group by check_id order by 2 desc, 1 limit ${TOP}`.execute(database),
    sql<Figures['topEndpoints'][number]>`select endpoint_id as "endpointId",
        (array_agg(slug order by at desc))[1] as slug,
        sum(requests)::bigint as requests, sum(blocked)::bigint as blocked
      from interaction_rollup_endpoints where ${within}
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
