import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import { newSegmentHeader, SEGMENT_HEADER_BYTES, sealGroup, segmentKey, segmentName } from './segment.ts';

/** Writes all bytes at a position or throws; a seam for tests that fill the disk. */
export type WriteAll = (handle: FileHandle, bytes: Buffer, position: number) => Promise<void>;

export const writeAll: WriteAll = async (handle, bytes, position) => {
  let written = 0;
  while (written < bytes.length) {
    const result = await handle.write(bytes, written, bytes.length - written, position + written);
    written += result.bytesWritten;
  }
};

export interface SegmentWriter {
  readonly segment: number;
  /** Bytes that hold whole frames; what lies behind is not committed. */
  readonly committed: () => number;
  /** Appends one group and resolves when the operating system has it. On failure the file is as before. */
  readonly append: (lines: readonly string[]) => Promise<void>;
  /** Flushes to the disk when something was written since the last time. */
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface SegmentWriterOptions {
  readonly directory: string;
  readonly segment: number;
  readonly master: MasterKey;
  readonly write: WriteAll;
}

/** Creates a segment file and its writer. The calls of `append` must not overlap. */
export async function createSegment(options: SegmentWriterOptions): Promise<SegmentWriter> {
  const { directory, segment, master, write } = options;
  const header = newSegmentHeader(master);
  const key = segmentKey(master, header) as Buffer;
  const handle = await open(join(directory, segmentName(segment)), 'wx', 0o600);
  let committed = 0;
  let dirty = false;

  async function put(bytes: Buffer): Promise<void> {
    try {
      await write(handle, bytes, committed);
    } catch (cause) {
      await handle.truncate(committed).catch(() => undefined);
      throw cause;
    }
    committed += bytes.length;
    dirty = true;
  }

  async function append(lines: readonly string[]): Promise<void> {
    if (committed === 0) await put(header);
    await put(sealGroup(key, { segment, offset: committed }, lines));
  }

  async function sync(): Promise<void> {
    if (!dirty) return;
    dirty = false;
    try {
      await handle.datasync();
    } catch (cause) {
      dirty = true;
      throw cause;
    }
  }

  return Object.freeze({
    segment,
    committed: () => Math.max(committed, SEGMENT_HEADER_BYTES),
    append,
    sync,
    close: async () => {
      await sync().catch(() => undefined);
      await handle.close();
    },
  });
}
