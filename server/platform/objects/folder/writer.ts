import type { FileHandle } from 'node:fs/promises';
import { onDisk } from './failure.ts';

/** Chunks of sockets are small; written together, a system call moves this many bytes. */
const BATCH_BYTES = 1024 * 1024;

export interface FileWriter {
  /** Takes a chunk; waits while the disk is more than a batch behind. */
  readonly write: (chunk: Uint8Array) => Promise<void>;
  /** Resolves once everything taken is in the file (not yet on the disk). */
  readonly flush: () => Promise<void>;
}

async function writeAll(file: FileHandle, chunks: Uint8Array[], position: number): Promise<void> {
  let rest = chunks;
  let at = position;
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest, at);
    at += bytesWritten;
    rest = after(rest, bytesWritten);
  }
}

/** What of `chunks` is left once `bytes` of them were written: a system call may write less than it was given. */
function after(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let passed = bytes;
  const rest: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (passed >= chunk.byteLength) passed -= chunk.byteLength;
    else {
      rest.push(chunk.subarray(passed));
      passed = 0;
    }
  }
  return rest;
}

/** Writes chunks one after the other from `position` on: one batch is on its way while the next one is collected. */
export function createFileWriter(file: FileHandle, position: number): FileWriter {
  let batch: Uint8Array[] = [];
  let bytes = 0;
  let at = position;
  let pending: Promise<void> = Promise.resolve();

  async function send(): Promise<void> {
    await onDisk(pending);
    if (bytes === 0) return;
    pending = writeAll(file, batch, at);
    // Awaited at the next step; a failure until then is not lost.
    pending.catch(() => undefined);
    at += bytes;
    batch = [];
    bytes = 0;
  }

  return Object.freeze({
    async write(chunk: Uint8Array) {
      batch.push(chunk);
      bytes += chunk.byteLength;
      if (bytes >= BATCH_BYTES) await send();
    },
    async flush() {
      await send();
      await onDisk(pending);
    },
  });
}
