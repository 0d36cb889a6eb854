import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import { HASH_BYTES } from '@bartizan/contracts/tlog/hash.ts';
import { inclusionRanges, verifyInclusion } from '@bartizan/contracts/tlog/proof.ts';
import { sql } from 'kysely';
import type { Database } from '../platform/database/index.ts';
import { openKeys, readKeys } from './keys.ts';
import { sealKeyOf, sealOf } from './log.ts';
import { LogBroken } from './model.ts';
import { ENTRY_COLUMNS, type EntryRow, hashOf } from './rows.ts';
import { openHead, readHead, readRoots } from './tree-store.ts';

/** An entry, and whether it is what was recorded. */
export interface RecordedEntry {
  readonly id: string;
  readonly at: number;
  readonly detail: Readonly<Record<string, unknown>>;
  /**
   * `in-tree`: it is in the tree under a signed checkpoint. `waiting`: it was just written, and its place is about to be
   * given. `broken`: it is not what was recorded, or was put there behind the log's back.
   */
  readonly standing: 'in-tree' | 'waiting' | 'broken';
  /** Place in the log; null where it has none. */
  readonly index: number | null;
}

export interface RecordedDeps {
  readonly database: Database;
  /** Of the seals of waiting entries and the keys of the log. */
  readonly masterKey: MasterKey;
}

/** Reads single entries back and checks them, without going through the whole log. */
export function createRecordedEntries({ database, masterKey }: RecordedDeps) {
  async function isInTree(row: EntryRow, index: number): Promise<boolean> {
    try {
      const head = await readHead(database);
      if (head === null || index >= head.size) return false;
      openHead(head, openKeys(await readKeys(database), masterKey).verifiers);
      const proof = await readRoots(database, inclusionRanges(index, head.size));
      return verifyInclusion({ index, size: head.size, leafHash: hashOf(row), root: head.root, proof });
    } catch (error) {
      if (error instanceof LogBroken) return false;
      throw error;
    }
  }

  async function isWaiting(row: EntryRow): Promise<boolean> {
    const { rows } = await sql<{ ids: string; leaves: Buffer; seal: Buffer | null }>`
      select array_to_string(ids, ',') as ids, leaves, seal from audit_waiting
      where ids @> array[${row.id}]::uuid[]`.execute(database);
    const leaf = hashOf(row);
    return rows.some(({ ids, leaves, seal }) => {
      const list = ids.split(',');
      const at = list.indexOf(row.id) * HASH_BYTES;
      if (!leaf.equals(leaves.subarray(at, at + HASH_BYTES))) return false;
      return seal === null || seal.equals(sealOf(sealKeyOf(masterKey), list, leaves));
    });
  }

  return Object.freeze({
    /** Entries with this action about this subject, oldest first; 100 at most. */
    async find(action: string, subject: string): Promise<readonly RecordedEntry[]> {
      const { rows } = await sql<EntryRow & { index: number | null }>`
        select ${ENTRY_COLUMNS}, s.index from audit_entries e left join audit_sequence s on s.id = e.id
        where e.subject = ${subject} and e.action = ${action} order by e.at, e.id limit 100`.execute(
        database,
      );
      const found: RecordedEntry[] = [];
      for (const { index, ...row } of rows) {
        const sound = index === null ? await isWaiting(row) : await isInTree(row, index);
        const standing = !sound ? 'broken' : index === null ? 'waiting' : 'in-tree';
        const detail =
          typeof row.detail === 'object' && row.detail !== null && !Array.isArray(row.detail)
            ? (row.detail as Record<string, unknown>)
            : {};
        found.push({ id: row.id, at: Math.round(row.at), detail, standing, index });
      }
      return found;
    },
  });
}
export type RecordedEntries = ReturnType<typeof createRecordedEntries>;
