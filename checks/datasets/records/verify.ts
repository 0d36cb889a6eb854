import { DatasetInputError } from '../types.ts';
import type { Hashes } from './align.ts';
import { type Change, type ComparisonOptions, compareHashes } from './changes.ts';
import { createRecordEncoder } from './encode.ts';
import { HASH_BYTES, hashRecords } from './hash.ts';
import { areBlocksSound, checkLeaves, type LeafCheck, type Leaves } from './leaves.ts';
import { createRecordTree, type TreeBlocks, type TreeHead } from './tree.ts';
import type { RecordStream } from './types.ts';

/** Hashes of the records of a dataset, chunk by chunk, in constant memory. */
export async function* recordHashes({ schema, chunks }: RecordStream): AsyncGenerator<Buffer> {
  const encoder = createRecordEncoder(schema);
  for await (const chunk of chunks()) yield hashRecords(encoder.encode(chunk));
}

const LEAVES_AT_ONCE = 65_536;

/** The hashes in a leaf file, 2 MiB at a time; each is good until the next. */
export async function* leafHashes({ size, hashes }: Leaves): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(LEAVES_AT_ONCE, size) * HASH_BYTES);
  for (let at = 0; at < size; at += LEAVES_AT_ONCE) {
    const part = buffer.subarray(0, Math.min(LEAVES_AT_ONCE, size - at) * HASH_BYTES);
    await hashes(at, part);
    yield part;
  }
}

/** What was kept of a version. The head is what is trusted; the rest is held against it. */
export interface StoredVersion {
  readonly head: TreeHead;
  readonly schemaDigest: Uint8Array;
  /** Roots of the blocks of 256 records, see tree.ts. */
  readonly blocks?: Uint8Array;
  readonly leaves?: Leaves;
}

export interface Verification {
  /** Whether the data are the records that the head stands for, in their order. */
  readonly intact: boolean;
  /** Of the data as they are now. */
  readonly head: TreeBlocks;
  /** Whether the leaf file is what the head stands for; null where none was given. */
  readonly leaves: LeafCheck | null;
  /**
   * Every record that was altered, added, removed or moved; null where nothing was changed, or where there is no sound
   * leaf file that could tell. Ask once, read to the end or `close`.
   */
  readonly changes: (() => AsyncGenerator<Change>) | null;
  /**
   * Without a sound leaf file, the blocks of 256 records (from 0) of the data that differ from their sound roots; null
   * where the roots are not there, not sound, or not needed. Behind an added or removed record all blocks differ.
   */
  readonly changedBlocks: readonly number[] | null;
  readonly close: () => Promise<void>;
}

const isSame = (a: TreeHead, b: TreeHead): boolean =>
  a.size === b.size && Buffer.compare(a.root, b.root) === 0;

async function* through(hashes: Hashes, seen: (hashes: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const batch of hashes) {
    seen(batch);
    yield batch;
  }
}

function checkSchemas({ schemaDigest, leaves }: StoredVersion, data: Uint8Array): void {
  if (Buffer.compare(schemaDigest, data) !== 0)
    throw new DatasetInputError('The data were read with another schema than the stored one.');
  if (leaves !== undefined && Buffer.compare(leaves.schemaDigest, schemaDigest) !== 0)
    throw new DatasetInputError('The leaf file is of another schema than the stored one.');
}

/** Blocks of the data that differ from the stored roots, those that only one of both has included. */
function differingBlocks(head: TreeBlocks, stored: Uint8Array): number[] {
  const count = Math.max(head.blocks.length, stored.length) / HASH_BYTES;
  const root = (blocks: Uint8Array, at: number) => blocks.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
  return Array.from({ length: count }, (_, at) => at).filter(
    (at) => Buffer.compare(root(head.blocks, at), root(stored, at)) !== 0,
  );
}

/**
 * Holds data against what was kept of them. One pass over data and leaf file while they agree; where they do not, the
 * leaf file is held against the head by itself, so that a record is named only on the word of leaves that lead to the
 * head. `data` are hashes under the stored schema: DatasetInputError where `schemaDigest` is another.
 */
export async function verifyRecords(
  stored: StoredVersion,
  data: { readonly schemaDigest: Uint8Array; readonly hashes: Hashes },
  options: ComparisonOptions,
): Promise<Verification> {
  checkSchemas(stored, data.schemaDigest);
  const tree = createRecordTree();
  const hashes = through(data.hashes, tree.append);
  const { leaves } = stored;
  const comparison = leaves ? await compareHashes(leafHashes(leaves), hashes, options) : null;
  if (comparison === null) for await (const _ of hashes);
  const head = tree.head();
  const intact = isSame(head, stored.head);
  const trusted = areBlocksSound(stored.head, stored.blocks);
  // Leaves that are those of intact data lead to the head as well.
  const check =
    leaves === undefined || comparison === null
      ? null
      : comparison.same && intact
        ? { sound: true, blocksSound: trusted, changedBlocks: [], changedCount: 0 }
        : await checkLeaves(leaves, { ...stored.head, blocks: stored.blocks });
  const named = check?.sound && !intact ? comparison : null;
  if (named === null) await comparison?.close();
  const byBlocks =
    !intact && named === null && trusted && stored.blocks ? differingBlocks(head, stored.blocks) : null;
  return Object.freeze({
    intact,
    head,
    leaves: check,
    changes: named?.changes ?? null,
    changedBlocks: byBlocks,
    close: async () => named?.close(),
  });
}
