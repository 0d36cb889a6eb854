import { AppError } from '../../kernel/error.ts';

/** Deepest nesting of arrays and objects that a body may have. */
export const MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Index of the quote that ends the string which `from` lies in; the length where it never ends. */
function endOfString(json: Buffer, from: number): number {
  for (let at = json.indexOf(QUOTE, from); at !== -1; at = json.indexOf(QUOTE, at + 1)) {
    let backslashes = 0;
    while (at - backslashes - 1 >= from && json[at - backslashes - 1] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return at;
  }
  return json.length;
}

/** True when brackets nest deeper than `limit`. Linear; looks at bytes only, so it may run on anything. */
export function nestsDeeperThan(json: Buffer, limit: number): boolean {
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) at = endOfString(json, at + 1);
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > limit) return true;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return false;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
/** A key that says `__proto__`, as it is or with an underscore escaped. */
const SUSPECT = /"__proto__"|\\u005f/i;

function refuseReserved(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new SyntaxError('reserved key');
  return value;
}

/**
 * Reads a JSON body of at most {@link MAX_DEPTH} levels; an empty one is `undefined`. Keys named
 * `__proto__` are refused. Throws `invalid_input` for everything that is not UTF-8 JSON.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  if (nestsDeeperThan(bytes, MAX_DEPTH)) {
    throw new AppError('invalid_input', `the body nests deeper than ${MAX_DEPTH} levels`);
  }
  try {
    const text = utf8.decode(bytes);
    // A reviver makes parsing several times slower, so only where it may have something to find.
    return SUSPECT.test(text) ? JSON.parse(text, refuseReserved) : JSON.parse(text);
  } catch {
    throw new AppError('invalid_input', 'the body is not valid JSON in UTF-8');
  }
}
