import { randomBytes } from 'node:crypto';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import { checkpointText } from '@bartizan/contracts/tlog/checkpoint.ts';
import { EMPTY_ROOT, HASH_BYTES } from '@bartizan/contracts/tlog/hash.ts';
import { formatNote } from '@bartizan/contracts/tlog/note.ts';
import { sql } from 'kysely';
import type { Clock } from '../kernel/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { addKey, openKeys, readKeys } from './keys.ts';
import { type AuditLog, type Executor, SYSTEM, sealKeyOf, sealOf } from './log.ts';
import type { Noticed } from './memory.ts';
import { type EntryRow, hashOf, readUnplaced } from './rows.ts';
import { readHead } from './tree-store.ts';

export interface BeginDeps {
  readonly database: Database;
  readonly masterKey: MasterKey;
  readonly log: AuditLog;
  readonly clock: Clock;
}

/** Any fixed number: names the lock that beginning servers take turns on. */
const BEGIN_LOCK = 4_203_318_002;

/** Makes key and empty tree where there is none. Entries of before are placed first; then one says that it began. */
export async function beginLog({ database, masterKey, log, clock }: BeginDeps): Promise<void> {
  if ((await readHead(database)) !== null) return;
  await database.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(${BEGIN_LOCK})`.execute(tx);
    if ((await readHead(tx)) !== null) return;
    const origin = `bartizan/audit/${randomBytes(8).toString('hex')}`;
    const nowMs = clock.now();
    const key = await addKey(tx, { origin, master: masterKey, nowMs, before: null });
    const { signer } = openKeys(await readKeys(tx), masterKey);
    const text = checkpointText({ origin, size: 0, root: EMPTY_ROOT, at: nowMs });
    const note = formatNote({ text, signatures: [signer.sign(text)] });
    await sql`insert into audit_tree (origin, size, root, key_id, checkpoint)
      values (${origin}, 0, ${EMPTY_ROOT}, ${signer.keyId}, ${note})`.execute(tx);
    let before = 0;
    for await (const page of readUnplaced(tx)) before += await queue(tx, page, masterKey);
    const detail = { origin, verifierKey: key.verifierKey, entriesBefore: before };
    await log.record({ actor: SYSTEM, action: 'audit.log-started', subject: `audit:${origin}`, detail }, tx);
  });
}

const CHUNK = 1_000;

/** Lets entries wait for a place as if they had been written just now. */
async function queue(within: Executor, rows: readonly EntryRow[], masterKey: MasterKey): Promise<number> {
  const sealKey = sealKeyOf(masterKey);
  for (let from = 0; from < rows.length; from += CHUNK) {
    const chunk = rows.slice(from, from + CHUNK);
    const ids = chunk.map(({ id }) => id);
    const leaves = Buffer.concat(chunk.map(hashOf), chunk.length * HASH_BYTES);
    await sql`insert into audit_waiting (ids, leaves, seal)
      values (string_to_array(${ids.join()}, ',')::uuid[], ${leaves}, ${sealOf(sealKey, ids, leaves)})`.execute(
      within,
    );
  }
  return rows.length;
}

/** Ids that a notice names. */
const NAMED = 20;

/** Finds entries that nobody let wait, tells of them, and lets them wait: they are in the log, and so is the notice. */
export async function adopt(
  { database, masterKey }: Pick<BeginDeps, 'database' | 'masterKey'>,
  notice: (noticed: Noticed) => void,
): Promise<number> {
  let count = 0;
  for await (const page of readUnplaced(database)) {
    await database.transaction().execute(async (tx) => {
      await readHead(tx, { lock: true });
      const ids = page.map(({ id }) => id);
      const { rows } = await sql<{ id: string }>`select id from unnest(${ids}::uuid[]) as p(id)
        where exists (select from audit_sequence s where s.id = p.id)
          or p.id in (select unnest(ids) from audit_waiting)`.execute(tx);
      const known = new Set(rows.map(({ id }) => id));
      const left = page.filter(({ id }) => !known.has(id));
      if (left.length === 0) return;
      count += await queue(tx, left, masterKey);
      const names = left.slice(0, NAMED).map(({ id }) => id);
      notice({
        kind: 'entry-inserted',
        message: `${left.length} entries were in the table without waiting for a place: ${names.join(', ')}${left.length > NAMED ? ', …' : ''}.`,
      });
    });
  }
  return count;
}
