import type { SinkKind } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../platform/database/types.ts';
import type { SinkSettings, StoredSink } from './model.ts';

export interface SinkError {
  readonly at: number;
  readonly message: string;
  readonly status: number | null;
}

export interface Progress {
  readonly cursor: number;
  readonly delivered: number;
  readonly failedAttempts: number;
  readonly lost: number;
  readonly lastSuccessAt: number | null;
  readonly lastError: SinkError | null;
  readonly nextAttemptAt: number | null;
  readonly alarmSince: number | null;
  readonly heartbeatAt: number | null;
}

export interface StoredDeadLetter {
  readonly id: string;
  readonly at: number;
  readonly kind: SinkKind;
  readonly subjectId: string;
  readonly reason: string;
  readonly status: number | null;
  readonly attempts: number;
  readonly retry: boolean;
  readonly sealedEvent: string;
}

export type NewDeadLetter = Omit<StoredDeadLetter, 'attempts' | 'retry'>;

/** What a batch came to. */
export interface Advance {
  readonly sinkId: string;
  /** Where the reader stood: nothing is written when someone else moved on meanwhile. */
  readonly from: number;
  readonly to: number;
  readonly delivered: number;
  readonly lost: number;
  readonly dead: readonly NewDeadLetter[];
  /** When the receiver took something; null when nothing was sent. */
  readonly successAt: number | null;
}

const SINK = sql`id, name, settings, sealed_secrets as "sealedSecrets", paused, created_at as "createdAt",
  updated_at as "updatedAt"`;
const PROGRESS = sql`cursor, delivered, failed_attempts as "failedAttempts", lost,
  last_success_at as "lastSuccessAt", last_error as "lastError", next_attempt_at as "nextAttemptAt",
  alarm_since as "alarmSince", heartbeat_at as "heartbeatAt"`;
const DEAD = sql`id, at, kind, subject_id as "subjectId", reason, status, attempts, retry,
  sealed_event as "sealedEvent"`;

export function createSinkStore(database: Database) {
  async function insertDead(tx: Database, sinkId: string, dead: readonly NewDeadLetter[]): Promise<void> {
    for (const one of dead) {
      await sql`insert into sink_dead_letters (id, sink_id, at, kind, subject_id, reason, status, sealed_event)
        values (${one.id}, ${sinkId}, ${one.at}, ${one.kind}, ${one.subjectId}, ${one.reason}, ${one.status},
          ${one.sealedEvent})`.execute(tx);
    }
  }

  return Object.freeze({
    list: async (): Promise<readonly StoredSink[]> =>
      (await sql<StoredSink>`select ${SINK} from sinks order by name, id`.execute(database)).rows,

    find: async (id: string): Promise<StoredSink | undefined> =>
      (await sql<StoredSink>`select ${SINK} from sinks where id = ${id}`.execute(database)).rows[0],

    /** Throws a unique violation when the name is taken. */
    async create(
      sink: StoredSink,
      cursor: (tx: Database) => Promise<number>,
      witness: (tx: Database) => Promise<void>,
    ) {
      await database.transaction().execute(async (tx) => {
        await sql`insert into sinks (id, name, settings, sealed_secrets, paused, created_at, updated_at)
          values (${sink.id}, ${sink.name}, ${JSON.stringify(sink.settings)}::jsonb, ${sink.sealedSecrets},
            ${sink.paused}, ${sink.createdAt}, ${sink.updatedAt})`.execute(tx);
        await sql`insert into sink_progress (sink_id, cursor) values (${sink.id}, ${await cursor(tx)})`.execute(
          tx,
        );
        await witness(tx);
      });
    },

    /** The sink as it was, locked for the change that `decide` makes of it; undefined where there is none. */
    async change(
      id: string,
      decide: (before: StoredSink) => StoredSink,
      witness: (tx: Database, before: StoredSink, after: StoredSink) => Promise<void>,
    ): Promise<StoredSink | undefined> {
      return await database.transaction().execute(async (tx) => {
        const before = (
          await sql<StoredSink>`select ${SINK} from sinks where id = ${id} for update`.execute(tx)
        ).rows[0];
        if (!before) return undefined;
        const after = decide(before);
        await sql`update sinks set name = ${after.name}, settings = ${JSON.stringify(after.settings)}::jsonb,
          sealed_secrets = ${after.sealedSecrets}, paused = ${after.paused}, updated_at = ${after.updatedAt}
          where id = ${id}`.execute(tx);
        // Whatever was changed, there is no reason left to wait.
        await sql`update sink_progress set next_attempt_at = null where sink_id = ${id}`.execute(tx);
        await witness(tx, before, after);
        return after;
      });
    },

    async remove(id: string, witness: (tx: Database, name: string) => Promise<void>): Promise<boolean> {
      return await database.transaction().execute(async (tx) => {
        const gone = await sql<{ name: string }>`delete from sinks where id = ${id} returning name`.execute(
          tx,
        );
        const [sink] = gone.rows;
        if (sink) await witness(tx, sink.name);
        return sink !== undefined;
      });
    },

    progress: async (sinkId: string): Promise<Progress | undefined> =>
      (await sql<Progress>`select ${PROGRESS} from sink_progress where sink_id = ${sinkId}`.execute(database))
        .rows[0],

    /** False when the sink is not where `from` says: another server has moved it on, or it is gone. */
    async advance(step: Advance): Promise<boolean> {
      return await database.transaction().execute(async (tx) => {
        const moved =
          await sql`update sink_progress set cursor = ${step.to}, delivered = delivered + ${step.delivered},
            lost = lost + ${step.lost},
            last_success_at = coalesce(${step.successAt}::bigint, last_success_at), next_attempt_at = null
          where sink_id = ${step.sinkId} and cursor = ${step.from}`.execute(tx);
        if (Number(moved.numAffectedRows ?? 0) === 0) return false;
        await insertDead(tx, step.sinkId, step.dead);
        return true;
      });
    },

    async failed(sinkId: string, error: SinkError, nextAttemptAt: number): Promise<void> {
      await sql`update sink_progress set failed_attempts = failed_attempts + 1,
        last_error = ${JSON.stringify(error)}::jsonb, next_attempt_at = ${nextAttemptAt}
        where sink_id = ${sinkId}`.execute(database);
    },

    async heartbeat(sinkId: string, nowMs: number): Promise<void> {
      await sql`update sink_progress set heartbeat_at = ${nowMs} where sink_id = ${sinkId}`.execute(database);
    },

    /** True when this call was the one that changed it. */
    async setAlarm(sinkId: string, since: number | null, within: Database): Promise<boolean> {
      const done = await sql`update sink_progress set alarm_since = ${since}
        where sink_id = ${sinkId} and (alarm_since is null) <> ${since === null}`.execute(within);
      return Number(done.numAffectedRows ?? 0) > 0;
    },

    deadCount: async (sinkId: string): Promise<number> =>
      (
        await sql<{
          n: number;
        }>`select count(*) as n from sink_dead_letters where sink_id = ${sinkId}`.execute(database)
      ).rows[0]?.n ?? 0,

    deadLetters: async (
      sinkId: string,
      before: string | null,
      limit: number,
    ): Promise<readonly StoredDeadLetter[]> =>
      (
        await sql<StoredDeadLetter>`select ${DEAD} from sink_dead_letters where sink_id = ${sinkId}
          and (${before}::uuid is null or id < ${before}::uuid) order by id desc limit ${limit}`.execute(
          database,
        )
      ).rows,

    toRetry: async (sinkId: string, limit: number): Promise<readonly StoredDeadLetter[]> =>
      (
        await sql<StoredDeadLetter>`select ${DEAD} from sink_dead_letters where sink_id = ${sinkId} and retry
          order by id limit ${limit}`.execute(database)
      ).rows,

    async askRetry(sinkId: string, ids: readonly string[] | null, within: Database): Promise<number> {
      const done = await sql`update sink_dead_letters set retry = true where sink_id = ${sinkId}
        and (${ids}::uuid[] is null or id = any(${ids}::uuid[]))`.execute(within);
      return Number(done.numAffectedRows ?? 0);
    },

    async discard(sinkId: string, ids: readonly string[] | null, within: Database): Promise<number> {
      const done = await sql`delete from sink_dead_letters where sink_id = ${sinkId}
        and (${ids}::uuid[] is null or id = any(${ids}::uuid[]))`.execute(within);
      return Number(done.numAffectedRows ?? 0);
    },

    /** Dead letters that were sent again: those taken go, those refused once more stay and say why. */
    async retried(
      sinkId: string,
      taken: readonly string[],
      refused: readonly { readonly id: string; readonly reason: string; readonly status: number | null }[],
      nowMs: number,
    ): Promise<void> {
      await database.transaction().execute(async (tx) => {
        await sql`delete from sink_dead_letters where sink_id = ${sinkId} and id = any(${taken}::uuid[])`.execute(
          tx,
        );
        for (const { id, reason, status } of refused) {
          await sql`update sink_dead_letters set retry = false, attempts = attempts + 1, reason = ${reason},
            status = ${status} where id = ${id}`.execute(tx);
        }
        if (taken.length > 0) {
          await sql`update sink_progress set delivered = delivered + ${taken.length}, last_success_at = ${nowMs}
            where sink_id = ${sinkId}`.execute(tx);
        }
      });
    },

    transaction: <T>(run: (tx: Database) => Promise<T>): Promise<T> => database.transaction().execute(run),
  });
}
export type SinkStore = ReturnType<typeof createSinkStore>;
export type { SinkSettings };
