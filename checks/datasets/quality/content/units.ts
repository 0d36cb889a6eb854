import { MAX_CELL, type Selection, textAt, type Written } from './select.ts';

/** A piece of text to look into: that of one row, or of all rows with one value of a category. */
export interface Unit {
  /** Place among the selected columns. */
  readonly column: number;
  readonly row: number;
  /** Code of the category; -1 for a text. */
  readonly code: number;
  readonly text: string;
}

/** Long texts are read in windows of so many characters, each beginning with the end of the one before. */
const WINDOW = 1_000_000;
const OVERLAP = 4_000;

function* windows(text: string): Generator<string, void, void> {
  if (text.length <= WINDOW) return yield text;
  const half = MAX_CELL / 2;
  const parts = text.length <= MAX_CELL ? [text] : [text.slice(0, half), text.slice(-half)];
  for (const part of parts)
    for (let start = 0; start < part.length; start += WINDOW - OVERLAP) {
      yield part.slice(start, start + WINDOW);
      if (start + WINDOW >= part.length) break;
    }
}

function* unitsOfColumn(column: Written, at: number, rows: Int32Array): Generator<Unit, void, void> {
  const seen = column.kind === 'category' ? new Uint8Array(column.values.length) : null;
  for (const row of rows) {
    const text = textAt(column, row);
    if (text === null || text === '') continue;
    const code = column.kind === 'category' ? (column.codes[row] as number) : -1;
    if (seen !== null) {
      if (seen[code] === 1) continue;
      seen[code] = 1;
    }
    for (const part of windows(text)) yield { column: at, row, code, text: part };
  }
}

/** Everything that is to be read, column by column, row by row. */
export function* unitsOf({ columns, rows }: Selection): Generator<Unit, void, void> {
  for (const [at, column] of columns.entries()) yield* unitsOfColumn(column, at, rows);
}
