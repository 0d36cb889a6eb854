import { mkdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import type { Logger } from 'pino';
import { type Cursor, loadCursor } from './cursor.ts';
import { scanFrames } from './frames.ts';
import { listSegments, SEGMENT_HEADER_BYTES, segmentKey, segmentName } from './segment.ts';

export interface Recovered {
  readonly cursor: Cursor;
  /** Bytes by closed segment that is still to be shipped. */
  readonly segments: Map<number, number>;
  readonly backlog: number;
  /** Number for the next segment file. */
  readonly next: number;
}

interface RecoverOptions {
  readonly directory: string;
  readonly master: MasterKey;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** Copies damaged bytes aside, once. */
export async function quarantine(directory: string, name: string, bytes: Buffer): Promise<void> {
  await mkdir(join(directory, 'quarantine'), { recursive: true, mode: 0o700 });
  await writeFile(join(directory, 'quarantine', name), bytes, { mode: 0o600 });
}

/**
 * Reads what an earlier process left: removes segments that the server has, cuts a torn tail, copies
 * damaged stretches to `quarantine/` and counts the records still to be shipped.
 */
export async function recover(options: RecoverOptions): Promise<Recovered> {
  const { directory } = options;
  const saved = await loadCursor(directory);
  const segments = new Map<number, number>();
  const found = await listSegments(directory);
  let backlog = 0;
  for (const segment of found) {
    if (saved && segment < saved.segment) {
      await rm(join(directory, segmentName(segment)));
      continue;
    }
    const from = saved?.segment === segment ? saved : null;
    const scanned = await scanSegment(options, segment, from);
    if (!scanned) continue;
    segments.set(segment, scanned.bytes);
    backlog += scanned.records;
  }
  const first = segments.keys().next().value ?? 0;
  const next = Math.max(found.at(-1) ?? 0, saved?.segment ?? 0) + 1;
  const cursor =
    saved && segments.has(saved.segment)
      ? saved
      : { segment: first === 0 ? next : first, offset: SEGMENT_HEADER_BYTES, skip: 0 };
  return { cursor, segments, backlog, next };
}

async function scanSegment(
  options: RecoverOptions,
  segment: number,
  from: Cursor | null,
): Promise<{ bytes: number; records: number } | null> {
  const { directory, log } = options;
  const path = join(directory, segmentName(segment));
  const bytes = await readFile(path);
  if (bytes.length < SEGMENT_HEADER_BYTES) {
    await rm(path);
    return null;
  }
  if (!segmentKey(options.master, bytes)) {
    await mkdir(join(directory, 'quarantine'), { recursive: true, mode: 0o700 });
    await rename(path, join(directory, 'quarantine', segmentName(segment)));
    log.error({ segment }, 'journal segment was written with another master key: moved to quarantine');
    return null;
  }
  const start = from?.offset ?? SEGMENT_HEADER_BYTES;
  let records = 0;
  const damages = scanFrames(bytes, start, (frame) => {
    records += frame.count - (frame.offset === start ? (from?.skip ?? 0) : 0);
  });
  let length = bytes.length;
  for (const damage of damages) {
    if (!damage.torn) {
      const name = `${segment}-${damage.start}.bin`;
      await quarantine(directory, name, bytes.subarray(damage.start, damage.end));
      log.error({ segment, ...damage }, 'journal is damaged here: copied to quarantine, the rest is kept');
    }
    if (damage.end === bytes.length) {
      await truncate(path, damage.start);
      length = damage.start;
    }
  }
  return { bytes: length, records };
}

/** Bytes of the files in a folder, 0 when it does not exist. */
export async function folderBytes(directory: string, names: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(directory, name)).then(
        (entry) => entry.size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
