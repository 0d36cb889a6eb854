import { Buffer, isUtf8 } from 'node:buffer';
import type { Text } from './values.ts';
import { text } from './values.ts';

const MOST_SLOTS = 4_096;
const LEAST_SLOTS = 16;
/** Bytes of a stream for each slot: a small one has few texts. */
const BYTES_A_SLOT = 64;
/** Longer texts are not shared between occurrences. */
const MOST_SHARED_BYTES = 48;

/** Reads texts out of a buffer; short ones that recur are made once. */
export interface TextReader {
  /** UTF-8 text of `length` bytes at `at`; `fresh` is called for each that is not known from before. */
  utf8(buffer: Buffer, at: number, length: number): Text;
}

function sameAs(known: string, buffer: Uint8Array, at: number): boolean {
  for (let index = 0; index < known.length; index += 1) {
    if (known.charCodeAt(index) !== buffer[at + index]) return false;
  }
  return true;
}

const SURROGATE = /\xed[\xa0-\xbf][\x80-\xbf]/g;

/** Whether Python takes the bytes that gave `decoded` for UTF-8: it lets lone surrogates pass. */
export function isPythonUtf8(decoded: string, buffer: Buffer, at: number, length: number): boolean {
  if (!decoded.includes('\ufffd')) return true;
  const bytes = buffer.subarray(at, at + length);
  if (isUtf8(bytes)) return true;
  return isUtf8(Buffer.from(bytes.toString('latin1').replace(SURROGATE, '???'), 'latin1'));
}

/**
 * `fresh` sees every text once (shared ones), or each time (long ones, or those pushed out by others).
 *
 * @param size - bytes of the stream.
 */
export function textReader(
  size: number,
  fresh: (value: Text, at: number, length: number, isUtf8: boolean) => void,
): TextReader {
  let count = LEAST_SLOTS;
  while (count < MOST_SLOTS && count * BYTES_A_SLOT < size) count *= 2;
  const mask = count - 1;
  const slots: (Text | undefined)[] = [];
  for (let slot = 0; slot < count; slot += 1) slots.push(undefined);

  const decode = (buffer: Buffer, at: number, length: number): Text =>
    text(buffer.toString('utf8', at, at + length));

  return Object.freeze({
    utf8(buffer: Buffer, at: number, length: number): Text {
      if (length > MOST_SHARED_BYTES) {
        const made = decode(buffer, at, length);
        fresh(made, at, length, isPythonUtf8(made.text, buffer, at, length));
        return made;
      }
      let hash = length;
      let wide = 0;
      for (let index = at; index < at + length; index += 1) {
        const byte = buffer[index] as number;
        wide |= byte;
        hash = (Math.imul(hash, 31) + byte) | 0;
      }
      if (wide > 127) {
        const made = decode(buffer, at, length);
        fresh(made, at, length, isPythonUtf8(made.text, buffer, at, length));
        return made;
      }
      const slot = (hash ^ (hash >>> 15)) & mask;
      const known = slots[slot];
      if (known !== undefined && known.text.length === length && sameAs(known.text, buffer, at)) return known;
      const made = text(buffer.toString('latin1', at, at + length));
      slots[slot] = made;
      fresh(made, at, length, true);
      return made;
    },
  });
}

/** Undoes what protocol 0 does to texts: `\uXXXX` and `\UXXXXXXXX`; other bytes are latin-1. */
export function rawUnicodeEscape(latin1: string): string {
  if (!latin1.includes('\\')) return latin1;
  return latin1.replace(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/g, (whole, short, long) => {
    const code = Number.parseInt(short ?? long, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

const SIMPLE: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\n': '',
};

/** The content of a Python 2 string literal with its quotes, as STRING holds it; undefined when it is none. */
export function stringLiteral(line: string): string | undefined {
  const trimmed = line.trim();
  const quote = trimmed[0];
  if ((quote !== '"' && quote !== "'") || trimmed.length < 2 || trimmed.at(-1) !== quote) return undefined;
  const inner = trimmed.slice(1, -1);
  if (!inner.includes('\\')) return inner;
  return inner.replace(/\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|([\s\S]))/g, (whole, hex, octal, one) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 255);
    return SIMPLE[one] ?? whole;
  });
}
