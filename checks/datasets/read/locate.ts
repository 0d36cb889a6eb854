import { createReadStream } from 'node:fs';
import type { ColumnType, Schema } from '../records/index.ts';
import { ReadError } from './types.ts';

const MAX_LINE_BYTES = 18 * 2 ** 20;

/** The lines of a file with their numbers, from 1; a line past 18 MiB ends them. */
async function* linesOf(path: string): AsyncGenerator<{ readonly line: number; readonly text: string }> {
  let rest: Buffer[] = [];
  let held = 0;
  let line = 0;
  for await (const part of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = part.indexOf(10); end >= 0; end = part.indexOf(10, from)) {
      yield { line: ++line, text: Buffer.concat([...rest, part.subarray(from, end)]).toString() };
      [rest, held, from] = [[], 0, end + 1];
    }
    rest.push(part.subarray(from));
    held += part.length - from;
    if (held > MAX_LINE_BYTES) return;
  }
  yield { line: line + 1, text: Buffer.concat(rest).toString() };
}

/** Lists and objects within each other that a record may have; more would overflow the stack of what parses them. */
const MAX_JSON_DEPTH = 200;
const [QUOTE, BACKSLASH, NEWLINE] = [0x22, 0x5c, 0x0a];

interface Place {
  line: number;
  depth: number;
  inText: boolean;
}

/** Goes through bytes of JSON lines; gives the bytes of an escape that are left over, or -1 where it is too deep. */
function goThrough(place: Place, part: Buffer, from: number): number {
  let { line, depth, inText } = place;
  let at = from;
  for (; at < part.length; at += 1) {
    const byte = part[at] as number;
    if (byte === NEWLINE) {
      line += 1;
      depth = 0;
      inText = false;
    } else if (inText) {
      if (byte === QUOTE) inText = false;
      else if (byte === BACKSLASH && part[at + 1] !== NEWLINE) at += 1;
    } else if (byte < 0x5b) {
      if (byte === QUOTE) inText = true;
    } else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      if (depth > MAX_JSON_DEPTH) break;
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1;
  }
  place.line = line;
  place.depth = depth;
  place.inText = inText;
  return depth > MAX_JSON_DEPTH ? -1 : at - part.length;
}

/** ReadError for JSON lines nested deeper than 200, before anything parses them. One pass, O(1) memory. */
export async function demandShallowJson(path: string): Promise<void> {
  const place: Place = { line: 1, depth: 0, inText: false };
  let skip = 0;
  for await (const part of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    // A part may end between a backslash and a line's end, which then ends the text all the same.
    skip = goThrough(place, part, skip === 1 && part[0] === NEWLINE ? 0 : skip);
    if (skip >= 0) continue;
    const { line } = place;
    throw new ReadError(`In line ${line}: lists and objects are nested more than ${MAX_JSON_DEPTH} deep.`, {
      line,
    });
  }
}

/** Whether JSON's own kinds of values could be of a type; strings are left to DuckDB, which reads numbers in them. */
function couldBe(value: unknown, { kind }: ColumnType): boolean {
  if (value === null || value === undefined) return true;
  if (kind === 'list') return Array.isArray(value);
  if (kind === 'struct') return typeof value === 'object' && !Array.isArray(value);
  if (typeof value === 'object') return kind === 'text';
  if (typeof value !== 'string')
    return typeof value === 'boolean' ? kind === 'boolean' || kind === 'text' : true;
  return (
    !['integer', 'decimal', 'float', 'double'].includes(kind) ||
    (value.trim() !== '' && !Number.isNaN(Number(value)))
  );
}

function problemOf(text: string, schema: Schema | undefined): { readonly column: string | null } | null {
  if (text.trim() === '') return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { column: null };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { column: null };
  const record = value as Readonly<Record<string, unknown>>;
  const bad = schema?.columns.find(
    ({ name, type }) => Object.hasOwn(record, name) && !couldBe(record[name], type),
  );
  return bad ? { column: bad.name } : null;
}

/**
 * The same error with the line and column where they really are: DuckDB counts a record that is cut off as part of the
 * next line, and does not name columns of JSON. Looks at the lines up to the one after DuckDB's.
 */
export async function locateJson(error: ReadError, path: string, schema?: Schema): Promise<ReadError> {
  if (error.line === null) return error;
  for await (const { line, text } of linesOf(path)) {
    if (line > error.line + 1) return error;
    const problem = line < error.line - 2 ? null : problemOf(text, schema);
    if (problem === null) continue;
    const what = (message: string): string => message.replace(/^In line \d+(?:, column "[^"]*")?: /, '');
    const where = problem.column === null ? '' : `, column ${JSON.stringify(problem.column)}`;
    return new ReadError(`In line ${line}${where}: ${what(error.message)}`, {
      cause: error,
      shown: `In line ${line}${where}: ${what(error.shown)}`,
      line,
      column: problem.column,
    });
  }
  return error;
}
