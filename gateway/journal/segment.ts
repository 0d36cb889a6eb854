import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { decryptBytes, encryptBytes, type MasterKey } from '@bartizan/contracts/sealed.ts';
import { encodeFrame, type Frame } from './frames.ts';

/**
 * A segment file is `"BZJ1" | master key id (8 hex characters) | salt (16 bytes)` and then frames. Its key is
 * HKDF-SHA256(master key, salt): a fresh key per file keeps random GCM nonces far below their limit.
 */
export const SEGMENT_HEADER_BYTES = 28;
const MAGIC = 'BZJ1';
const SUFFIX = '.bzj';

export function newSegmentHeader(master: MasterKey): Buffer {
  return Buffer.concat([Buffer.from(MAGIC + master.id), randomBytes(16)]);
}

/** The key of a segment, or null when the header is not one or names another master key. */
export function segmentKey(master: MasterKey, header: Buffer): KeyObject | null {
  if (header.length < SEGMENT_HEADER_BYTES) return null;
  if (header.toString('latin1', 0, 12) !== MAGIC + master.id) return null;
  const salt = header.subarray(12, SEGMENT_HEADER_BYTES);
  return createSecretKey(Buffer.from(hkdfSync('sha256', master.bytes, salt, 'bartizan journal v1', 32)));
}

const contextOf = (segment: number, offset: number): string => `journal:${segment}:${offset}`;

/** Longest UTF-8 of one UTF-16 unit. */
const MOST_BYTES_A_UNIT = 3;
const NEWLINE = 10;
/** Where groups are put together; every group would else allocate for its longest possible form. */
const bench = Buffer.allocUnsafeSlow(512 * 1024);

/** Records (JSON texts without raw newlines) as the UTF-8 bytes of a group: one line each. */
export function plainOf(lines: readonly string[]): Buffer {
  let room = lines.length;
  for (const line of lines) room += line.length * MOST_BYTES_A_UNIT;
  if (room > bench.length) return Buffer.from(lines.join('\n'));
  let at = 0;
  for (const line of lines) {
    if (at > 0) bench[at++] = NEWLINE;
    at += bench.write(line, at);
  }
  return Buffer.from(bench.subarray(0, at));
}

/** The records of what {@link plainOf} made, each the UTF-8 bytes of its JSON. */
export function linesOf(plain: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = plain.indexOf(NEWLINE); end !== -1; end = plain.indexOf(NEWLINE, start)) {
    lines.push(plain.subarray(start, end));
    start = end + 1;
  }
  lines.push(plain.subarray(start));
  return lines;
}

/** Encrypts a group of `count` records into a frame for one place in one segment. */
export function sealGroup(
  key: KeyObject,
  at: { segment: number; offset: number },
  group: { readonly plain: Buffer; readonly count: number },
): Buffer {
  return encodeFrame(encryptBytes(key, group.plain, contextOf(at.segment, at.offset)), group.count);
}

/** The records of a frame. Throws when the frame was not sealed for this place. */
export function openGroup(key: KeyObject, segment: number, frame: Frame): Buffer[] {
  return linesOf(decryptBytes(key, frame.payload, contextOf(segment, frame.offset)));
}

export const segmentName = (segment: number): string => String(segment).padStart(10, '0') + SUFFIX;

/** Numbers of the segment files in a directory, ascending. */
export async function listSegments(directory: string): Promise<number[]> {
  const names = await readdir(directory);
  return names
    .filter((name) => /^\d{10}\.bzj$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b);
}
