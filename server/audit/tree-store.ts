import { openCheckpoint, type SignedCheckpoint } from '@bartizan/contracts/tlog/checkpoint.ts';
import { HASH_BYTES } from '@bartizan/contracts/tlog/hash.ts';
import type { Verifier } from '@bartizan/contracts/tlog/note.ts';
import type { Range } from '@bartizan/contracts/tlog/proof.ts';
import {
  createEdge,
  type Edge,
  type GrownTile,
  rangeRoot,
  TILE_WIDTH,
  tileKey,
  tilesFor,
} from '@bartizan/contracts/tlog/tiles.ts';
import { sql } from 'kysely';
import type { Executor } from './log.ts';
import { LogBroken } from './model.ts';

export interface Head {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  readonly keyId: string;
  /** Signed note over size and root. */
  readonly checkpoint: string;
}

/** Null before the log was begun. `lock` holds it for the transaction: only one extends the tree. */
export async function readHead(within: Executor, options: { lock?: boolean } = {}): Promise<Head | null> {
  const { rows } = await sql<Head>`
    select origin, size, root, key_id as "keyId", checkpoint from audit_tree
    ${options.lock ? sql`for update` : sql``}`.execute(within);
  return rows[0] ?? null;
}

/** The head's checkpoint, signed by a key of the log and over the very size and root of the head. */
export function openHead(head: Head, verifiers: readonly Verifier[]): SignedCheckpoint {
  const opened = openCheckpoint(head.checkpoint, verifiers);
  if (opened?.origin === head.origin && opened.size === head.size && opened.root.equals(head.root))
    return opened;
  throw new LogBroken(
    'checkpoint-altered',
    'The newest checkpoint in the database is not one that was signed.',
  );
}

interface TileRow {
  readonly level: number;
  readonly number: number;
  readonly hashes: Buffer;
}

/** Those of the tiles that there are. */
export async function readTiles(
  within: Executor,
  wanted: readonly { readonly level: number; readonly number: number }[],
): Promise<Map<string, Buffer>> {
  const levels = wanted.map(({ level }) => level);
  const numbers = wanted.map(({ number }) => number);
  const { rows } = await sql<TileRow>`
    select t.level, t.number, t.hashes
    from unnest(${levels}::integer[], ${numbers}::bigint[]) as w(level, number)
    join audit_tiles t on t.level = w.level and t.number = w.number`.execute(within);
  return new Map(rows.map(({ level, number, hashes }) => [tileKey(level, number), hashes]));
}

/** Roots over ranges that begin a subtree, from these tiles. Throws {@link LogBroken} where hashes are missing. */
export function rootsFrom(tiles: ReadonlyMap<string, Buffer>, ranges: readonly Range[]): Buffer[] {
  const source = (level: number, number: number): Buffer => {
    const hashes = tiles.get(tileKey(level, number));
    if (hashes) return hashes;
    throw new LogBroken('tree-altered', `Tile ${number} on level ${level} of the tree is missing.`);
  };
  try {
    return ranges.map((range) => rangeRoot(range, source));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new LogBroken('tree-altered', 'A tile of the tree is shorter than it was.', { cause: error });
  }
}

/** {@link rootsFrom} the stored tiles: one query for all. */
export async function readRoots(within: Executor, ranges: readonly Range[]): Promise<Buffer[]> {
  return rootsFrom(await readTiles(within, tilesFor(ranges)), ranges);
}

export const readRoot = async (within: Executor, size: number): Promise<Buffer> =>
  (await readRoots(within, [{ start: 0, end: size }]))[0] as Buffer;

/** The right edge of the stored tree. Throws {@link LogBroken} when its tiles do not make up the root. */
export async function readEdge(within: Executor, { size, root }: Pick<Head, 'size' | 'root'>): Promise<Edge> {
  const wanted: { level: number; number: number; bytes: number }[] = [];
  for (let level = 0; TILE_WIDTH ** level <= size; level += 1) {
    const count = Math.floor(size / TILE_WIDTH ** level);
    const bytes = (count % TILE_WIDTH) * HASH_BYTES;
    wanted.push({ level, number: Math.floor(count / TILE_WIDTH), bytes });
  }
  const tiles = await readTiles(within, wanted);
  const parts = wanted.map(({ level, number, bytes }) =>
    (tiles.get(tileKey(level, number)) ?? Buffer.alloc(0)).subarray(0, bytes),
  );
  const broken = () =>
    new LogBroken('tree-altered', 'The tiles at the edge of the tree do not make up its root.');
  if (parts.some((part, level) => part.length !== wanted[level]?.bytes)) throw broken();
  const edge = createEdge(size, parts);
  if (!edge.root().equals(root)) throw broken();
  return edge;
}

/** Writes tiles that became longer. */
export async function writeTiles(within: Executor, tiles: readonly GrownTile[]): Promise<void> {
  if (tiles.length === 0) return;
  // Cut from one value: an array of byte strings would travel as text.
  const all = Buffer.concat(tiles.map(({ hashes }) => hashes));
  let start = 1;
  const rows = tiles.map(({ level, number, hashes }) => {
    const row = { level, number, start, bytes: hashes.length };
    start += hashes.length;
    return row;
  });
  await sql`
    insert into audit_tiles (level, number, hashes)
    select level, number, substr(${all}::bytea, start, bytes)
    from json_to_recordset(${JSON.stringify(rows)}::json) as r(level integer, number bigint, start integer, bytes integer)
    on conflict (level, number) do update set hashes = excluded.hashes`.execute(within);
}
