import { hkdfSync, randomBytes } from 'node:crypto';
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
export function segmentKey(master: MasterKey, header: Buffer): Buffer | null {
  if (header.length < SEGMENT_HEADER_BYTES) return null;
  if (header.toString('latin1', 0, 12) !== MAGIC + master.id) return null;
  const salt = header.subarray(12, SEGMENT_HEADER_BYTES);
  return Buffer.from(hkdfSync('sha256', master.bytes, salt, 'bartizan journal v1', 32));
}

const contextOf = (segment: number, offset: number): string => `journal:${segment}:${offset}`;

/** Encrypts a group of records (JSON texts without raw newlines) into a frame for one place in one segment. */
export function sealGroup(
  key: Buffer,
  at: { segment: number; offset: number },
  lines: readonly string[],
): Buffer {
  const plain = Buffer.from(lines.join('\n'));
  return encodeFrame(encryptBytes(key, plain, contextOf(at.segment, at.offset)), lines.length);
}

/** The records of a frame, each the UTF-8 bytes of its JSON. Throws when the frame was not sealed for this place. */
export function openGroup(key: Buffer, segment: number, frame: Frame): Buffer[] {
  const plain = decryptBytes(key, frame.payload, contextOf(segment, frame.offset));
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = plain.indexOf(10); end !== -1; end = plain.indexOf(10, start)) {
    lines.push(plain.subarray(start, end));
    start = end + 1;
  }
  lines.push(plain.subarray(start));
  return lines;
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
