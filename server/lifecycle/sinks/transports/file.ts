import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredTarget } from '../model.ts';
import { failed } from './failure.ts';
import type { Outcome, Rendered, Transport } from './transport.ts';

type Target = Extract<StoredTarget, { type: 'file' }>;

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDWR, O_NONBLOCK } = constants;
const NEWLINE = 0x0a;

/** Throws unless the handle is that of an ordinary file. */
async function ordinary(handle: FileHandle): Promise<number> {
  const found = await handle.stat();
  if (!found.isFile()) throw Object.assign(new Error('not an ordinary file'), { code: 'EISDIR' });
  return found.size;
}

/** Whether the file ends in the middle of a line: a write that was cut off. */
async function torn(handle: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  await handle.read(last, 0, 1, size - 1);
  return last[0] !== NEWLINE;
}

/**
 * Appends lines to a file in `folder` and has the disk confirm them. `name` is a plain name, checked by the
 * contract; a symbolic link in its place is refused.
 */
export function createFileTransport(target: Target, folder: string): Transport {
  const path = join(folder, target.name);

  async function rotate(): Promise<void> {
    await rm(`${path}.${target.keepFiles}`, { force: true });
    for (let number = target.keepFiles - 1; number >= 0; number -= 1) {
      const from = number === 0 ? path : `${path}.${number}`;
      await rename(from, `${path}.${number + 1}`).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
    const directory = await open(folder, constants.O_RDONLY);
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  async function append(bytes: Buffer): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const flags = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
    let handle = await open(path, flags, 0o600);
    try {
      const size = await ordinary(handle);
      if (size > 0 && size + bytes.length > target.maxBytes) {
        await handle.close();
        await rotate();
        handle = await open(path, flags, 0o600);
        await ordinary(handle);
      }
      const now = (await handle.stat()).size;
      const whole = (await torn(handle, now)) ? Buffer.concat([Buffer.of(NEWLINE), bytes]) : bytes;
      await handle.appendFile(whole);
      await handle.datasync();
    } finally {
      await handle.close().catch(() => undefined);
    }
  }

  return Object.freeze({
    async deliver(batch: readonly Rendered[], signal: AbortSignal): Promise<Outcome> {
      try {
        signal.throwIfAborted();
        await append(Buffer.from(`${batch.map(({ text }) => text).join('\n')}\n`));
        return { kind: 'delivered', status: null, answer: '' };
      } catch (error) {
        return failed(`the file ${target.name}`, error);
      }
    },
    close: async () => undefined,
  });
}
