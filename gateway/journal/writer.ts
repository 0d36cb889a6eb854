import type { KeyObject } from 'node:crypto';
import { writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import type { RecentGroups } from './groups.ts';
import {
  newSegmentHeader,
  plainOf,
  SEGMENT_HEADER_BYTES,
  sealGroup,
  segmentKey,
  segmentName,
} from './segment.ts';

/** Larger groups are written by the thread pool. */
const DIRECT_BYTES = 256 * 1024;

/** Writes all bytes at a position or throws; a seam for tests that fill the disk. */
export type WriteAll = (handle: FileHandle, bytes: Buffer, position: number) => Promise<void>;

export const writeAll: WriteAll = async (handle, bytes, position) => {
  let written = 0;
  while (written < bytes.length) {
    const result = await handle.write(bytes, written, bytes.length - written, position + written);
    written += result.bytesWritten;
  }
};

/**
 * The same without the trip to the thread pool, which costs more than copying a group into the page cache.
 * Not while the file is being synced: a write then waits for the disk (the reason why Redis holds its
 * append-only file back during fsync).
 */
function writeAllNow(handle: FileHandle, bytes: Buffer, position: number): void {
  let written = 0;
  while (written < bytes.length) {
    written += writeSync(handle.fd, bytes, written, bytes.length - written, position + written);
  }
}

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
  /** Where groups are remembered for the reader. */
  readonly recent: RecentGroups;
}

/** Creates a segment file and its writer. The calls of `append` must not overlap. */
export async function createSegment(options: SegmentWriterOptions): Promise<SegmentWriter> {
  const { directory, segment, master, write, recent } = options;
  const header = newSegmentHeader(master);
  const key = segmentKey(master, header) as KeyObject;
  const handle = await open(join(directory, segmentName(segment)), 'wx', 0o600);
  let committed = 0;
  let dirty = false;
  let syncing = false;

  async function put(bytes: Buffer): Promise<void> {
    try {
      if (write === writeAll && !syncing && bytes.length <= DIRECT_BYTES)
        writeAllNow(handle, bytes, committed);
      else await write(handle, bytes, committed);
    } catch (cause) {
      await handle.truncate(committed).catch(() => undefined);
      throw cause;
    }
    committed += bytes.length;
    dirty = true;
  }

  async function append(lines: readonly string[]): Promise<void> {
    if (committed === 0) await put(header);
    const offset = committed;
    const plain = plainOf(lines);
    await put(sealGroup(key, { segment, offset }, { plain, count: lines.length }));
    recent.add({ segment, offset, end: committed, plain });
  }

  async function sync(): Promise<void> {
    if (!dirty) return;
    dirty = false;
    syncing = true;
    try {
      await handle.datasync();
    } catch (cause) {
      dirty = true;
      throw cause;
    } finally {
      syncing = false;
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
