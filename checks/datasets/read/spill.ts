import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Spill } from '../records/index.ts';

async function readFully(file: FileHandle, into: Uint8Array, offset: number): Promise<void> {
  for (let at = 0; at < into.length; ) {
    const { bytesRead } = await file.read(into, at, into.length - at, offset + at);
    if (bytesRead === 0) throw new RangeError('a scratch file is shorter than what was written to it');
    at += bytesRead;
  }
}

/** Scratch space in a folder of its own, that only this user can read, below `parent` (the system's temporary folder). */
export async function createFileSpill(
  parent = tmpdir(),
): Promise<Spill & { readonly close: () => Promise<void> }> {
  const folder = await mkdtemp(join(parent, 'bartizan-spill-'));
  let count = 0;
  return Object.freeze({
    create: async () => {
      const path = join(folder, String(count++));
      const file = await open(path, 'wx+', 0o600);
      let end = 0;
      return Object.freeze({
        append: async (bytes: Uint8Array) => {
          await file.writeFile(bytes);
          end += bytes.length;
        },
        read: async (offset: number, into: Uint8Array) => {
          if (offset + into.length > end) throw new RangeError('nothing was written there');
          await readFully(file, into, offset);
        },
        remove: async () => {
          await file.close();
          await rm(path, { force: true });
        },
      });
    },
    close: () => rm(folder, { recursive: true, force: true }),
  });
}
