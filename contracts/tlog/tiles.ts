import { EMPTY_ROOT, HASH_BYTES, nodeHash, perfectRoot } from './hash.ts';
import type { Range } from './proof.ts';

/** Hashes of one full tile (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;
const TILE_LEVELS = 8;

/** A tile: 256 hashes of subtrees of 256^level leaves each. `width` below 256 is the partial one at the edge. */
export interface TileId {
  readonly level: number;
  readonly number: number;
  readonly width: number;
}

const MAX_NUMBER = 2 ** 45;

/** `1234067` → `x001/x234/067` (C2SP tlog-tiles). */
export function encodeTileNumber(number: number): string {
  const digits = String(number);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/\d{3}/g) ?? [];
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
}

/** Inverse of {@link encodeTileNumber}; null for anything else, and for more leading zeros than needed. */
export function decodeTileNumber(path: string): number | null {
  if (path.length > 40 || !/^(?:x\d{3}\/)*\d{3}$/.test(path)) return null;
  const number = Number(path.replace(/[x/]/g, ''));
  return number <= MAX_NUMBER && encodeTileNumber(number) === path ? number : null;
}

/** What a client asks for below `/tile/`. */
export type TileRequest =
  | { readonly kind: 'hashes'; readonly tile: TileId }
  | { readonly kind: 'entries'; readonly number: number; readonly width: number };

/** Reads `<L>/<N>[.p/<W>]` or `entries/<N>[.p/<W>]`; null for anything else. */
export function parseTilePath(path: string): TileRequest | null {
  if (path.length > 60) return null;
  const match = /^(entries|\d|[1-5]\d|6[0-3])\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path);
  if (!match) return null;
  const number = decodeTileNumber(match[2] ?? '');
  const width = match[3] === undefined ? TILE_WIDTH : Number(match[3]);
  if (number === null || (match[3] !== undefined && width >= TILE_WIDTH)) return null;
  if (match[1] === 'entries') return { kind: 'entries', number, width };
  return { kind: 'hashes', tile: { level: Number(match[1]), number, width } };
}

/** The path of a tile below `/tile/`. */
export function tilePath({ level, number, width }: Omit<TileId, 'level'> & { level: number | 'entries' }) {
  return `${level}/${encodeTileNumber(number)}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** Hashes that the tile has in a tree of `size` leaves: 0 when there is none. */
export function tileWidth(level: number, number: number, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level) - number * TILE_WIDTH;
  return Math.max(0, Math.min(TILE_WIDTH, hashes));
}

/** Every tile of a tree of `size` leaves on one level. */
export const tilesOnLevel = (level: number, size: number): number =>
  Math.ceil(Math.floor(size / TILE_WIDTH ** level) / TILE_WIDTH);

/** A perfect subtree: the hash on `height` (0 are leaves) at `position`. */
interface Node {
  readonly height: number;
  readonly position: number;
}

/** The perfect subtrees whose roots, folded from the right, are the root over a range that begins a subtree. */
function nodesOf({ start, end }: Range): Node[] {
  const nodes: Node[] = [];
  let at = start;
  while (at < end) {
    let height = 0;
    while (2 ** (height + 1) <= end - at && at % 2 ** (height + 1) === 0) height += 1;
    nodes.push({ height, position: at / 2 ** height });
    at += 2 ** height;
  }
  return nodes;
}

interface Place {
  readonly level: number;
  readonly number: number;
  readonly from: number;
  readonly count: number;
}

function placeOf({ height, position }: Node): Place {
  const level = Math.floor(height / TILE_LEVELS);
  const count = 2 ** (height % TILE_LEVELS);
  const first = position * count;
  return { level, number: Math.floor(first / TILE_WIDTH), from: first % TILE_WIDTH, count };
}

export const tileKey = (level: number, number: number): string => `${level}/${number}`;

/** The tiles that {@link rangeRoot} reads for these ranges, each once. */
export function tilesFor(ranges: readonly Range[]): { readonly level: number; readonly number: number }[] {
  const wanted = new Map<string, { level: number; number: number }>();
  for (const node of ranges.flatMap(nodesOf)) {
    const { level, number } = placeOf(node);
    wanted.set(tileKey(level, number), { level, number });
  }
  return [...wanted.values()];
}

/** Hashes of a tile, one after the other; throws or has fewer bytes where it does not know them. */
export type TileSource = (level: number, number: number) => Uint8Array;

/** Root over a range of leaves that begins a subtree, from tiles. Throws RangeError where hashes are missing. */
export function rangeRoot(range: Range, tiles: TileSource): Buffer {
  let root: Buffer | null = null;
  for (const node of nodesOf(range).toReversed()) {
    const { level, number, from, count } = placeOf(node);
    const subtree = perfectRoot(tiles(level, number), from, count);
    root = root === null ? subtree : nodeHash(subtree, root);
  }
  return root ?? EMPTY_ROOT;
}

/** A tile that became longer, with all of its hashes. */
export interface GrownTile {
  readonly level: number;
  readonly number: number;
  readonly hashes: Buffer;
}

/**
 * The right edge of a tree: of each level the tile that is not full. Holds at most 8 KiB a level, whatever the size.
 * Give `tiles` to go on from a known tree: per level the hashes that its partial tile has.
 */
export function createEdge(startSize = 0, tiles: readonly Uint8Array[] = []) {
  let size = startSize;
  const levels: { number: number; width: number; hashes: Buffer }[] = [];

  function levelAt(level: number) {
    let at = levels[level];
    if (at === undefined) {
      const count = Math.floor(startSize / TILE_WIDTH ** level);
      at = {
        number: Math.floor(count / TILE_WIDTH),
        width: count % TILE_WIDTH,
        hashes: Buffer.alloc(TILE_WIDTH * HASH_BYTES),
      };
      const known = tiles[level] ?? Buffer.alloc(0);
      if (known.length < at.width * HASH_BYTES) throw new RangeError('a tile has fewer hashes than the tree');
      at.hashes.set(known.subarray(0, at.width * HASH_BYTES));
      levels[level] = at;
    }
    return at;
  }
  for (let level = 0; TILE_WIDTH ** level <= startSize; level += 1) levelAt(level);

  function push(level: number, hash: Uint8Array, grown: Map<string, GrownTile>): void {
    const at = levelAt(level);
    at.hashes.set(hash, at.width * HASH_BYTES);
    at.width += 1;
    const key = tileKey(level, at.number);
    if (at.width < TILE_WIDTH) {
      // Copied out once, when the batch is done.
      if (!grown.has(key)) grown.set(key, { level, number: at.number, hashes: at.hashes });
      return;
    }
    grown.set(key, { level, number: at.number, hashes: Buffer.from(at.hashes) });
    push(level + 1, perfectRoot(at.hashes, 0, TILE_WIDTH), grown);
    at.number += 1;
    at.width = 0;
  }

  return Object.freeze({
    size: () => size,

    /** Adds leaf hashes (32 bytes each, one after the other); returns every tile that is longer now. */
    append(hashes: Uint8Array): GrownTile[] {
      const grown = new Map<string, GrownTile>();
      for (let at = 0; at < hashes.length; at += HASH_BYTES) {
        push(0, hashes.subarray(at, at + HASH_BYTES), grown);
        size += 1;
      }
      return [...grown.values()].map((tile) => {
        const at = levels[tile.level];
        if (tile.hashes !== at?.hashes) return tile;
        return { ...tile, hashes: Buffer.from(at.hashes.subarray(0, at.width * HASH_BYTES)) };
      });
    },

    /** RFC 6962 root over all leaves so far. */
    root(): Buffer {
      let root: Buffer | null = null;
      for (const { width, hashes } of levels) {
        for (let left = width; left > 0; ) {
          const count = left & -left;
          const subtree = perfectRoot(hashes, left - count, count);
          root = root === null ? subtree : nodeHash(subtree, root);
          left -= count;
        }
      }
      return root ?? EMPTY_ROOT;
    },

    /** Per level the hashes of the partial tile: what `createEdge` goes on from. */
    tiles: (): Buffer[] =>
      levels.map(({ hashes, width }) => Buffer.from(hashes.subarray(0, width * HASH_BYTES))),
  });
}
export type Edge = ReturnType<typeof createEdge>;
