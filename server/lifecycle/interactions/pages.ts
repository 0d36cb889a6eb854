import type { InteractionSummary } from '@bartizan/contracts';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../platform/database/types.ts';
import { FIRST_ID, type Position, type Prepared } from './filter.ts';
import type { Extent } from './partitions.ts';

/** A row of `interactions`, without its excerpt. */
export type Row = Omit<InteractionSummary, 'excerpt'>;

const HOUR_MS = 3_600_000;
const LONGEST_MS = 64 * 24 * HOUR_MS;
const SHORTEST_MS = 60_000;
/** A stretch answered faster than this is followed by a longer one, one slower than that by a shorter one. */
const FAST_MS = 40;
const SLOW_MS = 250;

export const COLUMNS = sql`i.at, i.id, i.endpoint_id as "endpointId", i.endpoint_slug as "endpointSlug",
  i.key_id as "keyId", i.key_name as "keyName", i.user_name as "user", i.api, i.model, i.streamed, i.status,
  i.outcome, i.verdict, i.would_be as "wouldBe", i.checks, i.total_ms as "totalMs", i.tokens`;

interface Stretch {
  /** Inclusive. */
  readonly from: number;
  /** Exclusive; null is open to the future. */
  readonly before: Position | null;
}

function bounds(table: 'i' | 'c', { from, before }: Stretch): RawBuilder<unknown> {
  const at = sql.ref(`${table}.at`);
  const id = sql.ref(`${table}.id`);
  // The plain bound beside the row comparison lets PostgreSQL leave out partitions when it plans.
  return before === null
    ? sql`${at} >= ${from}::bigint`
    : sql`${at} >= ${from}::bigint and ${at} <= ${before.at}::bigint
        and (${at}, ${id}) < (${before.at}::bigint, ${before.id}::uuid)`;
}

/** One stretch of time, newest first. Exported for the benchmark, which explains it. */
export function stretchQuery(filter: Prepared, stretch: Stretch, limit: number): RawBuilder<Row> {
  const conditions = [bounds('i', stretch), ...filter.conditions];
  if (filter.hashes.length === 0) {
    return sql<Row>`select ${COLUMNS} from interactions i where ${sql.join(conditions, sql` and `)}
      order by i.at desc, i.id desc limit ${limit}`;
  }
  // Matches first, then each one's row: told of the limit, PostgreSQL would rather read back in time until it has
  // met enough matches, which for a rare word is everything. Where words are common, stretches are short.
  return sql<Row>`with c as materialized (
      select c.at, c.id from interaction_contents c
      where ${bounds('c', stretch)} and c.words @> ${filter.hashes}::bigint[])
    select i.* from c cross join lateral (
      select ${COLUMNS} from interactions i
      where i.at = c.at and i.id = c.id and ${sql.join(conditions, sql` and `)} limit 1) i
    order by c.at desc, c.id desc limit ${limit}`;
}

export interface WalkOptions {
  readonly filter: Prepared;
  /** Only what is older than this. */
  readonly after: Position | null;
  /** Rows of one page at most. */
  readonly pageRows: number;
  readonly nowMs: number;
  readonly extent: () => Promise<Extent>;
  readonly signal: AbortSignal;
}

/** Some rows, newest first, and where to go on; `reached` is null when there is nothing older. */
export interface Page {
  readonly rows: readonly Row[];
  readonly reached: Position | null;
}

/**
 * Walks back in time in stretches: the first is the last hour before the cursor, and each next one is longer
 * while answers come fast. So a page that fills at once reads one index range of one or two partitions, and a
 * filter that matches little reads far back, but never for long without yielding: empty pages say how far the
 * walk has come. Every row is seen once, whatever arrives meanwhile.
 */
export async function* walk(database: Database, options: WalkOptions): AsyncGenerator<Page, void> {
  const { filter, pageRows, nowMs, signal } = options;
  const { to } = filter;
  let before = options.after;
  if (to !== null && (before === null || to <= before.at)) before = { at: to, id: FIRST_ID };
  let lengthMs = HOUR_MS;
  let extent: Extent | undefined;
  while (!signal.aborted) {
    // A cursor in the far future must not make us walk back from there.
    const top = Math.min(before?.at ?? nowMs, nowMs);
    const from = Math.max(top - lengthMs, filter.from ?? Number.MIN_SAFE_INTEGER);
    const started = performance.now();
    const { rows } = await stretchQuery(filter, { from, before }, pageRows).execute(database);
    const tookMs = performance.now() - started;
    const last = rows.at(-1);
    if (last && rows.length >= pageRows) {
      before = { at: last.at, id: last.id };
      yield { rows, reached: before };
      continue;
    }
    before = { at: from, id: FIRST_ID };
    if (filter.from !== null && from <= filter.from) return yield { rows, reached: null };
    extent ??= await options.extent();
    const { firstDay, firstStray } = extent;
    if (from <= Math.min(firstDay ?? Infinity, firstStray ?? Infinity)) return yield { rows, reached: null };
    yield { rows, reached: before };
    // Before the first day there are only the few rows that some clock's mistake put there.
    if (firstDay === null || from <= firstDay) lengthMs = from - (firstStray ?? from) + 1;
    else if (tookMs < FAST_MS) lengthMs = Math.min(lengthMs * 4, LONGEST_MS);
    else if (tookMs > SLOW_MS) lengthMs = Math.max(lengthMs / 2, SHORTEST_MS);
  }
}
