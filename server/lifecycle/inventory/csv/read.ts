import { MAX_CSV_BYTES } from '@bartizan/contracts';
import { CsvError, parse } from 'csv-parse/sync';
import { AppError } from '../../../kernel/error.ts';
import { unguarded } from './cells.ts';

export const MAX_ROWS = 5_000;
export const MAX_CELL = 8_000;
const MAX_COLUMNS = 100;

/** A row of the file; `line` is where it begins, counted from 1. */
export interface RawRow {
  readonly line: number;
  readonly cells: readonly string[];
}

export interface RawTable {
  readonly heading: readonly string[];
  readonly rows: readonly RawRow[];
}

const refused = (message: string, hint: string): AppError => new AppError('invalid_input', message, { hint });

/** The file's text. Throws `invalid_input` for anything but UTF-8. */
function decode(bytes: Uint8Array): string {
  if (bytes.length > MAX_CSV_BYTES) {
    throw new AppError('too_large', `a CSV file may have up to ${MAX_CSV_BYTES / 1024 / 1024} MiB`);
  }
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw refused('this file is in UTF-16', 'Save it as "CSV UTF-8" and try again.');
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refused('this file is not in UTF-8', 'Save it as "CSV UTF-8" and try again.');
  }
  if (text.includes('\0')) throw refused('this is not a text file', 'Save the sheet as CSV and try again.');
  return text;
}

/** What separates cells: whatever of comma, semicolon and tab the first line has most of outside of quotes. */
function delimiterOf(text: string): string {
  const counts = new Map([
    [',', 0],
    [';', 0],
    ['\t', 0],
  ]);
  let quoted = false;
  for (let index = 0; index < Math.min(text.length, 20_000); index += 1) {
    const one = text.charAt(index);
    if (one === '"') quoted = !quoted;
    else if (!quoted && (one === '\n' || one === '\r')) break;
    else if (!quoted && counts.has(one)) counts.set(one, (counts.get(one) ?? 0) + 1);
  }
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? ',';
}

interface Parsed {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

function records(text: string): Parsed[] {
  try {
    return parse(text, {
      bom: true,
      delimiter: delimiterOf(text),
      info: true,
      relax_column_count: true,
      skip_empty_lines: false,
      max_record_size: MAX_CELL * 40,
      to: MAX_ROWS + 2,
    }) as unknown as Parsed[];
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const line = typeof cause.lines === 'number' ? `line ${cause.lines}: ` : '';
    const what =
      cause.code === 'CSV_MAX_RECORD_SIZE'
        ? 'a row is too long; perhaps a quotation mark is not closed'
        : 'a quotation mark stands where none can be, or is not closed';
    throw new AppError('invalid_input', `this is no sound CSV: ${line}${what}`, {
      hint: 'A cell with quotation marks, separators or line breaks stands in quotation marks, each of its own doubled.',
      cause,
    });
  }
}

/** Reads a CSV file: UTF-8, with or without a byte order mark; commas, semicolons or tabs. Empty rows are left out. */
export function readTable(bytes: Uint8Array): RawTable {
  const all = records(decode(bytes));
  const [head, ...body] = all;
  const heading = head?.record.map((cell) => cell.trim()) ?? [];
  if (heading.every((cell) => cell === '')) {
    throw refused(
      'this file has no heading',
      'Its first line names the columns: key, name, state and so on.',
    );
  }
  if (heading.length > MAX_COLUMNS)
    throw refused(`this file has ${heading.length} columns`, `It may have up to ${MAX_COLUMNS}.`);
  if (body.length > MAX_ROWS) {
    throw refused(
      `this file has more than ${MAX_ROWS.toLocaleString('en')} rows`,
      'Split it into several files.',
    );
  }
  let end = head?.info.lines ?? 1;
  const rows = body.flatMap(({ record, info }): RawRow[] => {
    const line = end + 1;
    end = info.lines;
    const cells = record.map(unguarded);
    return cells.every((cell) => cell.trim() === '') ? [] : [{ line, cells }];
  });
  return { heading, rows };
}
