import { createHmac, hkdfSync } from 'node:crypto';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import { canonicalJson, leafText, MAX_LEAF_BYTES } from '@bartizan/contracts/tlog/canonical.ts';
import { HASH_BYTES, leafHash } from '@bartizan/contracts/tlog/hash.ts';
import { type QueryExecutorProvider, sql } from 'kysely';
import type { Clock } from '../kernel/clock.ts';
import { uuidv7 } from '../kernel/id.ts';
import type { Database } from '../platform/database/index.ts';

/** Who did something. */
export interface Actor {
  readonly kind: 'person' | 'key' | 'gateway' | 'scim' | 'system';
  readonly id: string;
  readonly name: string;
}

/** What Bartizan does by itself: set-up, expiry, seeding. */
export const SYSTEM: Actor = Object.freeze({ kind: 'system', id: 'system', name: 'Bartizan' });

export interface AuditEntry {
  readonly actor: Actor;
  /** `<domain>.<what happened>`, e.g. `keys.created`. */
  readonly action: string;
  /** What it happened to: `<kind>:<id>`. */
  readonly subject: string;
  /** Facts that an auditor needs; never secrets or content. `purpose` says why protected content was read. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Any connection or transaction of Kysely, whatever tables it knows. */
export type Executor = QueryExecutorProvider;

export interface AuditLog {
  /**
   * Adds an entry. Pass the transaction of the change as `within`, so that no change stands without its
   * entry and no entry without its change.
   */
  readonly record: (entry: AuditEntry, within?: Executor) => Promise<void>;
  /** Adds entries in this order, all or none; one statement for each 1,000. */
  readonly recordMany: (entries: readonly AuditEntry[], within?: Executor) => Promise<void>;
}

/** Entries that a statement wrote, as the process that wrote them remembers. */
export interface Written {
  /** First of them. */
  readonly id: string;
  readonly leaf: Buffer;
  readonly count: number;
  /** Transaction, for `pg_xact_status`. */
  readonly xid: string;
}

export interface AuditLogDeps {
  readonly database: Database;
  readonly clock: Clock;
  /**
   * Seals entries until they have a place in the tree, so that nobody without it can alter or add waiting ones
   * unnoticed. Without it, the sequencer takes what was written and notes that it came unsealed.
   */
  readonly masterKey?: MasterKey;
  readonly onWritten?: (written: Written) => void;
}

/** Entries of one statement. */
const CHUNK = 1_000;
/** Leaves room for the other fields of a leaf, whose length is bounded too. */
const MAX_DETAIL_BYTES = 48_000;
const MAX_FIELD = 1_000;

/** The key that seals waiting entries, derived from the master key (RFC 5869). */
export const sealKeyOf = (master: MasterKey): Buffer =>
  Buffer.from(hkdfSync('sha256', master.bytes, '', 'bartizan audit seal v1', 32));

/** Seals leaves (32 bytes each) with their ids, in this order. */
export function sealOf(sealKey: Uint8Array, ids: readonly string[], leaves: Uint8Array): Buffer {
  return createHmac('sha256', sealKey).update(ids.join(), 'latin1').update(leaves).digest();
}

/** PostgreSQL holds neither NUL nor lone surrogates. */
const storable = (text: string): string => text.replaceAll('\0', '\ufffd').toWellFormed();

function storableDeep(value: unknown): unknown {
  if (typeof value === 'string') return storable(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(storableDeep);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [storable(key), storableDeep(one)]));
}

/** As it will come back from the database; larger ones are replaced by their digest. */
function storableDetail(detail: AuditEntry['detail']): Record<string, unknown> {
  const text = JSON.stringify(detail);
  let plain = JSON.parse(text) as Record<string, unknown>;
  if (/\\u(?:0000|d[89a-f])/i.test(text)) plain = storableDeep(plain) as Record<string, unknown>;
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_DETAIL_BYTES) return plain;
  const { purpose } = plain;
  return {
    ...(typeof purpose === 'string' ? { purpose: purpose.slice(0, MAX_FIELD) } : {}),
    left_out: { bytes, sha256: leafHash(Buffer.from(canonicalJson(plain))).toString('hex') },
  };
}

const field = (text: string): string => storable(text).slice(0, MAX_FIELD).toWellFormed();

interface Prepared {
  readonly id: string;
  readonly leaf: Buffer;
  /** As `json_to_recordset` reads it. */
  readonly row: string;
}

function prepare(entry: AuditEntry, nowMs: number): Prepared {
  const id = uuidv7(nowMs);
  const actor = { kind: entry.actor.kind, id: field(entry.actor.id), name: field(entry.actor.name) };
  const [action, subject] = [field(entry.action), field(entry.subject)];
  const detail = storableDetail(entry.detail);
  const text = Buffer.from(leafText({ id, at: nowMs, actor, action, subject, detail }));
  if (text.length > MAX_LEAF_BYTES) throw new RangeError('an audit entry is too long');
  const row = JSON.stringify({
    id,
    at: nowMs,
    kind: actor.kind,
    who: actor.id,
    name: actor.name,
    action,
    subject,
    detail,
  });
  return { id, leaf: leafHash(text), row };
}

/** An append-only table whose entries get their place in a Merkle tree soon after they are committed. */
export function createAuditLog(deps: AuditLogDeps): AuditLog {
  const { database, clock, onWritten } = deps;
  const sealKey = deps.masterKey ? sealKeyOf(deps.masterKey) : null;

  async function write(entries: readonly AuditEntry[], within: Executor): Promise<void> {
    const nowMs = clock.now();
    const prepared = entries.map((entry) => prepare(entry, nowMs));
    const [first] = prepared;
    if (first === undefined) return;
    const ids = prepared.map(({ id }) => id);
    const leaves = Buffer.allocUnsafe(prepared.length * HASH_BYTES);
    for (const [i, { leaf }] of prepared.entries()) leaves.set(leaf, i * HASH_BYTES);
    const seal = sealKey === null ? null : sealOf(sealKey, ids, leaves);
    const { rows } = await sql<{ xid: string; added: number }>`
      with added as (
        insert into audit_entries (id, at, actor_kind, actor_id, actor_name, action, subject, detail)
        select id, to_timestamp(at / 1000.0), kind, who, name, action, subject, detail
        from json_to_recordset(${`[${prepared.map(({ row }) => row).join()}]`}::json) as r(id uuid, at numeric,
          kind text, who text, name text, action text, subject text, detail jsonb)
        returning 1),
      waiting as (
        insert into audit_waiting (ids, leaves, seal)
        values (string_to_array(${ids.join()}, ',')::uuid[], ${leaves}, ${seal}) returning 1)
      select pg_current_xact_id()::text as xid, (select count(*)::integer from added) as added from waiting`.execute(
      within,
    );
    const [written] = rows;
    // A trigger or rule that somebody put there could swallow the rows without an error.
    if (rows.length !== 1 || written?.added !== prepared.length) {
      throw new Error(
        'the audit log did not take an entry: triggers or rules of somebody else are on its tables',
      );
    }
    onWritten?.({ id: first.id, leaf: first.leaf, count: prepared.length, xid: written.xid });
  }

  async function recordMany(entries: readonly AuditEntry[], within?: Executor): Promise<void> {
    if (within === undefined && entries.length > CHUNK) {
      await database.transaction().execute((tx) => recordMany(entries, tx));
      return;
    }
    for (let at = 0; at < entries.length; at += CHUNK) {
      await write(entries.slice(at, at + CHUNK), within ?? database);
    }
  }

  return Object.freeze({
    record: (entry: AuditEntry, within: Executor = database) => write([entry], within),
    recordMany,
  });
}
