import { readFile } from 'node:fs/promises';
import { createFileSpill, openLeafFile, ReadError } from '@bartizan/checks/datasets/read/index.ts';
import {
  type Change,
  checkLeaves,
  HASH_BYTES,
  leafHashes,
  recordHashes,
  schemaDigest,
  type Verification,
  verifyRecords,
} from '@bartizan/checks/datasets/records/index.ts';
import { DatasetInputError } from '@bartizan/checks/datasets/types.ts';
import type { DataTampering } from '@bartizan/contracts';
import { openContent, type TaskHooks } from './content.ts';
import type { Kept, Readable, Task, Verified } from './protocol.ts';

type LeafFile = Awaited<ReturnType<typeof openLeafFile>>;
type Data = Awaited<ReturnType<typeof openContent>>;

function createFound(limit: number) {
  const counts: Record<string, number> = {};
  const tamperings: DataTampering[] = [];
  return Object.freeze({
    counts,
    tamperings,
    add(kind: DataTampering['kind'], told: Partial<Omit<DataTampering, 'kind'>> & { message: string }): void {
      counts[kind] = (counts[kind] ?? 0) + 1;
      if (tamperings.length < limit) tamperings.push({ kind, was: null, now: null, where: '', ...told });
    },
  });
}
type Found = ReturnType<typeof createFound>;

const CHANGES = Object.freeze({
  altered: ['record-altered', 'was altered'],
  added: ['record-added', 'was added'],
  removed: ['record-removed', 'was removed'],
  moved: ['record-moved', 'was moved'],
} as const);

function addChange(found: Found, change: Change, skipsUnreadable: boolean): void {
  const was = 'was' in change ? change.was : null;
  const now = 'now' in change ? change.now : null;
  // What cannot be read was left out, and looks as if it were gone.
  if (skipsUnreadable && change.kind === 'removed')
    return found.add('record-altered', {
      was,
      message: `Record ${was} was altered so that it can no longer be read, or was removed.`,
    });
  const [kind, said] = CHANGES[change.kind];
  found.add(kind, { was, now, message: `Record ${was ?? now} ${said}.` });
}

/** The leaf file, where it can be read at all and is of the schema. */
async function openKept(kept: Kept, found: Found): Promise<LeafFile | null> {
  if (kept.leaves === null) return null;
  try {
    const leaves = await openLeafFile(kept.leaves);
    if (leaves.schemaDigest.toString('hex') === kept.schemaDigest) return leaves;
    await leaves.close();
    found.add('leaves-damaged', { where: 'leaves', message: 'The leaf file is of another schema.' });
  } catch (error) {
    if (!(error instanceof DatasetInputError)) throw error;
    found.add('leaves-damaged', { where: 'leaves', message: error.message });
  }
  return null;
}

const BLOCK = 256;

function addBlocks(
  found: Found,
  blocks: readonly number[],
  kind: 'block-changed' | 'leaf-changed',
  rows: number,
): void {
  for (const block of blocks) {
    const was = block * BLOCK;
    const last = Math.max(was, Math.min(rows, was + BLOCK) - 1);
    const what = kind === 'leaf-changed' ? 'Hashes among those of records' : 'Records among';
    found.add(kind, { was, message: `${what} ${was} to ${last} were changed.` });
  }
}

/** Content is intact, and leaves are not: the content tells which. */
async function nameLeaves(found: Found, leaves: LeafFile, data: Data): Promise<void> {
  let [row, at] = [0, 0];
  const stored = leafHashes(leaves);
  let batch: Buffer = Buffer.alloc(0);
  for await (const hashes of recordHashes(data)) {
    for (let from = 0; from < hashes.length; from += HASH_BYTES, at += HASH_BYTES, row += 1) {
      if (at >= batch.length) [batch, at] = [(await stored.next()).value ?? Buffer.alloc(0), 0];
      if (hashes.subarray(from, from + HASH_BYTES).equals(batch.subarray(at, at + HASH_BYTES))) continue;
      found.add('leaf-changed', {
        was: row,
        now: row,
        message: `The stored hash of record ${row} was changed.`,
      });
    }
  }
  if (leaves.size > row)
    found.add('leaves-damaged', {
      where: 'leaves',
      message: `The leaf file has ${leaves.size - row} hashes too many.`,
    });
}

interface Held {
  /** Whether records that cannot be read are left out of what is compared. */
  readonly skipsUnreadable: boolean;
  readonly kept: Kept;
  readonly leaves: LeafFile | null;
  readonly blocks: Uint8Array | undefined;
}

async function tell(
  found: Found,
  result: Verification,
  { kept, leaves, skipsUnreadable }: Held,
  data: Data,
): Promise<void> {
  if (result.leaves !== null && result.leaves.blocksSound === false)
    found.add('leaves-damaged', { where: 'blocks', message: 'The stored roots of blocks were changed.' });
  if (result.leaves !== null && !result.leaves.sound && leaves !== null) {
    if (result.intact) await nameLeaves(found, leaves, data);
    else if (result.leaves.changedBlocks.length > 0)
      addBlocks(found, result.leaves.changedBlocks, 'leaf-changed', kept.rows);
    else found.add('leaves-damaged', { where: 'leaves', message: 'The stored hashes were changed.' });
  }
  if (result.intact) return;
  if (result.changes !== null)
    for await (const change of result.changes()) addChange(found, change, skipsUnreadable);
  else if (result.changedBlocks !== null) addBlocks(found, result.changedBlocks, 'block-changed', kept.rows);
  else
    found.add('record-altered', {
      message: 'Records were changed; which ones cannot be told, for the stored hashes were changed as well.',
    });
}

async function verifyContent(found: Found, data: Data, held: Held, progress: TaskHooks['progress']) {
  const { kept, leaves, blocks } = held;
  const spill = await createFileSpill();
  async function* hashes(): AsyncGenerator<Buffer> {
    let rows = 0;
    for await (const batch of recordHashes(data)) {
      rows += batch.length / HASH_BYTES;
      progress(rows, 'verifying');
      yield batch;
    }
  }
  try {
    const stored = {
      head: { size: kept.rows, root: Buffer.from(kept.root, 'hex') },
      schemaDigest: Buffer.from(kept.schemaDigest, 'hex'),
      ...(blocks ? { blocks } : {}),
      ...(leaves ? { leaves } : {}),
    };
    const digest = schemaDigest(data.schema);
    const result = await verifyRecords(stored, { schemaDigest: digest, hashes: hashes() }, { spill });
    try {
      await tell(found, result, held, data);
      return result.head.size;
    } finally {
      await result.close();
    }
  } finally {
    await spill.close();
  }
}

async function verifyLeaves(found: Found, { kept, leaves, blocks }: Held): Promise<number> {
  if (leaves === null) return 0;
  const check = await checkLeaves(leaves, {
    size: kept.rows,
    root: Buffer.from(kept.root, 'hex'),
    blocks,
  });
  if (check.blocksSound === false)
    found.add('leaves-damaged', { where: 'blocks', message: 'The stored roots of blocks were changed.' });
  if (!check.sound) {
    if (check.changedBlocks.length > 0) addBlocks(found, check.changedBlocks, 'leaf-changed', kept.rows);
    else
      found.add('leaves-damaged', {
        where: 'leaves',
        message: `The stored hashes are not those of the version: there are ${leaves.size}, not ${kept.rows}, or some were changed.`,
      });
  }
  return leaves.size;
}

/**
 * The record that a line is of: DuckDB counts a line for each record of CSV, whatever line ends its values hold, and
 * one for the names of the columns. Exact where no line is empty.
 */
function rowOf({ line }: ReadError, { format, options }: Readable): number | null {
  if (line === null || !['csv', 'tsv', 'jsonl'].includes(format)) return null;
  const first = format === 'jsonl' || options.header === false ? 1 : 2;
  return line < first ? null : line - first;
}

const CHANGED = ['record-altered', 'record-added', 'record-removed', 'block-changed'] as const;
const LENIENT: ReadonlySet<string> = new Set(['csv', 'tsv', 'jsonl']);

interface Opened {
  readonly found: Found;
  readonly content: Readable;
  readonly held: Held;
}

/** Content of which some can no longer be read: what can is compared, so that every record is named. */
async function verifyReadable(
  { found, content, held }: Opened,
  error: ReadError | DatasetInputError,
  { limits, progress }: TaskHooks,
): Promise<number> {
  const row = error instanceof ReadError ? rowOf(error, content) : null;
  const message = (error instanceof ReadError ? error.shown : error.message).slice(0, 1_000);
  found.add('content-unreadable', { where: 'content', message });
  const changed = (): number => CHANGED.reduce((sum, kind) => sum + (found.counts[kind] ?? 0), 0);
  const before = changed();
  let data: Data | null = null;
  try {
    if (!LENIENT.has(content.format)) throw error;
    data = await openContent(content, limits, { skipsUnreadable: true });
    const rows = await verifyContent(found, data, { ...held, skipsUnreadable: true }, progress);
    if (changed() === before)
      found.add('record-added', {
        now: row,
        message: 'Something that cannot be read as a record was put between the records.',
      });
    return rows;
  } catch (again) {
    if (!(again instanceof ReadError) && !(again instanceof DatasetInputError)) throw again;
    if (row !== null)
      found.add('record-altered', {
        was: row,
        now: row,
        message: `Record ${row} was altered: it can no longer be read, and records after it were not looked at.`,
      });
    return 0;
  } finally {
    await data?.close();
  }
}

/** Compares the content as it is read; falls back to what can be read of it. */
async function verifyOpened(opened: Opened, hooks: TaskHooks): Promise<number> {
  const { found, content, held } = opened;
  let data: Data | null = null;
  try {
    data = await openContent(content, hooks.limits);
    return await verifyContent(found, data, held, hooks.progress);
  } catch (error) {
    if (!(error instanceof ReadError) && !(error instanceof DatasetInputError)) throw error;
    return await verifyReadable(opened, error, hooks);
  } finally {
    await data?.close();
  }
}

/** Holds what lies there now against what was kept; every record that was changed is named where that can be told. */
export async function verify(
  { content, kept, limit }: Extract<Task, { is: 'verify' }>,
  hooks: TaskHooks,
): Promise<Verified> {
  const found = createFound(limit);
  const leaves = await openKept(kept, found);
  const blocks = kept.blocks === null ? undefined : await readFile(kept.blocks);
  const held: Held = { kept, leaves, blocks, skipsUnreadable: false };
  try {
    const rows =
      content === null
        ? await verifyLeaves(found, held)
        : await verifyOpened({ found, content, held }, hooks);
    return { rows, tamperings: found.tamperings, counts: found.counts };
  } finally {
    await leaves?.close();
  }
}
