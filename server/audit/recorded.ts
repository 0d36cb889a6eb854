import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import { HASH_BYTES } from '@bartizan/contracts/tlog/hash.ts';
import { inclusionRanges, type Range, verifyInclusion } from '@bartizan/contracts/tlog/proof.ts';
import { tilesFor } from '@bartizan/contracts/tlog/tiles.ts';
import { sql } from 'kysely';
import type { Database } from '../platform/database/index.ts';
import { openKeys, readKeys } from './keys.ts';
import { type Executor, sealKeyOf, sealOf } from './log.ts';
import { LogBroken } from './model.ts';
import { ENTRY_COLUMNS, type EntryRow, hashOf } from './rows.ts';
import { type Head, openHead, readHead, readTiles, rootsFrom } from './tree-store.ts';

/** An entry, and whether it is what was recorded. */
export interface RecordedEntry {
  readonly id: string;
  readonly at: number;
  readonly actor: { readonly kind: string; readonly id: string; readonly name: string };
  readonly action: string;
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

type PlacedEntry = EntryRow & { readonly index: number | null };
type Waiting = readonly { readonly ids: string; readonly leaves: Buffer; readonly seal: Buffer | null }[];

const PAGE = 500;
const MOST_FOUND = 100;

/** Reads entries back and checks them, without going through the whole log. */
export function createRecordedEntries({ database, masterKey }: RecordedDeps) {
  /** The signed head; null where there is none, or it is not one that was signed. */
  async function soundHead(within: Executor): Promise<Head | null> {
    try {
      const head = await readHead(within);
      if (head !== null) openHead(head, openKeys(await readKeys(within), masterKey).verifiers);
      return head;
    } catch (error) {
      if (error instanceof LogBroken) return null;
      throw error;
    }
  }

  /** Which of these rows are in the tree at their places: one query for the tiles of all. */
  async function inTree(rows: readonly PlacedEntry[], within: Executor): Promise<ReadonlySet<string>> {
    const head = await soundHead(within);
    const placed = rows.flatMap((row) =>
      row.index === null || head === null || row.index >= head.size ? [] : [{ row, index: row.index }],
    );
    if (head === null || placed.length === 0) return new Set();
    const { size, root } = head;
    const ranges = placed.map(({ index }) => inclusionRanges(index, size));
    const tiles = await readTiles(within, tilesFor(ranges.flat()));
    // Neighbours share most of their ranges.
    const known = new Map<string, Buffer>();
    const rootOf = (range: Range): Buffer => {
      const key = `${range.start}-${range.end}`;
      const found = known.get(key) ?? (rootsFrom(tiles, [range])[0] as Buffer);
      known.set(key, found);
      return found;
    };
    const sound = placed.filter(({ row, index }, at) => {
      try {
        const proof = (ranges[at] ?? []).map(rootOf);
        return verifyInclusion({ index, size, leafHash: hashOf(row), root, proof });
      } catch (error) {
        if (error instanceof LogBroken) return false;
        throw error;
      }
    });
    return new Set(sound.map(({ row }) => row.id));
  }

  function isWaiting(row: EntryRow, waiting: Waiting): boolean {
    const leaf = hashOf(row);
    return waiting.some(({ ids, leaves, seal }) => {
      const list = ids.split(',');
      const place = list.indexOf(row.id);
      if (place < 0) return false;
      const at = place * HASH_BYTES;
      if (!leaf.equals(leaves.subarray(at, at + HASH_BYTES))) return false;
      return seal === null || seal.equals(sealOf(sealKeyOf(masterKey), list, leaves));
    });
  }

  /** What waits of these. */
  async function waitingOf(ids: readonly string[], within: Executor): Promise<Waiting> {
    const { rows } = await sql<Waiting[number]>`select array_to_string(ids, ',') as ids, leaves, seal
      from audit_waiting where ids && ${ids}::uuid[]`.execute(within);
    return rows;
  }

  /** Places that these were given. */
  async function placesOf(ids: readonly string[], within: Executor): Promise<ReadonlyMap<string, number>> {
    const { rows } = await sql<{ id: string; index: number }>`select id, index from audit_sequence
      where id = any(${ids}::uuid[])`.execute(within);
    return new Map(rows.map(({ id, index }) => [id, index]));
  }

  async function standing(read: readonly PlacedEntry[], within: Executor): Promise<RecordedEntry[]> {
    const unplaced = read.filter(({ index }) => index === null).map(({ id }) => id);
    const waiting = unplaced.length === 0 ? [] : await waitingOf(unplaced, within);
    // In this order: what was given its place since the rows were read no longer waits, and has it by now.
    const places = unplaced.length === 0 ? new Map<string, number>() : await placesOf(unplaced, within);
    const rows = read.map((row) => ({ ...row, index: row.index ?? places.get(row.id) ?? null }));
    const sound = await inTree(rows, within);
    return rows.map(({ index, ...row }) => {
      const isSound = index === null ? isWaiting(row, waiting) : sound.has(row.id);
      const detail =
        typeof row.detail === 'object' && row.detail !== null && !Array.isArray(row.detail)
          ? (row.detail as Record<string, unknown>)
          : {};
      return {
        id: row.id,
        at: Math.round(row.at),
        actor: { kind: row.kind, id: row.who, name: row.name },
        action: row.action,
        detail,
        standing: !isSound ? 'broken' : index === null ? 'waiting' : 'in-tree',
        index,
      };
    });
  }

  /** Entries about the subject with one of these actions, oldest first, a page at a time; memory of one page. */
  async function* pages(
    subject: string,
    actions: readonly string[],
    { within = database, limit = PAGE }: { readonly within?: Executor; readonly limit?: number } = {},
  ): AsyncGenerator<readonly RecordedEntry[]> {
    for (let after = { at: '-infinity', id: '00000000-0000-0000-0000-000000000000' }; ; ) {
      const { rows } = await sql<PlacedEntry & { moment: string }>`
        select ${ENTRY_COLUMNS}, e.at::text as moment, s.index
        from audit_entries e left join audit_sequence s on s.id = e.id
        where e.subject = ${subject} and e.action = any(${[...actions]}::text[])
          and (e.at, e.id) > (${after.at}::timestamptz, ${after.id}::uuid)
        order by e.at, e.id limit ${limit}`.execute(within);
      if (rows.length === 0) return;
      yield await standing(rows, within);
      const last = rows.at(-1);
      if (rows.length < limit || last === undefined) return;
      after = { at: last.moment, id: last.id };
    }
  }

  return Object.freeze({
    pages,

    /** Entries with this action about this subject, oldest first; 100 at most. */
    async find(action: string, subject: string): Promise<readonly RecordedEntry[]> {
      for await (const page of pages(subject, [action], { limit: MOST_FOUND })) return page;
      return [];
    },

    /**
     * All entries about the subject with one of these actions, in the order of their places in the log; those without
     * a place come last, oldest first. For subjects to which little happens.
     */
    async history(
      subject: string,
      actions: readonly string[],
      within: Executor = database,
    ): Promise<readonly RecordedEntry[]> {
      const all: RecordedEntry[] = [];
      for await (const page of pages(subject, actions, { within })) all.push(...page);
      const place = ({ index }: RecordedEntry): number => index ?? Number.POSITIVE_INFINITY;
      // Stable: what has no place stays in the order of its time.
      return all.toSorted((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)));
    },
  });
}
export type RecordedEntries = ReturnType<typeof createRecordedEntries>;
