import { SignatureError } from './error.ts';

export interface JsonLimits {
  readonly maxBytes: number;
  /** Of arrays and objects within each other. */
  readonly maxDepth: number;
  /** Values in all, members and elements counted. */
  readonly maxValues: number;
}

const bad = (message: string): never => {
  throw new SignatureError('malformed', message);
};

/**
 * Parses UTF-8 JSON (RFC 8259) that signatures are about: duplicate member names, a byte order mark and ill-formed
 * Unicode are refused, so that no two parsers can read it differently. Throws `too_large` past a limit and
 * `malformed` otherwise. Takes linear time; nothing recurses before the depth is known to be in bounds.
 */
export function parseStrictJson(bytes: Uint8Array, limits: JsonLimits): unknown {
  if (bytes.length > limits.maxBytes)
    throw new SignatureError('too_large', `larger than ${limits.maxBytes} bytes`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new SignatureError('malformed', 'not UTF-8', { cause });
  }
  let value: unknown;
  checkShape(text, limits);
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SignatureError('malformed', 'not JSON', { cause });
  }
  return value;
}

/** Strings, braces, brackets and separators are all that shape is made of; JSON.parse judges the rest. */
function* tokensOf(text: string): Generator<string> {
  const mark = /["{}[\],:]/g;
  for (let found = mark.exec(text); found; found = mark.exec(text)) {
    if (found[0] !== '"') {
      yield found[0];
      continue;
    }
    const end = endOfString(text, found.index + 1);
    if (end < 0) bad('not JSON: a string has no end');
    mark.lastIndex = end + 1;
    yield text.slice(found.index, end + 1);
  }
}

/** Where the string's closing quote stands, or -1; `from` is behind the opening one. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (at - 1 - slashes >= from && text[at - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return at;
  }
  return -1;
}

interface Level {
  /** Names so far; null for an array. */
  readonly names: Set<string> | null;
  /** The next string is a member's name. */
  nameNext: boolean;
}

function checkShape(text: string, { maxDepth, maxValues }: JsonLimits): void {
  const levels: Level[] = [];
  let values = 0;
  for (const token of tokensOf(text)) {
    const level = levels.at(-1);
    if (token === '{' || token === '[') {
      if (levels.length >= maxDepth) throw new SignatureError('too_large', `nested deeper than ${maxDepth}`);
      levels.push({ names: token === '{' ? new Set() : null, nameNext: token === '{' });
    } else if (token === '}' || token === ']') {
      levels.pop();
    } else if (token === ',') {
      values += 1;
      if (values > maxValues) throw new SignatureError('too_large', `more than ${maxValues} values`);
      if (level) level.nameNext = level.names !== null;
    } else if (token === ':') {
      if (level) level.nameNext = false;
    } else if (level?.nameNext && level.names) {
      noteName(level.names, token);
      level.nameNext = false;
    }
  }
}

function noteName(names: Set<string>, token: string): void {
  let name: string;
  try {
    name = JSON.parse(token) as string;
  } catch {
    return bad('not JSON');
  }
  if (names.has(name)) bad('an object names a member twice');
  if (name === '__proto__') bad('an object names a member __proto__');
  if (!name.isWellFormed()) bad('a name is not valid Unicode');
  names.add(name);
}
