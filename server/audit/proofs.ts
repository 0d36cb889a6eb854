import type { ConsistencyProof, InclusionProof } from '@bartizan/contracts';
import { HASH_BYTES } from '@bartizan/contracts/tlog/hash.ts';
import { consistencyRanges, inclusionRanges, type Range } from '@bartizan/contracts/tlog/proof.ts';
import {
  parseTilePath,
  TILE_WIDTH,
  type TileId,
  tileKey,
  tilesFor,
  tileWidth,
} from '@bartizan/contracts/tlog/tiles.ts';
import { AppError } from '../kernel/error.ts';
import type { Database } from '../platform/database/index.ts';
import { LogBroken } from './model.ts';
import { readPlaces, textOf } from './rows.ts';
import { readHead, readTiles, rootsFrom } from './tree-store.ts';

/** Tiles that are kept in memory, 8 KiB each at most: what a tree once had it has for ever. */
const CACHED = 1_024;

const base64 = (hash: Buffer): string => hash.toString('base64');
const notYet = () => new AppError('not_found', 'the log has no such entry or size yet');

/** What cannot be proven because somebody altered the tree is an answer, not a fault of ours. */
async function provable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof LogBroken)) throw error;
    throw new AppError('gone', error.message, { hint: 'Run a verification of the log.', cause: error });
  }
}

/** Proofs and tiles of the tree as it is stored (RFC 6962 §2.1, C2SP tlog-tiles). */
export function createProofs(database: Database) {
  const cache = new Map<string, Buffer>();
  let known = 0;

  async function sizeUpTo(wanted: number | undefined): Promise<number> {
    if (wanted !== undefined && wanted <= known) return wanted;
    known = (await readHead(database))?.size ?? 0;
    if (wanted !== undefined && wanted > known) throw notYet();
    return wanted ?? known;
  }

  async function cached(
    wanted: readonly { readonly level: number; readonly number: number }[],
  ): Promise<void> {
    const missing = wanted.filter(({ level, number }) => !cache.has(tileKey(level, number)));
    if (missing.length === 0) return;
    for (const [key, tile] of await readTiles(database, missing)) {
      cache.set(key, tile);
      if (cache.size > CACHED + wanted.length) cache.delete(cache.keys().next().value ?? '');
    }
  }

  /** From kept tiles; where one has grown since, it is read again. */
  async function roots(ranges: readonly Range[]): Promise<Buffer[]> {
    const wanted = tilesFor(ranges);
    await cached(wanted);
    try {
      return rootsFrom(cache, ranges);
    } catch (error) {
      if (!(error instanceof LogBroken)) throw error;
      for (const { level, number } of wanted) cache.delete(tileKey(level, number));
      await cached(wanted);
      return rootsFrom(cache, ranges);
    }
  }

  async function hashes({ level, number, width }: TileId): Promise<Buffer> {
    if (tileWidth(level, number, await sizeUpTo(undefined)) < width) throw notYet();
    const tile = (await readTiles(database, [{ level, number }])).get(tileKey(level, number));
    if (!tile || tile.length < width * HASH_BYTES) {
      throw new LogBroken('tree-altered', `Tile ${number} on level ${level} of the tree is not whole.`);
    }
    return tile.subarray(0, width * HASH_BYTES);
  }

  /** Entries, each after its length in 2 bytes. */
  async function bundle(number: number, width: number): Promise<Buffer> {
    const start = number * TILE_WIDTH;
    if (tileWidth(0, number, await sizeUpTo(undefined)) < width) throw notYet();
    const places = await readPlaces(database, start, start + width);
    const parts: Buffer[] = [];
    for (let index = start; index < start + width; index += 1) {
      const entry = places.find((place) => place.index === index)?.entry;
      if (!entry) throw new LogBroken('entry-missing', `Entry ${index} is gone.`);
      const text = Buffer.from(textOf(entry));
      if (text.length > 0xffff) throw new LogBroken('entry-altered', `Entry ${index} is longer than any.`);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(text.length);
      parts.push(length, text);
    }
    return Buffer.concat(parts);
  }

  return Object.freeze({
    /** After the log was found to be another than before: nothing of what was kept is used any more. */
    forget(): void {
      cache.clear();
      known = 0;
    },

    /** Throws `not_found` for what the tree of that size does not have. */
    inclusion: (index: number, wanted?: number): Promise<InclusionProof> =>
      provable(async () => {
        const size = await sizeUpTo(wanted);
        if (index >= size) throw notYet();
        const leaf = { start: index, end: index + 1 };
        const ranges = [leaf, { start: 0, end: size }, ...inclusionRanges(index, size)];
        const [leafHash, root, ...proof] = (await roots(ranges)).map(base64);
        return { index, size, leafHash: leafHash ?? '', root: root ?? '', proof };
      }),

    consistency: (from: number, wanted?: number): Promise<ConsistencyProof> =>
      provable(async () => {
        const to = await sizeUpTo(wanted);
        if (from > to) throw notYet();
        const between = from === 0 ? [] : consistencyRanges({ start: 0, end: from }, to);
        const ranges = [{ start: 0, end: from }, { start: 0, end: to }, ...between];
        const [fromRoot, toRoot, ...proof] = (await roots(ranges)).map(base64);
        return { from, to, fromRoot: fromRoot ?? '', toRoot: toRoot ?? '', proof };
      }),

    /** What a path below `/tile/` names. */
    tile: (path: string): Promise<Buffer> =>
      provable(async () => {
        const request = parseTilePath(path);
        if (request === null) {
          throw new AppError('invalid_input', 'no tile has such a path', {
            hint: 'Ask for <L>/<N>[.p/<W>] or entries/<N>[.p/<W>], e.g. 0/x001/234 or entries/000.p/7.',
          });
        }
        return request.kind === 'hashes'
          ? await hashes(request.tile)
          : await bundle(request.number, request.width);
      }),
  });
}
export type Proofs = ReturnType<typeof createProofs>;
