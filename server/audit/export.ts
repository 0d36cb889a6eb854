import { exportLine } from '@bartizan/contracts/tlog/export.ts';
import { HASH_BYTES } from '@bartizan/contracts/tlog/hash.ts';
import { TILE_WIDTH, tileKey, tilesOnLevel, tileWidth } from '@bartizan/contracts/tlog/tiles.ts';
import { sql } from 'kysely';
import type { Database } from '../platform/database/index.ts';
import { readKeys } from './keys.ts';
import type { Executor } from './log.ts';
import { readPlaces, textOf } from './rows.ts';
import { readHead, readTiles } from './tree-store.ts';
import { readCosignatures, readWitnesses, withLines } from './witnesses.ts';

/** Earlier checkpoints that go along: they tell where a rewritten log departs. */
const EARLIER = 500;
/** Blocks that are read at once. */
const BLOCKS = 16;

export interface KeptCheckpoint {
  readonly size: number;
  readonly root: Buffer;
  readonly at: number;
  readonly keyId: string;
  readonly note: string;
}

/** Of sizes up to this one, newest first. */
export async function readCheckpoints(
  within: Executor,
  below: number,
  limit: number,
): Promise<KeptCheckpoint[]> {
  const { rows } = await sql<KeptCheckpoint>`
    select size, root, at, key_id as "keyId", note from audit_checkpoints
    where size < ${below}::bigint order by size desc limit ${limit}`.execute(within);
  return rows;
}

/** The hashes of a level of the tree as they are stored, tile after tile; short where somebody took some away. */
export async function* readLevel(
  within: Executor,
  level: number,
  size: number,
): AsyncGenerator<Buffer, void> {
  const count = tilesOnLevel(level, size);
  for (let from = 0; from < count; from += BLOCKS) {
    const wanted = Array.from({ length: Math.min(BLOCKS, count - from) }, (_, i) => ({
      level,
      number: from + i,
    }));
    const tiles = await readTiles(within, wanted);
    for (const { number } of wanted) {
      const bytes = tileWidth(level, number, size) * HASH_BYTES;
      yield (tiles.get(tileKey(level, number)) ?? Buffer.alloc(0)).subarray(0, bytes);
    }
  }
}

async function* headLines(database: Database, nowMs: number): AsyncGenerator<string, number> {
  const head = await readHead(database);
  if (head === null) return 0;
  yield exportLine.log({ origin: head.origin, size: head.size, exportedAt: nowMs });
  for (const key of (await readKeys(database)).toReversed()) yield exportLine.key(key);
  for (const { verifierKey } of await readWitnesses(database)) yield exportLine.witness(verifierKey);
  const earlier = (await readCheckpoints(database, head.size, EARLIER)).toReversed();
  const cosigned = await readCosignatures(database, [...earlier.map(({ size }) => size), head.size]);
  for (const { size, note } of [...earlier, { size: head.size, note: head.checkpoint }]) {
    const lines = cosigned.filter((one) => one.size === size).map((one) => one.line);
    yield exportLine.checkpoint(withLines(note, lines));
  }
  return head.size;
}

/** The whole log as the lines of contracts/tlog/export.ts; 16 blocks in memory at a time. */
export async function* exportLog(
  database: Database,
  { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal },
): AsyncGenerator<string, number> {
  const size = yield* headLines(database, nowMs);
  for await (const hashes of readLevel(database, 1, size)) yield exportLine.tree(hashes);
  const edge = { level: 0, number: Math.floor(size / TILE_WIDTH) };
  const bytes = (size % TILE_WIDTH) * HASH_BYTES;
  if (bytes > 0) {
    const tile = (await readTiles(database, [edge])).get(tileKey(edge.level, edge.number));
    yield exportLine.edge((tile ?? Buffer.alloc(0)).subarray(0, bytes));
  }
  let start = 0;
  let written = 0;
  for await (const leaves of readLevel(database, 0, size)) {
    if (signal.aborted) return written;
    let lines = exportLine.leaves(start, leaves);
    for (const { index, entry } of await readPlaces(database, start, Math.min(start + TILE_WIDTH, size))) {
      if (entry === null) continue;
      lines += exportLine.entry(index, textOf(entry));
      written += 1;
    }
    yield lines;
    start += TILE_WIDTH;
  }
  yield exportLine.end(written);
  return written;
}
