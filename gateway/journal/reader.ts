import type { KeyObject } from 'node:crypto';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import type { Logger } from 'pino';
import type { Cursor } from './cursor.ts';
import { type Frame, findFrame, readFrame } from './frames.ts';
import type { RecentGroups } from './groups.ts';
import { quarantine } from './recover.ts';
import { linesOf, openGroup, SEGMENT_HEADER_BYTES, segmentKey, segmentName } from './segment.ts';

export interface BatchLimit {
  readonly records: number;
  /** Bytes of JSON; one record larger than this still makes a batch of its own. */
  readonly bytes: number;
}

export interface JournalBatch {
  /** UTF-8 JSON of each record, oldest first. */
  readonly lines: readonly Buffer[];
  /** Where the journal goes on after this batch. */
  readonly next: Cursor;
}

export interface SegmentReader {
  /** Records from `from` up to `end` (bytes of whole frames); an empty batch with `next` when none are there. */
  readonly read: (from: Cursor, end: number, limit: BatchLimit) => Promise<JournalBatch>;
  readonly close: () => Promise<void>;
}

interface Group {
  readonly lines: readonly Buffer[];
  /** Offset of the byte after it. */
  readonly end: number;
}

const CHUNK_BYTES = 1024 * 1024;

export function createReader(options: {
  readonly directory: string;
  readonly master: MasterKey;
  readonly log: Pick<Logger, 'error'>;
  readonly recent: Pick<RecentGroups, 'at'>;
}): SegmentReader {
  const { directory, master, log, recent } = options;
  let current: { segment: number; handle: FileHandle; key: KeyObject } | null = null;

  async function openSegment(segment: number) {
    if (current?.segment === segment) return current;
    await close();
    const handle = await open(join(directory, segmentName(segment)), 'r');
    const header = await readAt(handle, 0, SEGMENT_HEADER_BYTES);
    const key = segmentKey(master, header);
    if (!key) {
      await handle.close();
      throw new Error(`journal segment ${segment} has no valid header`);
    }
    current = { segment, handle, key };
    return current;
  }

  async function close(): Promise<void> {
    const previous = current;
    current = null;
    await previous?.handle.close();
  }

  /** Offset of the next whole frame behind damage at `offset`, having copied the damage aside. */
  async function skipDamage(segment: number, offset: number, end: number): Promise<number> {
    const bytes = (await readFile(join(directory, segmentName(segment)))).subarray(0, end);
    const next = findFrame(bytes, offset + 1)?.offset ?? end;
    await quarantine(directory, `${segment}-${offset}.bin`, bytes.subarray(offset, next));
    log.error({ segment, start: offset, end: next }, 'journal is damaged here: copied to quarantine');
    return next;
  }

  /** Reads groups from the file, one after the other; what is damaged there is copied aside and is no group. */
  async function openFile(segment: number, end: number): Promise<(offset: number) => Promise<Group>> {
    const { handle, key } = await openSegment(segment);
    let chunk: Buffer = Buffer.alloc(0);
    let base = 0;
    return async (offset) => {
      if (offset < base || offset > base + chunk.length) chunk = chunk.subarray(0, 0);
      if (chunk.length === 0) base = offset;
      let found = readFrame(chunk, offset - base);
      while (found.kind === 'incomplete' && base + found.end <= end) {
        const wanted = Math.min(end - offset, Math.max(CHUNK_BYTES, base + found.end - offset));
        chunk = await readAt(handle, offset, wanted);
        base = offset;
        found = readFrame(chunk, 0);
        if (chunk.length < wanted) break;
      }
      if (found.kind !== 'frame') return { lines: [], end: await skipDamage(segment, offset, end) };
      const lines = openFrame(key, segment, { ...found, offset });
      if (lines === null) {
        await quarantine(directory, `${segment}-${offset}.bin`, found.payload);
        log.error({ segment, start: offset }, 'journal frame does not open: copied to quarantine');
      }
      return { lines: lines ?? [], end: base + found.end };
    };
  }

  async function read(from: Cursor, end: number, limit: BatchLimit): Promise<JournalBatch> {
    const { segment } = from;
    const lines: Buffer[] = [];
    let bytes = 0;
    let { offset, skip } = from;
    let fromFile: ((offset: number) => Promise<Group>) | null = null;
    while (offset < end) {
      const kept = recent.at(segment, offset);
      let group: Group;
      if (kept !== undefined) group = { lines: linesOf(kept.plain), end: kept.end };
      else {
        fromFile ??= await openFile(segment, end);
        group = await fromFile(offset);
      }
      for (const line of skip > 0 ? group.lines.slice(skip) : group.lines) {
        const full = lines.length >= limit.records || (bytes + line.length > limit.bytes && lines.length > 0);
        if (full) return { lines, next: { segment, offset, skip } };
        lines.push(line);
        bytes += line.length;
        skip += 1;
      }
      offset = group.end;
      skip = 0;
    }
    return { lines, next: { segment, offset, skip: 0 } };
  }

  return Object.freeze({ read, close });
}

function openFrame(key: KeyObject, segment: number, frame: Frame): Buffer[] | null {
  try {
    return openGroup(key, segment, frame);
  } catch {
    return null;
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
