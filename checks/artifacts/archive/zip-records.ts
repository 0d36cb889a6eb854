import { Buffer } from 'node:buffer';
import type { ByteSource } from '../types.ts';
import { ScanFault } from '../types.ts';

/** PKWARE APPNOTE 6.3.10: what the central directory or a local header says about an entry. */
export interface ZipHeader {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
}

export interface CentralEntry extends ZipHeader {
  /** Offset of the local header in the file. */
  readonly local: number;
  /** Offset of this record. */
  readonly at: number;
}

export interface LocalEntry extends ZipHeader {
  readonly at: number;
  /** Offset of the content. */
  readonly content: number;
}

export interface ZipDirectory {
  readonly entries: readonly CentralEntry[];
  /** Entries that the end record announces. */
  readonly announced: number;
  /** Where the central directory begins and the archive ends (its comment left out). */
  readonly start: number;
  readonly end: number;
  /** Bytes in front of the archive. */
  readonly before: number;
  readonly comment: number;
  /** The end record's offset and its length lead to different directories. */
  readonly twice: boolean;
}

export const LOCAL_SIGNATURE = 0x04034b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const END_SIGNATURE = 0x06054b50;
const END64_SIGNATURE = 0x06064b50;
const LOCATOR64_SIGNATURE = 0x07064b50;
const FULL = 0xffffffff;
const MOST_END = 65_557;
const MOST_DIRECTORY = 512 * 2 ** 20;

export async function readBuffer(source: ByteSource, offset: number, length: number): Promise<Buffer> {
  const read = await source.read(offset, length);
  return Buffer.from(read.buffer, read.byteOffset, read.length);
}

const nameOf = (content: Buffer, flags: number): string =>
  content.toString((flags & 0x800) === 0 ? 'latin1' : 'utf8').split('\0', 1)[0] ?? '';

/** Sizes and offset that are too large for their fields, from the zip64 extra field. */
function wide(extra: Buffer, values: readonly number[]): number[] {
  const result = [...values];
  if (!values.includes(FULL)) return result;
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1) {
      let from = at + 4;
      for (const [index, value] of values.entries()) {
        if (value !== FULL || from + 8 > at + 4 + length || from + 8 > extra.length) continue;
        result[index] = Number(extra.readBigUInt64LE(from));
        from += 8;
      }
      return result;
    }
    at += 4 + length;
  }
  return result;
}

function centralRecord(directory: Buffer, at: number, start: number): CentralEntry & { next: number } {
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) =>
    directory.readUInt16LE(at + field),
  ) as [number, number, number];
  const from = at + 46 + nameLength;
  const extra = directory.subarray(from, from + extraLength);
  const fields = [24, 20, 42].map((field) => directory.readUInt32LE(at + field));
  const [size = 0, packed = 0, local = 0] = wide(extra, fields);
  const flags = directory.readUInt16LE(at + 8);
  return {
    name: nameOf(directory.subarray(at + 46, from), flags),
    flags,
    method: directory.readUInt16LE(at + 10),
    crc: directory.readUInt32LE(at + 16),
    packed,
    size,
    local,
    at: start + at,
    next: from + extraLength + commentLength,
  };
}

/** The local header at `at`; undefined where there is none. */
export async function localEntry(source: ByteSource, at: number): Promise<LocalEntry | undefined> {
  if (at < 0 || at + 30 > source.size) return undefined;
  const fixed = await readBuffer(source, at, 30);
  if (fixed.length < 30 || fixed.readUInt32LE(0) !== LOCAL_SIGNATURE) return undefined;
  const [nameLength, extraLength] = [fixed.readUInt16LE(26), fixed.readUInt16LE(28)];
  const rest = await readBuffer(source, at + 30, nameLength + extraLength);
  const flags = fixed.readUInt16LE(6);
  const [size = 0, packed = 0] = wide(rest.subarray(nameLength), [
    fixed.readUInt32LE(22),
    fixed.readUInt32LE(18),
  ]);
  return {
    name: nameOf(rest.subarray(0, nameLength), flags),
    flags,
    method: fixed.readUInt16LE(8),
    crc: fixed.readUInt32LE(14),
    packed,
    size,
    at,
    content: at + 30 + nameLength + extraLength,
  };
}

interface End {
  readonly at: number;
  readonly count: number;
  readonly length: number;
  readonly start: number;
  readonly end: number;
  readonly comment: number;
}

/** The last end record; one whose comment reaches the end of the file is preferred, as readers do. */
async function findEnd(source: ByteSource): Promise<End | undefined> {
  const from = Math.max(0, source.size - MOST_END);
  const tail = await readBuffer(source, from, source.size - from);
  let found = -1;
  for (let at = tail.length - 22; at >= 0; at -= 1) {
    if (tail[at] !== 0x50 || tail.readUInt32LE(at) !== END_SIGNATURE) continue;
    if (found < 0) found = at;
    if (at + 22 + tail.readUInt16LE(at + 20) === tail.length) {
      found = at;
      break;
    }
  }
  if (found < 0) return undefined;
  const at = from + found;
  return {
    at,
    count: tail.readUInt16LE(found + 10),
    length: tail.readUInt32LE(found + 12),
    start: tail.readUInt32LE(found + 16),
    end: at + 22,
    comment: tail.readUInt16LE(found + 20),
  };
}

/** The zip64 end record in place of `end`, where there is one. */
async function widened(source: ByteSource, end: End): Promise<End> {
  if (end.at < 20) return end;
  const locator = await readBuffer(source, end.at - 20, 20);
  if (locator.readUInt32LE(0) !== LOCATOR64_SIGNATURE) return end;
  const claimed = Number(locator.readBigUInt64LE(8));
  for (const at of [claimed, end.at - 20 - 56]) {
    if (at < 0 || at + 56 > end.at) continue;
    const record = await readBuffer(source, at, 56);
    if (record.readUInt32LE(0) !== END64_SIGNATURE) continue;
    return {
      ...end,
      at,
      count: Number(record.readBigUInt64LE(32)),
      length: Number(record.readBigUInt64LE(40)),
      start: Number(record.readBigUInt64LE(48)),
    };
  }
  return end;
}

/**
 * The central directory as most readers see it; undefined when there is no end record.
 *
 * @throws ScanFault when it is broken.
 */
export async function readDirectory(source: ByteSource): Promise<ZipDirectory | undefined> {
  const found = await findEnd(source);
  if (found === undefined) return undefined;
  const end = await widened(source, found);
  if (end.length > MOST_DIRECTORY) throw new ScanFault('the central directory is too large', end.at);
  const real = end.at - end.length;
  const before = real - end.start;
  const start = (await isDirectory(source, real, end.count)) ? real : end.start;
  const directory = await readBuffer(source, start, Math.max(0, end.at - start));
  const entries: CentralEntry[] = [];
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === CENTRAL_SIGNATURE; ) {
    const { next, ...entry } = centralRecord(directory, at, start);
    entries.push({ ...entry, local: entry.local + (start === real ? Math.max(0, before) : 0) });
    at = next;
  }
  return {
    entries,
    announced: end.count,
    start,
    end: end.end,
    before: start === real ? before : 0,
    comment: end.comment,
    twice:
      before !== 0 && end.count > 0 && start === real && (await isDirectory(source, end.start, end.count)),
  };
}

async function isDirectory(source: ByteSource, at: number, count: number): Promise<boolean> {
  if (at < 0) return false;
  if (count === 0) return true;
  const head = await readBuffer(source, at, 4);
  return head.length === 4 && head.readUInt32LE(0) === CENTRAL_SIGNATURE;
}
