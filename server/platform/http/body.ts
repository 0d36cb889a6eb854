import { AppError } from '../../kernel/error.ts';

/** Deepest nesting of arrays and objects that a body may have. */
export const MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** True when brackets nest deeper than `limit`. Linear; looks at bytes only, so it may run on anything. */
export function nestsDeeperThan(json: Uint8Array, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > limit) return true;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return false;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a JSON body of at most {@link MAX_DEPTH} levels; an empty one is `undefined`. Keys named
 * `__proto__` are refused. Throws `invalid_input` for everything that is not UTF-8 JSON.
 */
export function parseJsonBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined;
  if (nestsDeeperThan(bytes, MAX_DEPTH)) {
    throw new AppError('invalid_input', `the body nests deeper than ${MAX_DEPTH} levels`);
  }
  try {
    return JSON.parse(utf8.decode(bytes), (key, value: unknown) => {
      if (key === '__proto__') throw new SyntaxError('reserved key');
      return value;
    });
  } catch {
    throw new AppError('invalid_input', 'the body is not valid JSON in UTF-8');
  }
}
