import { DatasetInputError } from '../types.ts';
import { EMPTY_ROOT, HASH_BYTES, nodeHash, rootOf } from './hash.ts';

/** Records under one hash of the second level; a tile of C2SP tlog-tiles is as wide. */
export const BLOCK_ROWS = 256;
const BLOCK_BYTES = BLOCK_ROWS * HASH_BYTES;

/** Stands for all records of a version, in their order. */
export interface TreeHead {
  /** Records. */
  readonly size: number;
  /** RFC 6962 Merkle root over the hashes of the records. */
  readonly root: Uint8Array;
}

/** A head with the roots of its blocks: 1/256 of the leaves, enough to tell which block of 256 records differs. */
export interface TreeBlocks extends TreeHead {
  /** Root of each 256 records, one after the other; the last block may have fewer. */
  readonly blocks: Uint8Array;
}

export interface RecordTree {
  /** Adds hashes of records, one after the other. */
  readonly append: (hashes: Uint8Array) => void;
  /** Of all records so far; hashes the roots of all blocks. */
  readonly head: () => TreeBlocks;
}

/** A Merkle tree over records as they come. Memory: the open block, and 32 bytes for each 256 records. */
export function createRecordTree(): RecordTree {
  const open = Buffer.alloc(BLOCK_BYTES);
  let filled = 0;
  let blocks = Buffer.alloc(1024 * HASH_BYTES);
  let full = 0;

  function addBlock(): void {
    if (full * HASH_BYTES === blocks.length) blocks = Buffer.concat([blocks], blocks.length * 2);
    blocks.set(rootOf(open, 0, BLOCK_ROWS), full * HASH_BYTES);
    full += 1;
    filled = 0;
  }

  function append(hashes: Uint8Array): void {
    if (hashes.length % HASH_BYTES !== 0) throw new RangeError('hashes have 32 bytes each');
    for (let at = 0; at < hashes.length; ) {
      const take = Math.min(BLOCK_BYTES - filled, hashes.length - at);
      open.set(hashes.subarray(at, at + take), filled);
      at += take;
      filled += take;
      if (filled === BLOCK_BYTES) addBlock();
    }
  }

  function head(): TreeBlocks {
    const last = filled === 0 ? [] : [rootOf(open, 0, filled / HASH_BYTES)];
    const roots = Buffer.concat([blocks.subarray(0, full * HASH_BYTES), ...last]);
    return { size: full * BLOCK_ROWS + filled / HASH_BYTES, root: rootOfBlocks(roots), blocks: roots };
  }

  return Object.freeze({ append, head });
}

/** Root over the roots of blocks. Blocks are full subtrees, so it is the root over the records. */
export const rootOfBlocks = (blocks: Uint8Array): Buffer =>
  blocks.length === 0 ? EMPTY_ROOT : rootOf(blocks, 0, blocks.length / HASH_BYTES);

/** What reads hashes of records or of blocks: fills `into` with those from `index` on. */
export type HashSource = (index: number, into: Uint8Array) => void | Promise<void>;

export interface InclusionRequest extends TreeBlocks {
  /** Place of the record, from 0. */
  readonly index: number;
  /** Reads hashes of records. */
  readonly leaves: HashSource;
}

/** The hashes beside the way from `at` up to the root over `count` hashes, lowest first (RFC 6962 §2.1.1). */
function pathIn(hashes: Uint8Array, at: number, count: number): Buffer[] {
  const path: Buffer[] = [];
  let level = Buffer.from(hashes);
  for (let [index, width] = [at, count]; width > 1; [index, width] = [index >> 1, Math.ceil(width / 2)]) {
    const beside = index ^ 1;
    if (beside < width)
      path.push(Buffer.from(level.subarray(beside * HASH_BYTES, (beside + 1) * HASH_BYTES)));
    const above = Buffer.alloc(Math.ceil(width / 2) * HASH_BYTES);
    for (let i = 0; i < width; i += 2)
      above.set(rootOf(level, i * HASH_BYTES, Math.min(2, width - i)), (i / 2) * HASH_BYTES);
    level = above;
  }
  return path;
}

/**
 * Proves that a record is in a version: the hashes that lead from its own to the root, lowest first, as RFC 6962
 * §2.1.1 and every verifier of it have them. Reads one block of hashes. DatasetInputError where there is no such
 * record, or where block or blocks do not lead to the root (somebody changed them).
 */
export async function proveInclusion({
  index,
  size,
  root,
  blocks,
  leaves,
}: InclusionRequest): Promise<Buffer[]> {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size)
    throw new DatasetInputError(`There is no record ${index} among ${size}.`);
  const block = Math.floor(index / BLOCK_ROWS);
  const count = Math.min(BLOCK_ROWS, size - block * BLOCK_ROWS);
  const hashes = Buffer.alloc(count * HASH_BYTES);
  await leaves(block * BLOCK_ROWS, hashes);
  const known = blocks.subarray(block * HASH_BYTES, (block + 1) * HASH_BYTES);
  if (!rootOf(hashes, 0, count).equals(known))
    throw new DatasetInputError(`The leaves of block ${block} were changed.`);
  if (!rootOfBlocks(blocks).equals(root))
    throw new DatasetInputError('The roots of the blocks were changed.');
  const inside = pathIn(hashes, index % BLOCK_ROWS, count);
  return [...inside, ...pathIn(blocks, block, blocks.length / HASH_BYTES)];
}

/** Whether the record with this hash is at `index` of the version with this head (RFC 9162 §2.1.3.2). */
export function verifyRecord(
  { size, root }: TreeHead,
  {
    index,
    hash,
    proof,
  }: { readonly index: number; readonly hash: Uint8Array; readonly proof: readonly Uint8Array[] },
): boolean {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) return false;
  if (![hash, root, ...proof].every(({ length }) => length === HASH_BYTES)) return false;
  let [fn, sn] = [index, size - 1];
  let computed: Uint8Array = hash;
  for (const beside of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      computed = nodeHash(beside, computed);
      for (; fn % 2 === 0 && fn !== 0; fn /= 2) sn = Math.floor(sn / 2);
    } else computed = nodeHash(computed, beside);
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && Buffer.compare(computed, root) === 0;
}
