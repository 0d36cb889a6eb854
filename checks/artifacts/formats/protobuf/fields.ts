import { type ByteSource, ScanFault } from '../../types.ts';

/** One field of a protobuf message; `offset` and `length` tell where its payload lies in the source. */
export interface Field {
  readonly number: number;
  readonly wire: 0 | 1 | 2 | 5;
  /** Value of a varint (above 2^53 only roughly); 0 for the other wire types. */
  readonly varint: number;
  readonly offset: number;
  readonly length: number;
}

const WINDOW_BYTES = 1 << 18;
/** A tag and a length take 15 bytes at most. */
const HEADER_BYTES = 20;

/** The fields of the message in `bytes`, which lie at `base` in their source. Throws `ScanFault`. */
export function* parseFields(bytes: Uint8Array, base = 0): Generator<Field> {
  const header = { at: 0 };
  while (header.at < bytes.length) {
    const field = readHeader(bytes, header, base);
    const end = field.offset - base + field.length;
    if (end > bytes.length) throw new ScanFault('a field reaches beyond its message', field.offset);
    yield field;
    header.at = end;
  }
}

/** The fields of the message in `[start, end)` of `source`; only headers are read, payloads are skipped. */
export async function* readFields(
  source: ByteSource,
  range: { readonly start: number; readonly end: number },
  checkpoint: () => void,
): AsyncGenerator<Field> {
  let at = range.start;
  let buffer: Uint8Array = new Uint8Array(0);
  let bufferAt = at;
  let count = 0;
  while (at < range.end) {
    const need = Math.min(HEADER_BYTES, range.end - at);
    if (at + need > bufferAt + buffer.length || at < bufferAt) {
      buffer = await source.read(at, Math.min(WINDOW_BYTES, range.end - at));
      bufferAt = at;
      checkpoint();
    }
    const header = { at: at - bufferAt };
    const field = readHeader(buffer, header, bufferAt);
    if (field.offset + field.length > range.end) {
      throw new ScanFault('a field reaches beyond its message', field.offset);
    }
    yield field;
    at = field.offset + field.length;
    count += 1;
    if (count % 4096 === 0) checkpoint();
  }
}

/** Reads one header at `header.at` and moves it on; the payload need not be there. Throws `ScanFault`. */
export function readHeader(bytes: Uint8Array, header: { at: number }, base: number): Field {
  const tag = varint(bytes, header, base);
  const number = Math.floor(tag / 8);
  const wire = tag % 8;
  if (number === 0 || number > 536_870_911) throw new ScanFault('a field number of 0', base + header.at);
  switch (wire) {
    case 0: {
      const offset = base + header.at;
      const value = varint(bytes, header, base);
      return { number, wire, varint: value, offset, length: base + header.at - offset };
    }
    case 1:
      return { number, wire, varint: 0, offset: base + header.at, length: 8 };
    case 5:
      return { number, wire, varint: 0, offset: base + header.at, length: 4 };
    case 2: {
      const length = varint(bytes, header, base);
      return { number, wire, varint: 0, offset: base + header.at, length };
    }
    default:
      throw new ScanFault(`a field of wire type ${wire}`, base + header.at);
  }
}

function varint(bytes: Uint8Array, header: { at: number }, base: number): number {
  let value = 0;
  let scale = 1;
  for (let count = 0; count < 10; count += 1) {
    const byte = bytes[header.at];
    if (byte === undefined) throw new ScanFault('a number does not end', base + header.at);
    header.at += 1;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
  }
  throw new ScanFault('a number of more than 10 bytes', base + header.at);
}
