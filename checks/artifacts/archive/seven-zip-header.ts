import { ScanFault } from '../types.ts';

/** One compression step of a folder. */
export interface Coder {
  /** Hexadecimal id, e.g. `030101` for LZMA. */
  readonly method: string;
  readonly properties: Uint8Array;
}

/** Files packed together into one stream. */
export interface Folder {
  readonly coders: readonly Coder[];
  /** More than one stream goes in or out of a coder. */
  readonly complex: boolean;
  /** Bytes that come out in the end. */
  readonly size: number;
}

export interface Streams {
  /** Offset and sizes of the packed streams, counted from behind the signature header. */
  readonly packedAt: number;
  readonly packed: readonly number[];
  readonly folders: readonly Folder[];
  /** Sizes of the files in each folder. */
  readonly files: readonly (readonly number[])[];
}

const MOST_ITEMS = 1_000_000;

/** Reads the numbers and lists that 7z headers are made of (7zFormat.txt of the LZMA SDK). */
export function headerReader(bytes: Uint8Array) {
  let at = 0;
  const byte = (): number => {
    const value = bytes[at];
    if (value === undefined) throw new ScanFault('a 7z header ends too soon');
    at += 1;
    return value;
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new ScanFault('a 7z header ends too soon');
    at += length;
    return bytes.subarray(at - length, at);
  };
  function number(): number {
    const first = byte();
    let value = 0;
    for (let index = 0, mask = 0x80; index < 8; index += 1, mask >>= 1) {
      if ((first & mask) === 0) return value + (first & (mask - 1)) * 2 ** (8 * index);
      value += byte() * 2 ** (8 * index);
    }
    return value;
  }
  function count(): number {
    const value = number();
    if (value > MOST_ITEMS) throw new ScanFault('a 7z header with more items than are followed');
    return value;
  }
  function bits(length: number): boolean[] {
    const all: boolean[] = [];
    for (let index = 0, held = 0; index < length; index += 1) {
      if (index % 8 === 0) held = byte();
      all.push(((held >> (7 - (index % 8))) & 1) === 1);
    }
    return all;
  }
  /** Passes over checksums. */
  function digests(length: number): void {
    const defined = byte() === 0 ? bits(length) : Array.from({ length }, () => true);
    take(4 * defined.filter(Boolean).length);
  }
  return { byte, take, number, count, bits, digests, atEnd: () => at >= bytes.length };
}

export type HeaderReader = ReturnType<typeof headerReader>;

function readFolder(reader: HeaderReader): Omit<Folder, 'size'> & { outputs: number } {
  const coders: Coder[] = [];
  let complex = false;
  let [inputs, outputs] = [0, 0];
  for (let left = reader.count(); left > 0; left -= 1) {
    const flags = reader.byte();
    const method = [...reader.take(flags & 15)].map((one) => one.toString(16).padStart(2, '0')).join('');
    if ((flags & 0x10) !== 0) complex = true;
    inputs += (flags & 0x10) === 0 ? 1 : reader.count();
    outputs += (flags & 0x10) === 0 ? 1 : reader.count();
    const properties = (flags & 0x20) === 0 ? new Uint8Array(0) : reader.take(reader.count());
    coders.push({ method, properties });
  }
  for (let pair = 1; pair < outputs; pair += 1) {
    reader.number();
    reader.number();
  }
  const packed = inputs - (outputs - 1);
  if (packed > 1) for (let index = 0; index < packed; index += 1) reader.number();
  return { coders, complex: complex || packed !== 1, outputs };
}

function readPacked(reader: HeaderReader): Pick<Streams, 'packedAt' | 'packed'> {
  const packedAt = reader.number();
  const streams = reader.count();
  let packed: number[] = [];
  for (let id = reader.number(); id !== 0; id = reader.number()) {
    if (id === 0x09) packed = Array.from({ length: streams }, () => reader.number());
    else if (id === 0x0a) reader.digests(streams);
    else throw new ScanFault('a 7z header that cannot be read');
  }
  return { packedAt, packed };
}

function readFolders(reader: HeaderReader): Folder[] {
  if (reader.number() !== 0x0b) throw new ScanFault('a 7z header that cannot be read');
  const count = reader.count();
  if (reader.byte() !== 0) throw new ScanFault('a 7z header that cannot be read');
  const folders = Array.from({ length: count }, () => readFolder(reader));
  if (reader.number() !== 0x0c) throw new ScanFault('a 7z header that cannot be read');
  const sized = folders.map(({ outputs, ...folder }) => {
    const sizes = Array.from({ length: outputs }, () => reader.number());
    return { ...folder, size: sizes.at(-1) ?? 0 };
  });
  for (let id = reader.number(); id !== 0; id = reader.number()) {
    if (id !== 0x0a) throw new ScanFault('a 7z header that cannot be read');
    reader.digests(count);
  }
  return sized;
}

function readFiles(reader: HeaderReader, folders: readonly Folder[]): number[][] {
  let counts = folders.map(() => 1);
  let sizes: number[][] | undefined;
  for (let id = reader.number(); id !== 0; id = reader.number()) {
    if (id === 0x0d) counts = folders.map(() => reader.count());
    else if (id === 0x09) sizes = sizesOf(reader, folders, counts);
    else if (id === 0x0a) {
      // Checksums are there for files whose folder has none; their number cannot matter to what follows but the end.
      break;
    } else throw new ScanFault('a 7z header that cannot be read');
  }
  return sizes ?? folders.map(({ size }, index) => (counts[index] === 1 ? [size] : []));
}

function sizesOf(reader: HeaderReader, folders: readonly Folder[], counts: readonly number[]): number[][] {
  return folders.map(({ size }, index) => {
    const count = counts[index] ?? 0;
    const sizes = Array.from({ length: Math.max(0, count - 1) }, () => reader.number());
    if (count > 0) sizes.push(size - sizes.reduce((total, one) => total + one, 0));
    return sizes;
  });
}

/** The streams that a header describes, up to the sizes of the files. @throws ScanFault */
export function readStreams(reader: HeaderReader): Streams {
  let streams: Streams = { packedAt: 0, packed: [], folders: [], files: [] };
  let known = false;
  for (let id = reader.number(); id !== 0; id = reader.number()) {
    if (id === 0x06) streams = { ...streams, ...readPacked(reader) };
    else if (id === 0x07) streams = { ...streams, folders: readFolders(reader) };
    else if (id === 0x08) {
      streams = { ...streams, files: readFiles(reader, streams.folders) };
      known = true;
      break;
    } else throw new ScanFault('a 7z header that cannot be read');
  }
  return known ? streams : { ...streams, files: streams.folders.map(({ size }) => [size]) };
}
