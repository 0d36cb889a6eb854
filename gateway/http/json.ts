import { isUtf8 } from 'node:buffer';
import { type Problem, problem } from './problem.ts';

/** A JSON object as parsed; values are foreign until checked. */
export type JsonObject = { [key: string]: unknown };

export interface ParsedBody {
  readonly value: JsonObject;
  /** Byte range of the top-level `model` value, quotes included; -1 when there is none. */
  readonly modelStart: number;
  readonly modelEnd: number;
}

export type ParseResult = { readonly ok: true; readonly body: ParsedBody } | ParseFailure;
interface ParseFailure {
  readonly ok: false;
  readonly problem: Problem;
}

/** Deepest nesting that is accepted, objects and arrays together. */
export const MAX_DEPTH = 64;
/** Above this many keys a set replaces the linear look for duplicates. */
const LINEAR_KEYS = 12;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const MINUS = 0x2d;

const failure = (message: string, param: string | null = null): ParseFailure => ({
  ok: false,
  problem: problem('invalid_json', message, { param }),
});

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses a request body strictly: valid UTF-8, one JSON object, at most {@link MAX_DEPTH} deep, no key twice
 * in one object (parsers differ in which one they keep, so a guard and a model could read different texts),
 * no number beyond a double's range. Never throws.
 */
export function parseBody(bytes: Buffer, maxDepth = MAX_DEPTH): ParseResult {
  if (bytes.length === 0) return failure('The request has no body. Send a JSON object.');
  if (!isUtf8(bytes)) return failure('The request body is not valid UTF-8. Send JSON encoded as UTF-8.');
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8', 0, bytes.length));
  } catch (error) {
    return failure(describeSyntaxError(error, bytes));
  }
  if (!isObject(value)) return failure('The request body must be a JSON object.');
  const scan = scanJson(bytes, maxDepth);
  if (scan.problem !== null) return { ok: false, problem: scan.problem };
  return { ok: true, body: { value, modelStart: scan.modelStart, modelEnd: scan.modelEnd } };
}

/** V8's message quotes the input, so only its position is told. */
function describeSyntaxError(error: unknown, bytes: Buffer): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return 'The request body begins with a byte order mark. Send JSON without it.';
  }
  const at = error instanceof Error ? /at position (\d{1,12})/.exec(error.message)?.[1] : undefined;
  if (error instanceof Error && /end of JSON input|Unterminated/.test(error.message)) {
    return 'The request body is not valid JSON: it ends too early. Was it cut off?';
  }
  return `The request body is not valid JSON${at === undefined ? '' : ` (near character ${at})`}.`;
}

interface Scan {
  problem: Problem | null;
  modelStart: number;
  modelEnd: number;
}

/** End of the string that opens at `start` (index just past its closing quote). The input is valid JSON. */
export function endOfString(bytes: Buffer, start: number): number {
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

/**
 * One pass over JSON that `JSON.parse` has accepted, looking at structure only. Costs about 1 ns a byte.
 * `keys[depth]` holds what was seen in the object that is open at that depth; null for an array.
 */
function scanJson(bytes: Buffer, maxDepth: number): Scan {
  const scan: Scan = { problem: null, modelStart: -1, modelEnd: -1 };
  const keys: (string[] | Set<string> | null)[] = [];
  let pendingModel = false;
  let i = 0;
  while (i < bytes.length) {
    const byte = bytes[i] as number;
    if (byte === QUOTE) {
      const end = endOfString(bytes, i);
      const colon = nextSignificant(bytes, end);
      if (bytes[colon] === COLON) {
        const key = keyAt(bytes, i, end);
        if (!remember(keys, key)) {
          scan.problem = problem(
            'invalid_json',
            `The key ${JSON.stringify(key.slice(0, 80))} appears twice in one object of the request body. Send each key once.`,
            { param: key.slice(0, 80) },
          );
          return scan;
        }
        pendingModel = keys.length === 1 && key === 'model';
        i = pendingModel ? nextSignificant(bytes, colon + 1) : colon + 1;
        if (pendingModel && bytes[i] === QUOTE) {
          scan.modelStart = i;
          scan.modelEnd = endOfString(bytes, i);
          i = scan.modelEnd;
        }
      } else {
        i = end;
      }
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (keys.length >= maxDepth) {
        scan.problem = problem(
          'invalid_json',
          `The request body is nested more than ${maxDepth} levels deep. Flatten it.`,
        );
        return scan;
      }
      keys.push(byte === OPEN_OBJECT ? [] : null);
      i += 1;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      keys.pop();
      i += 1;
    } else if (byte === MINUS || (byte >= 0x30 && byte <= 0x39)) {
      const end = endOfNumber(bytes, i);
      if (end - i > 15 && !Number.isFinite(Number(bytes.toString('latin1', i, end)))) {
        scan.problem = problem(
          'invalid_json',
          'A number in the request body is too large. Numbers must fit a 64-bit float.',
        );
        return scan;
      }
      if (end - i <= 15 && hugeExponent(bytes, i, end)) {
        scan.problem = problem(
          'invalid_json',
          'A number in the request body is too large. Numbers must fit a 64-bit float.',
        );
        return scan;
      }
      i = end;
    } else {
      i += 1;
    }
  }
  return scan;
}

function nextSignificant(bytes: Buffer, from: number): number {
  let i = from;
  for (;;) {
    const byte = bytes[i];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return i;
    i += 1;
  }
}

/** False when the open object has the key already. */
function remember(keys: (string[] | Set<string> | null)[], key: string): boolean {
  const open = keys[keys.length - 1];
  if (open === null || open === undefined) return true;
  if (open instanceof Set) {
    if (open.has(key)) return false;
    open.add(key);
    return true;
  }
  if (open.includes(key)) return false;
  open.push(key);
  if (open.length > LINEAR_KEYS) keys[keys.length - 1] = new Set(open);
  return true;
}

function endOfNumber(bytes: Buffer, start: number): number {
  let i = start + 1;
  for (;;) {
    const byte = bytes[i];
    const part =
      byte !== undefined &&
      ((byte >= 0x30 && byte <= 0x39) ||
        byte === 0x2e ||
        byte === 0x65 ||
        byte === 0x45 ||
        byte === 0x2b ||
        byte === MINUS);
    if (!part) return i;
    i += 1;
  }
}

function hugeExponent(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i];
    if (byte === 0x65 || byte === 0x45) return !Number.isFinite(Number(bytes.toString('latin1', start, end)));
  }
  return false;
}
