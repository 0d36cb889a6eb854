import { DatasetInputError } from '../types.ts';
import { HASH_BYTES, rootOf } from './hash.ts';
import { BLOCK_ROWS, createRecordTree, type HashSource, rootOfBlocks, type TreeHead } from './tree.ts';

/**
 * A leaf file: 64 bytes of head (the text below, the schema's digest), then the hashes of all records in their order,
 * 32 bytes each. Its length tells how many. Nothing in it is secret or signed: the head of the tree stands elsewhere
 * (in the database, in the audit log) and whatever is changed here no longer leads to it.
 */
export const LEAF_FILE_HEAD_BYTES = 64;
const MAGIC = Buffer.from('bartizan.dataset.leaves/1\n'.padEnd(32, '\0'));

/** The first bytes of a leaf file. */
export const leafFileHead = (schemaDigest: Uint8Array): Buffer =>
  Buffer.concat([MAGIC, schemaDigest], LEAF_FILE_HEAD_BYTES);

/** Bytes that a leaf file of so many records has. */
export const leafFileBytes = (size: number): number => LEAF_FILE_HEAD_BYTES + size * HASH_BYTES;

/** A leaf file in a file, an object or memory. */
export interface LeafFile {
  /** Bytes. */
  readonly length: number;
  /** Fills `into` from `offset` on. */
  readonly read: (offset: number, into: Uint8Array) => void | Promise<void>;
}

export interface Leaves {
  readonly size: number;
  readonly schemaDigest: Buffer;
  /** Reads hashes of records. */
  readonly hashes: HashSource;
}

/** Opens a leaf file. DatasetInputError for what is none, or is cut off within a hash. */
export async function openLeaves(file: LeafFile): Promise<Leaves> {
  const head = Buffer.alloc(LEAF_FILE_HEAD_BYTES);
  if (file.length < head.length) throw new DatasetInputError('This is no leaf file: it is too short.');
  await file.read(0, head);
  if (!head.subarray(0, MAGIC.length).equals(MAGIC)) throw new DatasetInputError('This is no leaf file.');
  const size = (file.length - head.length) / HASH_BYTES;
  if (!Number.isInteger(size)) throw new DatasetInputError('The leaf file ends within a hash.');
  return Object.freeze({
    size,
    schemaDigest: head.subarray(MAGIC.length),
    hashes: (index: number, into: Uint8Array) => file.read(leafFileBytes(index), into),
  });
}

/** What a check of a leaf file against its head found. */
export interface LeafCheck {
  /** Whether every leaf, and their number, is what the head stands for. */
  readonly sound: boolean;
  /** Whether the roots of the blocks, where they were given, lead to the head; null where none were. */
  readonly blocksSound: boolean | null;
  /** Blocks of 256 leaves (from 0) that differ from their root: only where the roots of the blocks are sound. */
  readonly changedBlocks: readonly number[];
  /** How many such blocks there are; `changedBlocks` names the first 10,000. */
  readonly changedCount: number;
}

const MAX_BLOCKS_NAMED = 10_000;
/** Leaves read at once: 2 MiB. */
const READ_ROWS = 65_536;

/** Whether roots of blocks lead to the head; null where there are none. */
export function areBlocksSound({ size, root }: TreeHead, blocks: Uint8Array | undefined): boolean | null {
  if (blocks === undefined) return null;
  return blocks.length === Math.ceil(size / BLOCK_ROWS) * HASH_BYTES && rootOfBlocks(blocks).equals(root);
}

/** Holds a leaf file against the head that was kept elsewhere, in constant memory; `blocks` may be left out. */
export async function checkLeaves(
  leaves: Leaves,
  head: TreeHead & { readonly blocks?: Uint8Array | undefined },
): Promise<LeafCheck> {
  const blocksSound = areBlocksSound(head, head.blocks);
  const known = blocksSound ? head.blocks : undefined;
  const tree = createRecordTree();
  const changedBlocks: number[] = [];
  let changedCount = 0;
  const buffer = Buffer.alloc(READ_ROWS * HASH_BYTES);
  for (let at = 0; at < leaves.size; at += READ_ROWS) {
    const rows = Math.min(READ_ROWS, leaves.size - at);
    const hashes = buffer.subarray(0, rows * HASH_BYTES);
    await leaves.hashes(at, hashes);
    tree.append(hashes);
    if (known === undefined) continue;
    for (let row = 0; row < rows; row += BLOCK_ROWS) {
      const place = ((at + row) / BLOCK_ROWS) * HASH_BYTES;
      const root = rootOf(hashes, row * HASH_BYTES, Math.min(BLOCK_ROWS, rows - row));
      if (root.equals(known.subarray(place, place + HASH_BYTES))) continue;
      changedCount += 1;
      if (changedBlocks.length < MAX_BLOCKS_NAMED) changedBlocks.push((at + row) / BLOCK_ROWS);
    }
  }
  const { size, root } = tree.head();
  const sound = size === head.size && Buffer.compare(root, head.root) === 0;
  return { sound, blocksSound, changedBlocks, changedCount };
}
