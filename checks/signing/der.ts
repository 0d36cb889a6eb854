import { SignatureError } from './error.ts';

/** One element of DER (X.690): its tag byte, its content, and all of it. */
export interface Der {
  readonly tag: number;
  readonly content: Buffer;
  readonly whole: Buffer;
}

export const TAG = Object.freeze({
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  sequence: 0x30,
  /** Context-specific, constructed. */
  context: (number: number): number => 0xa0 + number,
});

const bad = (): never => {
  throw new SignatureError('malformed', 'a certificate is not DER as specified');
};

/** Reads one element that starts at `at`; definite lengths of up to four bytes in their shortest form only. */
function readOne(bytes: Buffer, at: number): Der {
  const tag = bytes[at] ?? bad();
  const first = bytes[at + 1] ?? bad();
  if ((tag & 0x1f) === 0x1f) bad();
  let length = first;
  let head = 2;
  if (first > 0x7f) {
    const count = first & 0x7f;
    if (count === 0 || count > 4 || at + 2 + count > bytes.length) bad();
    length = bytes.readUIntBE(at + 2, count);
    if (length < 0x80 || (count > 1 && length < 2 ** (8 * (count - 1)))) bad();
    head += count;
  }
  const end = at + head + length;
  if (end > bytes.length) bad();
  return { tag, content: bytes.subarray(at + head, end), whole: bytes.subarray(at, end) };
}

/** The one element that `bytes` consist of; throws `malformed` when there is anything else. */
export function readDer(bytes: Buffer, tag?: number): Der {
  const one = readOne(bytes, 0);
  if (one.whole.length !== bytes.length || (tag !== undefined && one.tag !== tag)) bad();
  return one;
}

/** The elements that stand one after the other in `content`. */
export function readDerList(content: Buffer): Der[] {
  const all: Der[] = [];
  for (let at = 0; at < content.length; ) {
    const one = readOne(content, at);
    all.push(one);
    at += one.whole.length;
  }
  return all;
}

/** Writes an element. */
export function writeDer(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const size: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) size.unshift(rest % 256);
  return Buffer.concat([Buffer.of(tag, 0x80 + size.length, ...size), content]);
}

/** An object identifier in dotted form. */
export function readOid(content: Buffer): string {
  const arcs: number[] = [];
  let value = 0;
  for (const byte of content) {
    if (value > 2 ** 40) bad();
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      arcs.push(value);
      value = 0;
    }
  }
  const [first] = arcs;
  if (first === undefined || (content.at(-1) ?? 0x80) > 0x7f) return bad();
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - top * 40, ...arcs.slice(1)].join('.');
}

/** A small non-negative INTEGER. */
export function readSmallInteger(content: Buffer): number {
  if (content.length === 0 || content.length > 4 || (content[0] ?? 0x80) > 0x7f) bad();
  return content.readUIntBE(0, content.length);
}
