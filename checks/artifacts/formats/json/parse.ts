import { ScanFault } from '../../types.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

export interface ParsedJson {
  readonly value: JsonValue;
  /** Keys that occur twice in one object, with their UTF-16 offset; the last value is the one in `value`. */
  readonly duplicates: readonly { readonly key: string; readonly offset: number }[];
  /** Where the value ends. */
  readonly end: number;
}

export interface JsonLimits {
  readonly depth: number;
  readonly values: number;
}

const DEFAULTS: JsonLimits = Object.freeze({ depth: 200, values: 8_000_000 });
const MOST_DUPLICATES = 100;

/** True for an object, false for an array or a plain value. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads one JSON value from `start`, as the readers of model files do: NaN and Infinity pass (Python), doubled keys
 * are reported. Objects have no prototype. Throws `ScanFault` with the offset where it breaks off or a limit is hit.
 */
export function parseJson(text: string, start = 0, limits: JsonLimits = DEFAULTS): ParsedJson {
  const duplicates: { key: string; offset: number }[] = [];
  let at = start;
  let values = 0;

  const fault = (message: string): never => {
    throw new ScanFault(`not JSON: ${message}`, at);
  };

  function blank(): void {
    for (;;) {
      const unit = text.charCodeAt(at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      at += 1;
    }
  }

  function string(): string {
    at += 1;
    let built = '';
    let from = at;
    for (;;) {
      const unit = text.charCodeAt(at);
      if (unit === 0x22) {
        const piece = text.slice(from, at);
        at += 1;
        return built === '' ? piece : built + piece;
      }
      if (unit === 0x5c) {
        built += text.slice(from, at) + escape();
        from = at;
      } else if (Number.isNaN(unit)) fault('a string does not end');
      else at += 1;
    }
  }

  function escape(): string {
    const letter = text[at + 1] ?? '';
    if (letter === 'u') {
      const digits = text.slice(at + 2, at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) fault('a bad escape');
      at += 6;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const plain = ESCAPES[letter];
    if (plain === undefined) return fault('a bad escape');
    at += 2;
    return plain;
  }

  function plain(): JsonValue {
    for (const [word, value] of WORDS) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return value;
      }
    }
    NUMBER.lastIndex = at;
    const found = NUMBER.exec(text);
    if (found === null || found[0] === '') return fault('a value was expected');
    at += found[0].length;
    return Number(found[0]);
  }

  function array(depth: number): JsonValue {
    at += 1;
    const items: JsonValue[] = [];
    blank();
    if (text[at] === ']') {
      at += 1;
      return items;
    }
    for (;;) {
      items.push(value(depth + 1));
      blank();
      const next = text[at];
      at += 1;
      if (next === ']') return items;
      if (next !== ',') fault('a comma or ] was expected');
    }
  }

  function object(depth: number): JsonValue {
    at += 1;
    const entries = Object.create(null) as Record<string, JsonValue>;
    blank();
    if (text[at] === '}') {
      at += 1;
      return entries;
    }
    for (;;) {
      blank();
      if (text[at] !== '"') fault('a key was expected');
      const offset = at;
      const key = string();
      if (key in entries && duplicates.length < MOST_DUPLICATES) duplicates.push({ key, offset });
      blank();
      if (text[at] !== ':') fault('a colon was expected');
      at += 1;
      entries[key] = value(depth + 1);
      blank();
      const next = text[at];
      at += 1;
      if (next === '}') return entries;
      if (next !== ',') fault('a comma or } was expected');
    }
  }

  function value(depth: number): JsonValue {
    values += 1;
    if (values > limits.values) fault(`more than ${limits.values} values`);
    if (depth > limits.depth) fault(`more than ${limits.depth} levels`);
    blank();
    const first = text[at];
    if (first === '{') return object(depth);
    if (first === '[') return array(depth);
    if (first === '"') return string();
    return plain();
  }

  return { value: value(0), duplicates, end: at };
}

/** Every object in `value`, outer ones first, with the path to it. At most `most`. */
export function* objectsIn(
  value: JsonValue,
  most = 1_000_000,
): Generator<{ object: JsonObject; at: string }> {
  const waiting: { value: JsonValue; at: string }[] = [{ value, at: '' }];
  let seen = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value: current, at } = next;
    if (Array.isArray(current)) {
      for (let index = current.length - 1; index >= 0; index -= 1) {
        const item = current[index] as JsonValue;
        if (typeof item === 'object' && item !== null) waiting.push({ value: item, at: `${at}[${index}]` });
      }
    } else if (isObject(current)) {
      seen += 1;
      if (seen > most) throw new ScanFault(`more than ${most} objects`);
      yield { object: current, at };
      for (const key of Object.keys(current).toReversed()) {
        const item = current[key] as JsonValue;
        if (typeof item !== 'object' || item === null) continue;
        waiting.push({ value: item, at: at === '' ? key.slice(0, 80) : `${at}.${key.slice(0, 80)}` });
      }
    }
  }
}

const ESCAPES: Readonly<Record<string, string>> = Object.freeze({
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
});

const WORDS: readonly (readonly [string, JsonValue])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
];

const NUMBER = /-?\d{1,400}(?:\.\d{1,400})?(?:[eE][+-]?\d{1,9})?/y;
