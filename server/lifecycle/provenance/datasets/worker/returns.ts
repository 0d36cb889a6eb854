import { createFileSpill, openLeafFile } from '@bartizan/checks/datasets/read/index.ts';
import { createSorter, HASH_BYTES, type Sorter } from '@bartizan/checks/datasets/records/index.ts';
import type { TaskHooks } from './content.ts';
import type { Returns, Task } from './protocol.ts';

/** Bytes that say which file a hash is of. */
const TAG_BYTES = 2;
const WIDTH = HASH_BYTES + TAG_BYTES;
const READ_ROWS = 1 << 14;

async function addFile(sorter: Sorter, path: string, tag: number): Promise<void> {
  const leaves = await openLeafFile(path);
  try {
    const hashes = Buffer.allocUnsafeSlow(READ_ROWS * HASH_BYTES);
    const row = Buffer.allocUnsafeSlow(WIDTH);
    row.writeUInt16BE(tag, HASH_BYTES);
    for (let at = 0; at < leaves.size; at += READ_ROWS) {
      const rows = Math.min(READ_ROWS, leaves.size - at);
      await leaves.hashes(at, hashes.subarray(0, rows * HASH_BYTES));
      for (let i = 0; i < rows; i++) {
        hashes.copy(row, 0, i * HASH_BYTES, (i + 1) * HASH_BYTES);
        const done = sorter.add(row);
        if (done) await done;
      }
    }
  } finally {
    await leaves.close();
  }
}

/**
 * How many records of refused versions stand in another version, wherever they stand and whatever was between. All
 * hashes are sorted together once: O(n log n) time, 64 MiB of memory and scratch space of 34 bytes for each record.
 */
export async function countReturns(
  { now, files, refused }: Extract<Task, { is: 'returns' }>,
  { progress }: TaskHooks,
): Promise<Returns> {
  const spill = await createFileSpill();
  const sorter = createSorter({ width: WIDTH, spill });
  try {
    progress(0, 'comparing with refused versions');
    for (const [tag, path] of [...files, now].entries()) await addFile(sorter, path, tag);
    const copies = new Uint32Array(files.length + 1);
    const counts = refused.map(() => ({ own: 0, back: 0 }));
    const settle = (): void => {
      for (const [at, { was, known }] of refused.entries()) {
        const had = copies[was] as number;
        if (had === 0) continue;
        const accepted = Math.max(0, ...known.map((place) => copies[place] as number));
        const count = counts[at] as { own: number; back: number };
        count.own += Math.max(0, had - accepted);
        count.back += Math.max(0, Math.min(had, copies[files.length] as number) - accepted);
      }
      copies.fill(0);
    };
    const last = Buffer.alloc(HASH_BYTES);
    for await (const row of sorter.sorted()) {
      const bytes = Buffer.from(row.buffer, row.byteOffset, row.byteLength);
      if (last.compare(bytes, 0, HASH_BYTES) !== 0) {
        settle();
        bytes.copy(last, 0, 0, HASH_BYTES);
      }
      const tag = bytes.readUInt16BE(HASH_BYTES);
      copies[tag] = (copies[tag] as number) + 1;
    }
    settle();
    return { counts };
  } finally {
    await sorter.close();
    await spill.close();
  }
}
