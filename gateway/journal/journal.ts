import type { KeyObject } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InteractionRecord } from '@bartizan/contracts';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import type { Logger } from 'pino';
import { type Journal, JournalFull } from '../ports.ts';
import { createAges, lastWritten } from './ages.ts';
import { createGroupCommit } from './commit.ts';
import { type Cursor, saveCursor } from './cursor.ts';
import { createDiskProbe } from './disk.ts';
import { createRecentGroups } from './groups.ts';
import { lineOf } from './line.ts';
import { lockDirectory } from './lock.ts';
import { type BatchLimit, createReader, type JournalBatch } from './reader.ts';
import { folderBytes, recover } from './recover.ts';
import { newSegmentHeader, SEGMENT_HEADER_BYTES, sealGroup, segmentKey, segmentName } from './segment.ts';
import { createSegment, type SegmentWriter, type WriteAll, writeAll } from './writer.ts';

export interface JournalOptions {
  /** `<dataDir>/journal/<gatewayId>`; created when missing, mode 0700. */
  readonly directory: string;
  readonly master: MasterKey;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /**
   * `interval`: an append resolves once the operating system has the bytes (survives kill -9 of the process;
   * a power cut loses at most `syncIntervalMs`). `always`: it resolves after fdatasync.
   */
  readonly sync?: 'interval' | 'always';
  readonly syncIntervalMs?: number;
  /** Size of all files together at which appends are refused; default 1 GiB. */
  readonly maxBytes?: number;
  readonly segmentBytes?: number;
  /** How much of what was written stays in memory until it is shipped, default 4 MiB; more is read back. */
  readonly rememberBytes?: number;
  /** How often a full disk is tried again. */
  readonly probeIntervalMs?: number;
  readonly write?: WriteAll;
}

export interface JournalStore extends Journal {
  /** Calls back after every commit. */
  readonly onCommit: (listener: () => void) => void;
  /** The oldest records that the server has not taken, or null when it has all. One reader at a time. */
  readonly read: (limit: BatchLimit) => Promise<JournalBatch | null>;
  /** Records of this batch are with the server: they are not read again, and whole files of them are removed. */
  readonly acknowledge: (batch: JournalBatch) => Promise<void>;
  /** Keeps a record that the server refuses as invalid in `rejected/`, encrypted like a segment. */
  readonly setAside: (line: Buffer) => Promise<void>;
  readonly state: () => JournalState;
  /** Writes and syncs what was appended, then lets go of the directory. */
  readonly close: () => Promise<void>;
}

/** How full the journal is. */
export interface JournalState {
  readonly bytes: number;
  readonly maxBytes: number;
  /** When the oldest record that the server has not taken was written, to the second; null when it has all. */
  readonly oldestAt: number | null;
}

const MIB = 1024 * 1024;
/** The cursor is written at most this often; after a kill, what was acknowledged since is sent once more. */
const SAVE_CURSOR_MS = 200;

/**
 * Opens the journal in a directory, having replayed what an earlier process left.
 * Throws DirectoryLocked when a live process has it.
 */
export async function openJournal(options: JournalOptions): Promise<JournalStore> {
  const { directory, master, log } = options;
  const maxBytes = options.maxBytes ?? 1024 * MIB;
  const segmentBytes = options.segmentBytes ?? Math.min(16 * MIB, Math.ceil(maxBytes / 4));
  const reserveBytes = Math.min(8 * MIB, maxBytes / 8);
  const write = options.write ?? writeAll;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const unlock = await lockDirectory(directory);
  const recovered = await recover({ directory, master, log }).catch(async (error: unknown) => {
    await unlock();
    throw error;
  });
  const { segments } = recovered;
  const asideDirectory = join(directory, 'rejected');
  let cursor: Cursor = recovered.cursor;
  let backlog = recovered.backlog;
  const ages = createAges(recovered.backlog, await lastWritten(directory, recovered.segments));
  let nextSegment = recovered.next;
  let active: SegmentWriter | null = null;
  let asideBytes = await folderBytes(asideDirectory, await readdir(asideDirectory).catch(() => []));
  let closed = false;
  let saved = cursor;
  let savedAtMs = Number.NEGATIVE_INFINITY;
  const listeners = new Set<() => void>();
  const recent = createRecentGroups(options.rememberBytes ?? 4 * MIB);
  const reader = createReader({ directory, master, log, recent });
  const disk = createDiskProbe({ directory, write, intervalMs: options.probeIntervalMs ?? 1000, log });

  const totalBytes = (): number => {
    let sum = asideBytes + (active?.committed() ?? 0);
    for (const bytes of segments.values()) sum += bytes;
    return sum;
  };

  async function writerFor(size: number): Promise<SegmentWriter> {
    if (active && active.committed() + size > segmentBytes && active.committed() > SEGMENT_HEADER_BYTES) {
      const full = active;
      active = null;
      segments.set(full.segment, full.committed());
      await full.close();
    }
    if (!active) {
      active = await createSegment({ directory, segment: nextSegment, master, write, recent });
      nextSegment += 1;
    }
    return active;
  }

  async function commit(lines: readonly string[]): Promise<void> {
    const size = lines.reduce((sum, line) => sum + line.length, 64);
    if (disk.failed() || totalBytes() + size > maxBytes) throw new JournalFull();
    try {
      const writer = await writerFor(size);
      await writer.append(lines);
      if (options.sync === 'always') await writer.sync();
    } catch (cause) {
      disk.fail(cause);
      throw new JournalFull({ cause });
    }
    backlog += lines.length;
    ages.written(lines.length);
    for (const listener of listeners) listener();
  }

  const group = createGroupCommit(commit);
  const syncTimer = setInterval(() => {
    active?.sync().catch((error: unknown) => disk.fail(error));
  }, options.syncIntervalMs ?? 100);
  syncTimer.unref();

  const endOf = (segment: number): number | null =>
    segment === active?.segment ? active.committed() : (segments.get(segment) ?? null);

  const followingSegments = (): number[] =>
    [...segments.keys(), ...(active ? [active.segment] : [])].filter((segment) => segment > cursor.segment);

  /** Moves the cursor to the next segment when this one is used up and no longer written to. */
  async function advance(): Promise<boolean> {
    if (cursor.segment === active?.segment) return false;
    const following = followingSegments();
    if (following.length === 0) return false;
    await moveTo({ segment: Math.min(...following), offset: SEGMENT_HEADER_BYTES, skip: 0 });
    return true;
  }

  async function saveMoved(): Promise<void> {
    savedAtMs = performance.now();
    saved = cursor;
    await saveCursor(directory, cursor).catch((error: unknown) => disk.fail(error));
  }

  async function moveTo(next: Cursor): Promise<void> {
    const left = next.segment !== cursor.segment;
    cursor = next;
    recent.forget(cursor.segment, cursor.offset);
    if (left || performance.now() - savedAtMs > SAVE_CURSOR_MS) await saveMoved();
    for (const segment of [...segments.keys()].filter((segment) => segment < cursor.segment)) {
      segments.delete(segment);
      await reader.close();
      await rm(join(directory, segmentName(segment)), { force: true });
    }
  }

  async function read(limit: BatchLimit): Promise<JournalBatch | null> {
    do {
      const end = endOf(cursor.segment);
      if (end === null || cursor.offset >= end) continue;
      const batch = await reader.read(cursor, end, limit);
      if (batch.lines.length > 0) return batch;
      await moveTo(batch.next);
    } while (await advance());
    // Frames that turned out damaged were counted and will never be acknowledged.
    if (cursor.offset >= (endOf(cursor.segment) ?? 0) && followingSegments().length === 0) backlog = 0;
    return null;
  }

  async function setAside(line: Buffer): Promise<void> {
    await mkdir(asideDirectory, { recursive: true, mode: 0o700 });
    const header = newSegmentHeader(master);
    const key = segmentKey(master, header) as KeyObject;
    const place = { segment: 0, offset: SEGMENT_HEADER_BYTES };
    const sealed = sealGroup(key, place, { plain: line, count: 1 });
    const name = `${Date.now()}-${header.toString('hex', 12, 16)}.bzj`;
    await writeFile(join(asideDirectory, name), Buffer.concat([header, sealed]), { mode: 0o600 });
    asideBytes += header.length + sealed.length;
  }

  return Object.freeze({
    append: (record: InteractionRecord) => {
      if (closed || disk.failed()) return Promise.reject(new JournalFull());
      return group.add(lineOf(record, log));
    },
    writable: () => !closed && !disk.failed() && totalBytes() + group.pending() + reserveBytes < maxBytes,
    backlog: () => backlog,
    onCommit: (listener: () => void) => void listeners.add(listener),
    read,
    acknowledge: async (batch: JournalBatch) => {
      backlog = Math.max(0, backlog - batch.lines.length);
      ages.taken(batch.lines.length);
      await moveTo(batch.next);
    },
    setAside,
    state: () => ({ bytes: totalBytes(), maxBytes, oldestAt: backlog === 0 ? null : ages.oldest() }),
    close: async () => {
      if (closed) return;
      closed = true;
      await group.settled();
      clearInterval(syncTimer);
      disk.close();
      if (saved !== cursor) await saveMoved();
      await active?.close();
      await reader.close();
      await unlock();
    },
  });
}
