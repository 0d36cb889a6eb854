import { align, type Hashes, type Run } from './align.ts';
import { HASH_BYTES } from './hash.ts';
import { createRuns, inPlace, type Runs } from './order.ts';
import { createSorter, type Sorter } from './sort.ts';
import type { Spill } from './types.ts';

/** What became of a record. Positions count from 0: `was` in the earlier version, `now` in the later one. */
export type Change =
  /** Another record stands at its place between the same neighbours. */
  | { readonly kind: 'altered'; readonly was: number; readonly now: number }
  | { readonly kind: 'added'; readonly now: number }
  | { readonly kind: 'removed'; readonly was: number }
  /** The same record, in another order to the others. */
  | { readonly kind: 'moved'; readonly was: number; readonly now: number };

export interface Comparison {
  /** Records of each version. */
  readonly was: number;
  readonly now: number;
  /** Whether both versions are the same records in the same order. */
  readonly same: boolean;
  /**
   * Every change, moved ones first, then the others by place. Ask once; `close` where it is not read to its end.
   */
  readonly changes: () => AsyncGenerator<Change>;
  readonly close: () => Promise<void>;
}

export interface ComparisonOptions {
  readonly spill: Spill;
  /** Bytes that sorting may hold at a time. Default 64 MiB. */
  readonly memoryBytes?: number;
}

const POSITION_BYTES = 5;
const LONE_BYTES = HASH_BYTES + 1 + POSITION_BYTES;
/** Positions are written in 5 bytes. */
export const MAX_ROWS = 2 ** 40;

const positionBytes = (position: number): Buffer => {
  if (position >= MAX_ROWS) throw new RangeError('there are more than 2^40 records');
  const bytes = Buffer.alloc(POSITION_BYTES);
  bytes.writeUIntBE(position, 0, POSITION_BYTES);
  return bytes;
};
const positionAt = (row: Uint8Array, at: number): number => {
  let position = 0;
  for (let i = 0; i < POSITION_BYTES; i++) position = position * 256 + (row[at + i] as number);
  return position;
};

/** Past so many runs, matches that are far apart count as moved without a look at their order: 64 bytes a run. */
const MAX_RUNS = 2_000_000;

interface Scratch {
  readonly lone: Sorter;
  readonly pairs: Sorter;
  readonly removed: Sorter;
  readonly added: Sorter;
}

/**
 * Compares two versions by the hashes of their records, as lists: what is in both is matched, equal records in their
 * order. One pass over each, then external sorting of the records that found no partner nearby only: O(n) time for
 * versions that hardly differ, O(n log n) at worst; memory as given, plus 24 bytes for each stretch of equal records
 * and, where records moved, 40 more for each of up to 2 million.
 */
export async function compareHashes(
  was: Hashes,
  now: Hashes,
  options: ComparisonOptions,
): Promise<Comparison> {
  const sorter = (width: number): Sorter =>
    createSorter({ width, ...options, memoryBytes: (options.memoryBytes ?? 2 ** 26) / 4 });
  const scratch: Scratch = {
    lone: sorter(LONE_BYTES),
    pairs: sorter(2 * POSITION_BYTES),
    removed: sorter(POSITION_BYTES),
    added: sorter(POSITION_BYTES),
  };
  const runs = createRuns();
  const row = Buffer.alloc(LONE_BYTES);
  const lone = (side: 'was' | 'now', hash: Uint8Array, position: number): Promise<void> | void => {
    row.set(hash);
    row[HASH_BYTES] = side === 'was' ? 0 : 1;
    row.set(positionBytes(position), HASH_BYTES + 1);
    return scratch.lone.add(row);
  };
  const close = async (): Promise<void> => {
    for (const one of Object.values(scratch)) await (one as Sorter).close();
  };
  try {
    const rows = await align(was, now, { run: runs.add, lone });
    return Object.freeze({
      ...rows,
      same: scratch.lone.count() === 0,
      changes: () => changesIn(runs, scratch, close),
      close,
    });
  } catch (error) {
    await close();
    throw error;
  }
}

async function* changesIn(
  aligned: Runs,
  scratch: Scratch,
  close: () => Promise<void>,
): AsyncGenerator<Change> {
  try {
    await match(scratch);
    const runs = createRuns();
    let at = 0;
    for await (const row of scratch.pairs.sorted()) {
      const pair: Run = { was: positionAt(row, 0), now: positionAt(row, POSITION_BYTES), length: 1 };
      for (; at < aligned.count() && aligned.at(at).was < pair.was; at++) runs.add(aligned.at(at));
      if (runs.count() < MAX_RUNS) runs.add(pair);
      else yield { kind: 'moved', was: pair.was, now: pair.now };
    }
    for (; at < aligned.count(); at++) runs.add(aligned.at(at));
    const kept = scratch.pairs.count() === 0 ? null : inPlace(runs);
    const ordered = kept === null ? 0 : runs.count();
    for (let index = 0; index < ordered; index++) {
      if (kept?.[index] === 1) continue;
      const { was, now, length } = runs.at(index);
      for (let i = 0; i < length; i++) yield { kind: 'moved', was: was + i, now: now + i };
    }
    yield* leftOver(kept === null ? runs : keptRuns(runs, kept), scratch);
  } finally {
    await close();
  }
}

/** Brings together lone records of the same hash, the first with the first, and parts those that stay alone. */
async function match({ lone, pairs, removed, added }: Scratch): Promise<void> {
  let hash: Buffer = Buffer.alloc(0);
  let waiting: number[] = [];
  let next = 0;
  const flush = async (): Promise<void> => {
    for (; next < waiting.length; next++) await removed.add(positionBytes(waiting[next] as number));
    waiting = [];
    next = 0;
  };
  for await (const row of lone.sorted()) {
    if (Buffer.compare(hash, row.subarray(0, HASH_BYTES)) !== 0) {
      await flush();
      hash = Buffer.from(row.subarray(0, HASH_BYTES));
    }
    const position = positionAt(row, HASH_BYTES + 1);
    if (row[HASH_BYTES] === 0) waiting.push(position);
    else if (next < waiting.length)
      await pairs.add(Buffer.concat([positionBytes(waiting[next++] as number), positionBytes(position)]));
    else await added.add(positionBytes(position));
  }
  await flush();
}

/** Where the gaps between the runs that kept their place begin: rising in both versions. */
function keptRuns(runs: Runs, kept: Uint8Array): Runs {
  const places = createRuns();
  for (let index = 0; index < runs.count(); index++) if (kept[index] === 1) places.add(runs.at(index));
  return places;
}

/** Of the records without a partner, those in the same gap are altered ones, in their order. */
async function* leftOver(places: Runs, { removed, added }: Scratch): AsyncGenerator<Change> {
  const olds = gaps(removed.sorted(), places, 'was');
  const news = gaps(added.sorted(), places, 'now');
  let [old, fresh] = [await olds.next(), await news.next()];
  while (!old.done || !fresh.done) {
    const oldGap = old.done ? Number.POSITIVE_INFINITY : old.value.gap;
    const freshGap = fresh.done ? Number.POSITIVE_INFINITY : fresh.value.gap;
    const was = oldGap <= freshGap && !old.done ? old.value.position : null;
    const now = freshGap <= oldGap && !fresh.done ? fresh.value.position : null;
    if (was !== null) old = await olds.next();
    if (now !== null) fresh = await news.next();
    if (was !== null && now !== null) yield { kind: 'altered', was, now };
    else if (was !== null) yield { kind: 'removed', was };
    else if (now !== null) yield { kind: 'added', now };
  }
}

async function* gaps(
  positions: AsyncIterable<Uint8Array>,
  places: Runs,
  side: 'was' | 'now',
): AsyncGenerator<{ readonly gap: number; readonly position: number }> {
  let gap = 0;
  for await (const row of positions) {
    const position = positionAt(row, 0);
    while (gap < places.count() && places.at(gap)[side] < position) gap += 1;
    yield { gap, position };
  }
}
