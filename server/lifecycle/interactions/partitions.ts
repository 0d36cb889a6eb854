import { sql } from 'kysely';
import type { Database } from '../../platform/database/types.ts';
import { isRetryable } from '../sql-state.ts';

export const DAY_MS = 86_400_000;
/** Days before and after today that get a partition of their own; a row further away is some clock's mistake. */
const PAST_DAYS = 400;
const FUTURE_DAYS = 3;
const TABLES = ['interactions', 'interaction_contents'] as const;
/** Any fixed number: names the lock under which partitions are made. */
const LOCK = 4_203_318_120;
const ATTEMPTS = 6;

/** Midnight (UTC) of the day of an instant. */
export const dayOf = (atMs: number): number => Math.floor(atMs / DAY_MS) * DAY_MS;

/** `20261121` */
const nameOf = (day: number): string => new Date(day).toISOString().slice(0, 10).replaceAll('-', '');

/** The day of `atMs` if it gets a partition of its own, else null: the default partition takes it. */
export function partitionDay(atMs: number, nowMs: number): number | null {
  const days = (dayOf(atMs) - dayOf(nowMs)) / DAY_MS;
  return days >= -PAST_DAYS && days <= FUTURE_DAYS ? dayOf(atMs) : null;
}

/**
 * Makes the partitions of a day. Rows of that day that already lie in the default partition move over, in one
 * transaction: attaching would fail otherwise.
 */
async function make(db: Database, day: number): Promise<void> {
  await db.transaction().execute(async (tx) => {
    // Never queue for long behind a reader: everyone else would queue behind us.
    await sql`set local lock_timeout = '2s'`.execute(tx);
    await sql`select pg_advisory_xact_lock(${LOCK})`.execute(tx);
    const known = await sql`select from interaction_days where day = ${day}`.execute(tx);
    if (known.rows.length > 0) return;
    const [from, to] = [sql.lit(day), sql.lit(day + DAY_MS)];
    for (const table of TABLES) {
      const parent = sql.table(table);
      const rest = sql.table(`${table}_default`);
      const part = sql.table(`${table}_${nameOf(day)}`);
      await sql`create table ${part} (like ${parent} including all)`.execute(tx);
      await sql`lock table ${rest} in access exclusive mode`.execute(tx);
      await sql`with moved as (delete from ${rest} where at >= ${from} and at < ${to} returning *)
        insert into ${part} select * from moved`.execute(tx);
      await sql`alter table ${parent} attach partition ${part} for values from (${from}) to (${to})`.execute(
        tx,
      );
    }
    await sql`insert into interaction_days (day, first_expiry, last_expiry)
      select ${sql.lit(day)}, min(expires_at), max(expires_at) from interactions
      where at >= ${from} and at < ${to}`.execute(tx);
  });
}

/** How far back rows go: the first day with a partition, and the first row outside of all. */
export interface Extent {
  readonly firstDay: number | null;
  readonly firstStray: number | null;
}

/** Makes, finds and drops the daily partitions of the two tables. */
export function createPartitions(database: Database) {
  const made = new Set<number>();

  async function ensure(day: number): Promise<void> {
    if (made.has(day)) return;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await make(database, day);
        made.add(day);
        return;
      } catch (error) {
        if (!isRetryable(error) || attempt >= ATTEMPTS) throw error;
      }
    }
  }

  return Object.freeze({
    /** Sees to it that these days have partitions. */
    async ensure(days: Iterable<number>): Promise<void> {
      for (const day of [...days].sort((a, b) => a - b)) await ensure(day);
    },

    /** Today and the days ahead. */
    async ensureAhead(nowMs: number): Promise<void> {
      for (let ahead = 0; ahead <= FUTURE_DAYS; ahead += 1) await ensure(dayOf(nowMs) + ahead * DAY_MS);
    },

    /** No longer trusts that these days have partitions. */
    forget(days: Iterable<number>): void {
      for (const day of days) made.delete(day);
    },

    async extent(): Promise<Extent> {
      const { rows } = await sql<Extent>`select (select min(day) from interaction_days) as "firstDay",
        (select min(at) from interactions_default) as "firstStray"`.execute(database);
      return rows[0] ?? { firstDay: null, firstStray: null };
    },

    /**
     * Drops the partitions and content key of a day whose last row has expired by `nowMs`. False when a later
     * row came in meanwhile. Waits at most 2 s for readers, then rejects: the next run tries again.
     */
    async drop(day: number, nowMs: number): Promise<boolean> {
      made.delete(day);
      return await database.transaction().execute(async (tx) => {
        await sql`set local lock_timeout = '2s'`.execute(tx);
        const { rows } = await sql`select from interaction_days where day = ${day}
          and coalesce(last_expiry, 0) <= ${nowMs} for update`.execute(tx);
        if (rows.length === 0) return false;
        for (const table of TABLES) {
          await sql`drop table if exists ${sql.table(`${table}_${nameOf(day)}`)}`.execute(tx);
        }
        await sql`delete from interaction_days where day = ${day}`.execute(tx);
        // Without its key no copy of the day's content, in a backup say, can be read.
        await sql`delete from interaction_content_keys where day = ${day}`.execute(tx);
        return true;
      });
    },
  });
}
export type Partitions = ReturnType<typeof createPartitions>;
