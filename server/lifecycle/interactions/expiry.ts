import { sql } from 'kysely';
import { type AuditLog, SYSTEM } from '../../audit/index.ts';
import type { Database } from '../../platform/database/types.ts';
import { loggable } from '../../platform/http/index.ts';
import type { Logger } from '../ports.ts';
import type { ContentKeys } from './content-keys.ts';
import { DAY_MS, type Partitions } from './partitions.ts';
import { pruneRollups } from './rollups.ts';
import { forgetBatches } from './verdict-batches.ts';

/** Rows are deleted an hour of traffic at a time, so that no transaction is long. */
const SLICE_MS = 3_600_000;

export interface ExpiryDeps {
  readonly database: Database;
  readonly partitions: Pick<Partitions, 'drop' | 'ensureAhead'>;
  readonly keys: Pick<ContentKeys, 'forget'>;
  readonly logger: Logger;
  readonly audit: Pick<AuditLog, 'record'>;
}

interface Day {
  readonly day: number;
  readonly last: number | null;
}

/** What one run did. */
export interface ExpiryResult {
  readonly droppedDays: number;
  readonly deletedRows: number;
}

export function createExpiry(deps: ExpiryDeps) {
  const { database, partitions, keys, logger, audit } = deps;

  async function deleteBetween(from: number, to: number, nowMs: number): Promise<number> {
    return await database.transaction().execute(async (tx) => {
      for (const table of ['interaction_contents', 'interactions']) {
        const done = await sql`delete from ${sql.table(table)}
          where at >= ${from}::bigint and at < ${to}::bigint and expires_at <= ${nowMs}::bigint`.execute(tx);
        if (table === 'interactions') return Number(done.numAffectedRows ?? 0);
      }
      return 0;
    });
  }

  /** Deletes the expired rows of a day that keeps others, and notes when the next ones are due. */
  async function deleteExpired(day: number, nowMs: number): Promise<number> {
    let deleted = 0;
    for (let from = day; from < day + DAY_MS; from += SLICE_MS) {
      deleted += await deleteBetween(from, from + SLICE_MS, nowMs);
    }
    await database.transaction().execute(async (tx) => {
      // Waits for batches under way: their rows must count in what is due next.
      await sql`select from interaction_days where day = ${day} for update`.execute(tx);
      await sql`
        update interaction_days set first_expiry = (select min(expires_at) from interactions
          where at >= ${sql.lit(day)} and at < ${sql.lit(day + DAY_MS)})
        where day = ${day}`.execute(tx);
    });
    return deleted;
  }

  async function deleteStrays(nowMs: number): Promise<number> {
    const done = await sql`delete from interactions_default where expires_at <= ${nowMs}`.execute(database);
    await sql`delete from interaction_contents_default where expires_at <= ${nowMs}`.execute(database);
    return Number(done.numAffectedRows ?? 0);
  }

  /** Days whose rows have all expired, and that lie behind us. */
  async function due(nowMs: number): Promise<Day[]> {
    return (
      await sql<Day>`select day, last_expiry as last from interaction_days
        where first_expiry <= ${nowMs}
          or (coalesce(last_expiry, 0) <= ${nowMs} and day < ${nowMs - 2 * DAY_MS})
        order by day`.execute(database)
    ).rows;
  }

  return Object.freeze({
    /** Makes the coming days' partitions, removes what has expired. One day that fails does not stop the rest. */
    async run(nowMs: number): Promise<ExpiryResult> {
      await partitions.ensureAhead(nowMs);
      let droppedDays = 0;
      let deletedRows = 0;
      for (const { day, last } of await due(nowMs)) {
        try {
          const over = (last ?? 0) <= nowMs && day < nowMs - 2 * DAY_MS;
          if (over && (await partitions.drop(day, nowMs))) {
            keys.forget(day);
            droppedDays += 1;
          } else {
            deletedRows += await deleteExpired(day, nowMs);
          }
        } catch (error) {
          logger.warn(
            { error: loggable(error), day },
            'the expired interactions of a day could not be removed yet',
          );
        }
      }
      deletedRows += await deleteStrays(nowMs);
      await pruneRollups(database, nowMs);
      await forgetBatches(database, nowMs);
      if (droppedDays + deletedRows > 0) {
        const detail = { droppedDays, deletedRows, until: nowMs };
        await audit.record({
          actor: SYSTEM,
          action: 'interactions.expired',
          subject: 'interactions',
          detail,
        });
      }
      return { droppedDays, deletedRows };
    },
  });
}
