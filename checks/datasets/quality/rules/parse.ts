import { DatasetInputError } from '../../types.ts';
import { shown } from '../shown.ts';

/** A regular expression in parts. A `set` is what one character may be, as a native expression for one character. */
export type Node =
  | { readonly kind: 'set'; readonly test: (character: string) => boolean }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly min: number; readonly max: number };

const MAX_REPEATS = 1_000;
const MAX_NESTING = 60;
const QUANTIFIER = /(?:([*+?])|\{(\d{1,4})(?:(,)(\d{1,4})?)?\})\??/y;
/** One character or class: escapes, a class in brackets, the point, or a character that stands for itself. */
const ATOM =
  /\\(?:[dDwWsStnrfv0]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]{1,6}\}|[pP]\{[A-Za-z_]{1,40}(?:=[A-Za-z_]{1,40})?\}|[\^$\\.*+?()[\]{}|/])|\\-|\[(?:[^\\\]]|\\.){1,400}\]|\.|[^\\()[\]{}|*+?^$]/uy;
const GROUP = /\((?:\?:|\?<[A-Za-z_]\w{0,40}>)?/y;

interface Reader {
  readonly source: string;
  readonly end: number;
  at: number;
}

/** The parts of `source`, which must match a whole value; `^` in front and `$` at the end are allowed and change nothing. */
export function parsePattern(source: string): Node {
  const cut = /(?<!\\)(?:\\\\){0,100}\$$/.test(source) ? 1 : 0;
  const reader: Reader = { source, end: source.length - cut, at: source.startsWith('^') ? 1 : 0 };
  const node = choice(reader, 0);
  if (reader.at < reader.end) throw fault(reader, 'a bracket that was not opened');
  return node;
}

function fault({ source, at }: Reader, what: string): DatasetInputError {
  return new DatasetInputError(
    `The pattern “${shown(source)}” has ${what} at place ${at + 1}. Use characters, classes such as [A-Z] and \\d, groups, | and quantifiers; look-around and back-references cannot be run in bounded time.`,
  );
}

function take(pattern: RegExp, reader: Reader): RegExpExecArray | null {
  pattern.lastIndex = reader.at;
  const match = pattern.exec(reader.source);
  if (match === null || reader.at + match[0].length > reader.end) return null;
  reader.at += match[0].length;
  return match;
}

function choice(reader: Reader, depth: number): Node {
  if (depth > MAX_NESTING) throw fault(reader, `groups nested more than ${MAX_NESTING} deep`);
  const parts = [sequence(reader, depth)];
  while (reader.at < reader.end && reader.source[reader.at] === '|') {
    reader.at += 1;
    parts.push(sequence(reader, depth));
  }
  return parts.length === 1 ? (parts[0] as Node) : { kind: 'choice', parts };
}

function sequence(reader: Reader, depth: number): Node {
  const parts: Node[] = [];
  while (reader.at < reader.end && !'|)'.includes(reader.source[reader.at] as string))
    parts.push(repeated(atom(reader, depth), reader));
  return { kind: 'sequence', parts };
}

function atom(reader: Reader, depth: number): Node {
  if (reader.source[reader.at] === '(') {
    if (reader.source[reader.at + 1] === '?' && /^\(\?(?!:|<[A-Za-z_])/.test(reader.source.slice(reader.at)))
      throw fault(reader, 'a look-around or an option');
    take(GROUP, reader);
    const inside = choice(reader, depth + 1);
    if (reader.at >= reader.end || reader.source[reader.at] !== ')')
      throw fault(reader, 'a group that is not closed');
    reader.at += 1;
    return inside;
  }
  const start = reader.at;
  const match = take(ATOM, reader);
  if (match === null) throw fault(reader, 'something that cannot be read');
  return { kind: 'set', test: tester(match[0], { ...reader, at: start }) };
}

function tester(written: string, reader: Reader): (character: string) => boolean {
  if (!/[\\[.]/.test(written)) return (character) => character === written;
  try {
    // The point stands for any character: values may hold line ends.
    const one = new RegExp(`^${written === '\\-' ? '-' : written}$`, 'us');
    return (character) => one.test(character);
  } catch (cause) {
    throw new DatasetInputError(fault(reader, 'a class that is none').message, { cause });
  }
}

function repeated(part: Node, reader: Reader): Node {
  const match = take(QUANTIFIER, reader);
  if (match === null) return part;
  const [, sign, least, comma, most] = match;
  const min = sign === undefined ? Number(least) : sign === '+' ? 1 : 0;
  const max =
    sign === undefined
      ? comma === undefined
        ? min
        : most === undefined
          ? Number.POSITIVE_INFINITY
          : Number(most)
      : sign === '?'
        ? 1
        : Number.POSITIVE_INFINITY;
  if (max < min || min > MAX_REPEATS || (max > MAX_REPEATS && Number.isFinite(max)))
    throw fault(reader, `a count that is not 0 to ${MAX_REPEATS} in rising order`);
  return { kind: 'repeat', part, min, max };
}
