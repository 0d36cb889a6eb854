import type { Column } from '../types.ts';
import { rowsOf } from './content/select.ts';

/** A value as one writes it; null where it is missing. */
export function written(column: Column, row: number): string | null {
  if (column.kind === 'number') {
    const value = column.values[row] as number;
    return Number.isNaN(value) ? null : String(value);
  }
  if (column.kind === 'text') return column.values[row] ?? null;
  return column.values[column.codes[row] as number] ?? null;
}

const NUMBER = /^[ \t]{0,20}[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,4})?[ \t]{0,20}$/;

/** The number that a text writes; NaN for another text. */
export const readNumber = (text: string): number => (NUMBER.test(text) ? Number(text) : Number.NaN);

export function numberAt(column: Column, row: number): number {
  if (column.kind === 'number') return column.values[row] as number;
  const text = written(column, row);
  return text === null ? Number.NaN : readNumber(text);
}

/** Rows whose value is there and does not pass. Each value of a category is tested once. */
export function failing(
  column: Column,
  passes: { readonly text: (text: string) => boolean; readonly number?: (value: number) => boolean },
): number[] {
  const rows: number[] = [];
  if (column.kind === 'number') {
    const { number = (value: number) => passes.text(String(value)) } = passes;
    column.values.forEach((value, row) => {
      if (!Number.isNaN(value) && !number(value)) rows.push(row);
    });
  } else if (column.kind === 'text')
    column.values.forEach((value, row) => {
      if (value !== null && !passes.text(value)) rows.push(row);
    });
  else {
    const good = column.values.map((value) => passes.text(value));
    column.codes.forEach((code, row) => {
      if (code >= 0 && good[code] === false) rows.push(row);
    });
  }
  return rows;
}

export function missingRows(column: Column): number[] {
  const rows: number[] = [];
  const total = rowsOf(column);
  for (let row = 0; row < total; row++)
    if (
      column.kind === 'number'
        ? Number.isNaN(column.values[row])
        : column.kind === 'text'
          ? (column.values[row] ?? null) === null
          : (column.codes[row] as number) < 0
    )
      rows.push(row);
  return rows;
}

/** The names of rows by their values in some columns: equal only where all values are, none where one is missing. */
export function keyOf(columns: readonly Column[], row: number): string | null {
  let key = '';
  for (const column of columns) {
    const value = written(column, row);
    if (value === null) return null;
    key += `${value.length}:${value}`;
  }
  return key;
}
