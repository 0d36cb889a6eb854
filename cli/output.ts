import { stripVTControlCharacters, styleText } from 'node:util';

/** Everything a command prints on standard output goes through here: a person's text, or one JSON value. */
export interface Output {
  readonly json: boolean;
  /** Prints `value` as JSON with --json, else what `human` makes of it. */
  readonly result: <Value>(value: Value, human: (value: Value) => string) => void;
  /** Progress and notes: always on standard error. */
  readonly note: (line: string) => void;
}

export function createOutput(json: boolean): Output {
  return Object.freeze({
    json,
    result<Value>(value: Value, human: (value: Value) => string) {
      process.stdout.write(`${json ? JSON.stringify(value) : human(value)}\n`);
    },
    note: (line: string) => {
      process.stderr.write(`${printableLines(line)}\n`);
    },
  });
}

/** A plain table: the first row is the heading. Cells from outside are stripped of control sequences. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '(none)';
  const clean = rows.map((row) => row.map(printable));
  const widths = heading.map((name, column) =>
    Math.max(name.length, ...clean.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [styleText('dim', line(heading)), ...clean.map(line)].join('\n');
}

/** Foreign text made safe for a terminal: no control characters, one line. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(
    /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g,
    ' ',
  );
}

/** Foreign text of several lines, each made safe for a terminal. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

export const date = (ms: number | null): string =>
  ms === null ? '–' : new Date(ms).toISOString().replace('T', ' ').slice(0, 19);
