import { open, readFile } from 'node:fs/promises';
import { createFileSpill, openLeafFile } from '@bartizan/checks/datasets/read/index.ts';
import { compareHashes, leafHashes } from '@bartizan/checks/datasets/records/index.ts';
import { DatasetInputError } from '@bartizan/checks/datasets/types.ts';
import type { TaskHooks } from './content.ts';
import type { Origins, Task } from './protocol.ts';

/** Bytes of a number in a file of origins. */
const WIDTH = 4;
const WRITE_ROWS = 1 << 18;

const createBits = (size: number) => {
  const bits = new Uint8Array(Math.ceil(size / 8));
  return {
    set: (at: number): void => void (bits[at >> 3] = (bits[at >> 3] as number) | (1 << (at & 7))),
    has: (at: number): boolean => ((bits[at >> 3] as number) & (1 << (at & 7))) !== 0,
  };
};

async function readNumbers(path: string | null, rows: number): Promise<Uint32Array> {
  if (path === null) return new Uint32Array(rows);
  const bytes = await readFile(path);
  if (bytes.length !== rows * WIDTH)
    throw new DatasetInputError('What is stored of where records came from was damaged.');
  // Buffers of files may begin at any byte.
  return new Uint32Array(new Uint8Array(bytes).buffer);
}

/**
 * For each record of a later version, where it came from: what the earlier version had keeps its number, wherever it
 * stands now; what is new or was altered gets `fresh`. Memory: 8 bytes and 2 bits for each record.
 */
export async function traceOrigins(
  { was, now, wasOrigins, fresh, out }: Extract<Task, { is: 'origins' }>,
  { progress }: TaskHooks,
): Promise<Origins> {
  const [before, after] = [await openLeafFile(was), await openLeafFile(now)];
  const spill = await createFileSpill();
  try {
    progress(0, 'tracing');
    const known = await readNumbers(wasOrigins, before.size);
    const numbers = new Uint32Array(after.size).fill(fresh);
    const [gone, told] = [createBits(before.size), createBits(after.size)];
    const comparison = await compareHashes(leafHashes(before), leafHashes(after), { spill });
    for await (const change of comparison.changes()) {
      if ('was' in change) gone.set(change.was);
      if (!('now' in change)) continue;
      told.set(change.now);
      if (change.kind === 'moved') numbers[change.now] = known[change.was] as number;
    }
    // What was not named stands in the same order in both.
    for (let i = 0, j = 0; i < before.size && j < after.size; ) {
      if (gone.has(i)) i += 1;
      else if (told.has(j)) j += 1;
      else numbers[j++] = known[i++] as number;
    }
    const counts = new Map<number, number>();
    for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
    await writeNumbers(out, numbers);
    return { counts: [...counts] };
  } finally {
    await before.close();
    await after.close();
    await spill.close();
  }
}

async function writeNumbers(path: string, numbers: Uint32Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    for (let at = 0; at < numbers.length; at += WRITE_ROWS) {
      const part = numbers.subarray(at, at + WRITE_ROWS);
      await file.writeFile(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    }
    await file.sync();
  } finally {
    await file.close();
  }
}
