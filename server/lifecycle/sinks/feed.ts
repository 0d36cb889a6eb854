import { sql } from 'kysely';
import type { Database } from '../../platform/database/types.ts';
import { FEED_SOURCES, type FeedSource, feedTriggerSql } from './migrations.ts';

/** A record of the feed: what was stored, and its place in the order of all. */
export interface Ref {
  readonly position: number;
  readonly source: FeedSource;
  readonly id: string;
  /** When it happened, in ms since the epoch. */
  readonly at: number;
}

/** Any fixed number: names the lock under which triggers are made. */
const LOCK = 4_203_318_150;
/** Rows that get their place in one transaction. */
const PLACED_AT_ONCE = 5_000;
/** Feed rows read at once: each stands for the records of one statement. */
const ROWS_AT_ONCE = 200;

interface FeedRow {
  readonly from: number;
  readonly source: FeedSource;
  readonly ids: readonly string[];
  readonly ats: readonly (number | string)[];
}

/**
 * The outbox that all sinks read. Triggers write a row for each statement that stores something, in its own
 * transaction, as long as there is a sink. Rows get their place only here, one server at a time and only rows
 * whose transaction is over: so what is committed late gets a later place, and no reader ever misses it.
 */
export function createFeed(database: Database) {
  async function placeSome(): Promise<number> {
    return await database.transaction().execute(async (tx) => {
      const clock = await sql<{ last: number }>`select last from sink_feed_clock for update`.execute(tx);
      const last = clock.rows[0]?.last ?? 0;
      // A statement of its own: it must see what others placed while we waited for the lock.
      const placed = await sql<{ records: number }>`
        update sink_feed f set first_position = n.first_position
        from (select id, ${last}::bigint + sum(records) over (order by id) - records as first_position
          from sink_feed where first_position is null order by id limit ${PLACED_AT_ONCE}) n
        where f.id = n.id returning f.records`.execute(tx);
      const total = placed.rows.reduce((sum, { records }) => sum + records, 0);
      if (total > 0) await sql`update sink_feed_clock set last = last + ${total}::bigint`.execute(tx);
      return placed.rows.length;
    });
  }

  return Object.freeze({
    /** Makes the triggers that are not there yet, for every source whose table exists. */
    async prepare(): Promise<void> {
      for (const [source, { table }] of Object.entries(FEED_SOURCES)) {
        const { rows } = await sql<{ exists: boolean; fed: boolean }>`select
          to_regclass(${table}) is not null as exists,
          exists (select from pg_trigger where tgrelid = to_regclass(${table})
            and tgname = ${`sink_feed_${source}`}) as fed`.execute(database);
        if (!rows[0]?.exists || rows[0].fed) continue;
        await database.transaction().execute(async (tx) => {
          // Servers that start at once must not replace the function under each other.
          await sql`select pg_advisory_xact_lock(${LOCK})`.execute(tx);
          await sql.raw(feedTriggerSql(source as FeedSource)).execute(tx);
        });
      }
    },

    /** Gives every row that waits its place. */
    async place(): Promise<void> {
      const waiting = async (): Promise<boolean> =>
        (await sql`select from sink_feed where first_position is null limit 1`.execute(database)).rows
          .length > 0;
      while (await waiting()) {
        if ((await placeSome()) < PLACED_AT_ONCE) return;
      }
    },

    /** Where a sink begins that is made now: behind everything that has a place. */
    async end(within: Database = database): Promise<number> {
      return (
        (await sql<{ last: number }>`select last from sink_feed_clock`.execute(within)).rows[0]?.last ?? 0
      );
    },

    /** At most `limit` records from `cursor` on, in order. */
    async read(cursor: number, limit: number): Promise<Ref[]> {
      const { rows } = await sql<FeedRow>`
        select greatest(first_position, ${cursor}::bigint) as "from", source,
          ids[greatest(${cursor}::bigint - first_position, 0) + 1
            : greatest(${cursor}::bigint - first_position, 0) + ${limit}] as ids,
          ats[greatest(${cursor}::bigint - first_position, 0) + 1
            : greatest(${cursor}::bigint - first_position, 0) + ${limit}] as ats
        from sink_feed where first_position is not null and first_position + records > ${cursor}::bigint
        order by first_position + records limit ${ROWS_AT_ONCE}`.execute(database);
      const refs: Ref[] = [];
      for (const { from, source, ids, ats } of rows) {
        for (const [index, id] of ids.entries()) {
          if (refs.length >= limit) return refs;
          refs.push({ position: Number(from) + index, source, id, at: Number(ats[index]) });
        }
      }
      return refs;
    },

    /** How much lies beyond `cursor`, and for how long the oldest of it has. */
    async lag(cursor: number): Promise<{ records: number; seconds: number }> {
      const { rows } = await sql<{ records: number; seconds: number | null }>`
        select greatest((select last from sink_feed_clock) - ${cursor}::bigint, 0)
            + coalesce((select sum(records) from sink_feed where first_position is null), 0)::bigint as records,
          greatest(extract(epoch from clock_timestamp())::float8 - coalesce(
            (select stored_at from sink_feed where first_position + records > ${cursor}::bigint
              and first_position is not null order by first_position + records limit 1),
            (select stored_at from sink_feed where first_position is null order by id limit 1)
          ) / 1000.0, 0)::float8 as seconds`.execute(database);
      const records = Number(rows[0]?.records ?? 0);
      return { records, seconds: records === 0 ? 0 : (rows[0]?.seconds ?? 0) };
    },

    /**
     * Forgets what every sink has passed, and what lies further back than `maxRecords` or `maxAgeMs`: sinks that
     * still needed it have those records counted as lost. Returns how many were lost, over all sinks.
     */
    async trim(maxRecords: number, maxAgeMs: number): Promise<number> {
      return await database.transaction().execute(async (tx) => {
        const { rows } = await sql<{ last: number; some: boolean; floor: number | null }>`select
          (select last from sink_feed_clock for update) as last,
          exists (select from sinks) as some,
          (select max(first_position + records) from sink_feed where first_position is not null
            and stored_at < (extract(epoch from clock_timestamp()) * 1000)::bigint - ${maxAgeMs}::bigint) as floor`.execute(
          tx,
        );
        const { last = 0, some = false, floor = null } = rows[0] ?? {};
        if (!some) {
          await sql`delete from sink_feed`.execute(tx);
          return 0;
        }
        const keepFrom = Math.max(floor ?? 0, last - maxRecords);
        const lost = await sql<{ n: number }>`
          update sink_progress p set lost = p.lost + ${keepFrom}::bigint - old.cursor, cursor = ${keepFrom}::bigint
          from (select sink_id, cursor from sink_progress where cursor < ${keepFrom}::bigint for update) old
          where p.sink_id = old.sink_id returning ${keepFrom}::bigint - old.cursor as n`.execute(tx);
        await sql`delete from sink_feed where first_position is not null
          and first_position + records <= (select min(cursor) from sink_progress)`.execute(tx);
        return lost.rows.reduce((sum, { n }) => sum + Number(n), 0);
      });
    },
  });
}
export type Feed = ReturnType<typeof createFeed>;
