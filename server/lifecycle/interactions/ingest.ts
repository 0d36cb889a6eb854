import { setImmediate as nextTurn } from 'node:timers/promises';
import type { InteractionRecord } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { AuditLog } from '../../audit/index.ts';
import { AppError } from '../../kernel/error.ts';
import type { Database } from '../../platform/database/types.ts';
import { isDataException, isRetryable } from '../sql-state.ts';
import type { ContentKeys } from './content-keys.ts';
import { NO_DAY } from './content-keys.ts';
import { bySize, type PackedContents, packContents } from './pack.ts';
import type { Partitions } from './partitions.ts';
import { addToRollups } from './rollups.ts';
import { type Prepared, prepare } from './seal-record.ts';
import { recordBatch } from './verdict-batches.ts';
import type { BlindIndex } from './words.ts';

export interface IngestDeps {
  readonly database: Database;
  readonly partitions: Pick<Partitions, 'ensure' | 'forget'>;
  readonly keys: Pick<ContentKeys, 'forSealing' | 'forget'>;
  readonly index: BlindIndex;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly now: () => number;
  /** Names this process in notifications, so that it can leave its own aside. */
  readonly instance: string;
}

const ATTEMPTS = 8;
const HOUR_MS = 3_600_000;
/** Longest stretch of sealing before other requests get their turn. */
const SLICE_MS = 15;
/** Ids told to other servers: keeps a notification under PostgreSQL's 8,000 bytes. */
const MAX_NOTIFIED = 100;

/** A day's partition was dropped between looking and writing. */
class PartitionGone extends Error {}

const ROW_COLUMNS = sql.raw(`at bigint, id uuid, expires_at bigint, endpoint_id uuid, endpoint_slug text,
  key_id uuid, key_name text, user_name text, api text, model text, streamed boolean, status integer,
  outcome text, verdict text, would_be text, checks text[], total_ms double precision, tokens bigint,
  policy_id uuid, policy_version integer, retention text`);
const ROW_NAMES = sql.raw(`at, id, expires_at, endpoint_id, endpoint_slug, key_id, key_name, user_name, api,
  model, streamed, status, outcome, verdict, would_be, checks, total_ms, tokens, policy_id, policy_version,
  retention`);

/**
 * Holds the days that are written to, so that expiry cannot drop them meanwhile, and widens their expiry.
 * `key share` lets other batches do the same at once.
 */
async function holdDays(tx: Database, batch: readonly Prepared[]): Promise<void> {
  const spans = new Map<number, { first: number; last: number }>();
  for (const { keyDay, record } of batch) {
    if (keyDay === NO_DAY) continue;
    const expiry = Math.ceil(record.expiresAt / HOUR_MS) * HOUR_MS;
    const span = spans.get(keyDay) ?? { first: expiry, last: expiry };
    spans.set(keyDay, { first: Math.min(span.first, expiry), last: Math.max(span.last, expiry) });
  }
  const days = [...spans.keys()];
  if (days.length === 0) return;
  const { rows } = await sql<{ day: number; first: number | null; last: number | null }>`
    select day, first_expiry as first, last_expiry as last from interaction_days
    where day = any(${days}::bigint[]) order by day for key share`.execute(tx);
  if (rows.length < days.length) throw new PartitionGone();
  for (const row of rows) {
    const span = spans.get(row.day);
    if (!span || ((row.first ?? Infinity) <= span.first && (row.last ?? 0) >= span.last)) continue;
    await sql`update interaction_days set first_expiry = least(first_expiry, ${span.first}),
      last_expiry = greatest(last_expiry, ${span.last}) where day = ${row.day}`.execute(tx);
  }
}

async function insertRows(tx: Database, batch: readonly Prepared[]): Promise<Set<string>> {
  const rows = JSON.stringify(batch.map(({ row }) => row));
  const inserted = await sql<{ id: string }>`
    insert into interactions (${ROW_NAMES})
    select ${ROW_NAMES} from json_to_recordset(${rows}::json) as r(${ROW_COLUMNS})
    on conflict do nothing returning id`.execute(tx);
  return new Set(inserted.rows.map(({ id }) => id));
}

async function insertContents(tx: Database, batch: readonly Prepared[]): Promise<void> {
  for (const chunk of bySize(batch)) await insertChunk(tx, packContents(chunk));
}

async function insertChunk(tx: Database, packed: PackedContents): Promise<void> {
  const { bytes, words, rows } = packed;
  await sql`
    insert into interaction_contents (at, id, expires_at, key_day, excerpt, body, raw, words)
    select at, id, expires_at, key_day,
      case when excerpt_bytes > 0 then substr(${bytes}::bytea, start, excerpt_bytes) end,
      substr(${bytes}::bytea, start + excerpt_bytes, body_bytes),
      case when raw_bytes > 0 then substr(${bytes}::bytea, start + excerpt_bytes + body_bytes, raw_bytes) end,
      coalesce((${words}::bigint[])[first_word : first_word + word_count - 1], '{}')
    from json_to_recordset(${JSON.stringify(rows)}::json) as r(at bigint, id uuid, expires_at bigint,
      key_day bigint, start integer, excerpt_bytes integer, body_bytes integer, raw_bytes integer,
      first_word integer, word_count integer)`.execute(tx);
}

async function store(deps: IngestDeps, batch: readonly Prepared[]): Promise<Prepared[]> {
  return await deps.database.transaction().execute(async (tx) => {
    await holdDays(tx, batch);
    const ids = await insertRows(tx, batch);
    const fresh = batch.filter(({ record }) => ids.has(record.id));
    if (fresh.length === 0) return fresh;
    await insertContents(tx, fresh);
    await addToRollups(
      tx,
      fresh.map(({ record }) => record),
    );
    await recordBatch(tx, fresh, { audit: deps.audit, nowMs: deps.now() });
    const told = fresh.slice(-MAX_NOTIFIED).map(({ record }) => record);
    const payload = JSON.stringify({
      from: deps.instance,
      since: Math.min(...told.map(({ at }) => at)),
      ids: told.map(({ id }) => id.replaceAll('-', '')),
    });
    await sql`select pg_notify('bartizan_interactions', ${payload})`.execute(tx);
    return fresh;
  });
}

/** Each interaction once, ordered by key so that two transactions write in the same order. */
function unique(records: readonly InteractionRecord[]): InteractionRecord[] {
  const byKey = new Map(records.map((record) => [`${record.at}|${record.id}`, record]));
  return [...byKey.values()].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
}

export function createIngest(deps: IngestDeps) {
  const { partitions, keys, index, now } = deps;

  async function prepareAll(records: readonly InteractionRecord[]): Promise<Prepared[]> {
    const nowMs = now();
    const prepared: Prepared[] = [];
    let sliceStart = performance.now();
    for (const record of records) {
      prepared.push(await prepare(record, { keys, index, nowMs }));
      if (performance.now() - sliceStart < SLICE_MS) continue;
      await nextTurn();
      sliceStart = performance.now();
    }
    return prepared;
  }

  async function storeWithRetries(records: readonly InteractionRecord[]): Promise<Prepared[]> {
    for (let attempt = 1; ; attempt += 1) {
      // Anew for each attempt: the key of a day that was dropped meanwhile is gone with it.
      const batch = await prepareAll(records);
      const days = new Set(batch.map(({ keyDay }) => keyDay).filter((day) => day !== NO_DAY));
      try {
        await partitions.ensure(days);
        return await store(deps, batch);
      } catch (error) {
        const gone = error instanceof PartitionGone;
        if (!(gone || isRetryable(error)) || attempt >= ATTEMPTS) throw error;
        if (!gone) continue;
        partitions.forget(days);
        for (const day of days) keys.forget(day);
      }
    }
  }

  /** Stores what can be stored, one by one, and throws `invalid_input` naming what cannot. */
  async function storeSingly(records: readonly InteractionRecord[], given: readonly InteractionRecord[]) {
    const issues: { path: string; message: string }[] = [];
    const fresh: Prepared[] = [];
    for (const record of records) {
      try {
        fresh.push(...(await storeWithRetries([record])));
      } catch (error) {
        if (!isDataException(error)) throw error;
        issues.push({ path: `interactions.${given.indexOf(record)}`, message: 'cannot be stored' });
      }
    }
    return { fresh, issues };
  }

  return Object.freeze({
    /**
     * Stores interactions, each once however often it is sent, in one transaction. Returns those that were new.
     * When the database refuses a value of one, the others are stored all the same and `invalid_input` is
     * thrown, after `onStored` was told of them, with the place of the refused ones.
     */
    async store(
      given: readonly InteractionRecord[],
      onStored: (fresh: readonly Prepared[]) => void,
    ): Promise<{ readonly stored: number; readonly known: number }> {
      const records = unique(given);
      let fresh: readonly Prepared[];
      let issues: readonly { path: string; message: string }[] = [];
      try {
        fresh = await storeWithRetries(records);
      } catch (error) {
        if (!isDataException(error)) throw error;
        ({ fresh, issues } = await storeSingly(records, given));
      }
      if (fresh.length > 0) onStored(fresh);
      if (issues.length > 0) {
        throw new AppError(
          'invalid_input',
          `${issues.length} of ${given.length} interactions cannot be stored`,
          {
            hint: 'All others are stored; leave out those that `issues` names.',
            issues,
          },
        );
      }
      return { stored: fresh.length, known: given.length - fresh.length };
    },
  });
}
export type Ingest = ReturnType<typeof createIngest>;
