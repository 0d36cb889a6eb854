/** What is wrong with JSON that `JSON.parse` accepts. */
export type ScanFault = 'duplicate' | 'depth' | 'number';

export interface Scan {
  fault: ScanFault | null;
  /** The key that appears twice, cut short. */
  key: string;
  /** Byte range of the top-level `model` value when that is a string, quotes included; else -1. */
  modelStart: number;
  modelEnd: number;
}

/** Above this many keys a set replaces the linear look for duplicates. */
const LINEAR_KEYS = 12;
const LONGEST_SHOWN_KEY = 80;
/** No number this short can be too large without an exponent. */
const SHORT_NUMBER = 15;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const UPPER_E = 0x45;
const LOWER_E = 0x65;

/** Keys of the objects that are open, outermost first; null for an array. */
type OpenKeys = (string[] | Set<string> | null)[];

/**
 * One pass over bytes that `JSON.parse` has accepted, looking at structure only: keys that appear twice in one
 * object, nesting beyond `maxDepth`, numbers beyond a double. Costs about 1 ns a byte and stops at a fault.
 */
export function scanJson(bytes: Buffer, maxDepth: number): Scan {
  const scan: Scan = { fault: null, key: '', modelStart: -1, modelEnd: -1 };
  const open: OpenKeys = [];
  let i = 0;
  while (i < bytes.length && scan.fault === null) {
    const byte = bytes[i] as number;
    if (byte === QUOTE) i = scanString(bytes, i, open, scan);
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (open.length >= maxDepth) scan.fault = 'depth';
      open.push(byte === OPEN_OBJECT ? [] : null);
      i += 1;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      open.pop();
      i += 1;
    } else if (byte === MINUS || (byte >= 0x30 && byte <= 0x39)) {
      const end = endOfNumber(bytes, i);
      if (isHuge(bytes, i, end)) scan.fault = 'number';
      i = end;
    } else {
      i += 1;
    }
  }
  return scan;
}

/** Steps over a string; when it is a key, remembers it, and notes where the model's name stands. */
function scanString(bytes: Buffer, start: number, open: OpenKeys, scan: Scan): number {
  const end = endOfString(bytes, start);
  const colon = nextSignificant(bytes, end);
  if (bytes[colon] !== COLON) return end;
  const key = keyAt(bytes, start, end);
  if (!remember(open, key)) {
    scan.fault = 'duplicate';
    scan.key = key.slice(0, LONGEST_SHOWN_KEY);
    return end;
  }
  if (key !== 'model' || open.length !== 1) return colon + 1;
  const value = nextSignificant(bytes, colon + 1);
  if (bytes[value] !== QUOTE) return value;
  scan.modelStart = value;
  scan.modelEnd = endOfString(bytes, value);
  return scan.modelEnd;
}

/** Index just past the closing quote of the string that opens at `start`. */
function endOfString(bytes: Buffer, start: number): number {
  let i = start + 1;
  const near = Math.min(bytes.length, i + 48);
  while (i < near) {
    const byte = bytes[i] as number;
    if (byte === QUOTE) return i + 1;
    i += byte === BACKSLASH ? 2 : 1;
  }
  // Long strings: let memchr find the next quote and count the backslashes before it.
  for (;;) {
    const quote = bytes.indexOf(QUOTE, i);
    if (quote < 0) return bytes.length;
    let slashes = 0;
    while (quote - 1 - slashes >= i && bytes[quote - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
    i = quote + 1;
  }
}

function keyAt(bytes: Buffer, start: number, end: number): string {
  const raw = bytes.toString('utf8', start, end);
  return raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1);
}

function nextSignificant(bytes: Buffer, from: number): number {
  let i = from;
  for (;;) {
    const byte = bytes[i];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return i;
    i += 1;
  }
}

/** False when the innermost open object has the key already. */
function remember(open: OpenKeys, key: string): boolean {
  const keys = open[open.length - 1];
  if (keys === null || keys === undefined) return true;
  if (keys instanceof Set) {
    if (keys.has(key)) return false;
    keys.add(key);
    return true;
  }
  if (keys.includes(key)) return false;
  keys.push(key);
  if (keys.length > LINEAR_KEYS) open[open.length - 1] = new Set(keys);
  return true;
}

const inNumber = (byte: number | undefined): boolean =>
  byte !== undefined &&
  ((byte >= 0x30 && byte <= 0x39) ||
    byte === DOT ||
    byte === LOWER_E ||
    byte === UPPER_E ||
    byte === PLUS ||
    byte === MINUS);

function endOfNumber(bytes: Buffer, start: number): number {
  let i = start + 1;
  while (inNumber(bytes[i])) i += 1;
  return i;
}

function isHuge(bytes: Buffer, start: number, end: number): boolean {
  let suspect = end - start > SHORT_NUMBER;
  for (let i = start; i < end && !suspect; i += 1) suspect = bytes[i] === LOWER_E || bytes[i] === UPPER_E;
  return suspect && !Number.isFinite(Number(bytes.toString('latin1', start, end)));
}
