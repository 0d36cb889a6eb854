import type { Labels } from '../labels/index.ts';
import { type Column, DatasetInputError } from '../types.ts';

/** The column as categories: numbers and texts by their spelling. */
export function asCategory(column: Column): Column & { readonly kind: 'category' } {
  if (column.kind === 'category') return column;
  const rows = column.values.length;
  const codes = new Int32Array(rows);
  const numbers = new Map<string, number>();
  for (let row = 0; row < rows; row++) {
    const value = column.values[row];
    if (value === null || value === undefined || Number.isNaN(value)) {
      codes[row] = -1;
      continue;
    }
    const text = String(value);
    let code = numbers.get(text);
    if (code === undefined) {
      code = numbers.size;
      numbers.set(text, code);
    }
    codes[row] = code;
  }
  return { kind: 'category', name: column.name, codes, values: [...numbers.keys()] };
}

/** The column as texts. */
export function asText(column: Column): Column & { readonly kind: 'text' } {
  if (column.kind === 'text') return column;
  const values =
    column.kind === 'category'
      ? Array.from(column.codes, (code) => column.values[code] ?? null)
      : Array.from(column.values, (value) => (Number.isNaN(value) ? null : String(value)));
  return { kind: 'text', name: column.name, values };
}

/** The column of this name. DatasetInputError where there is none. */
export function columnNamed(columns: readonly Column[], name: string): Column {
  const found = columns.find((column) => column.name === name);
  if (found === undefined)
    throw new DatasetInputError(
      `There is no column “${name}”; there are ${columns.map((column) => column.name).join(', ')}.`,
    );
  return found;
}

export const rowsOf = (column: Column): number =>
  column.kind === 'category' ? column.codes.length : column.values.length;

/** Most classes that records are told apart by. */
const MOST_CLASSES = 10_000;

/**
 * The column as labels. DatasetInputError for rows without one, fewer than two classes, and more than 10,000 or nearly
 * as many as records.
 */
export function asLabels(column: Column): Labels {
  const { codes, values } = asCategory(column);
  const missing = codes.indexOf(-1);
  if (missing >= 0)
    throw new DatasetInputError(
      `Record ${missing} has no label in the column “${column.name}”; give every record one, or leave such records out.`,
    );
  const used = new Set(codes);
  if (used.size < 2)
    throw new DatasetInputError(
      `All labels in the column “${column.name}” are the same; at least two are needed.`,
    );
  if (used.size > MOST_CLASSES || used.size > Math.max(2, codes.length / 2))
    throw new DatasetInputError(
      `The column “${column.name}” has ${used.size} different values for ${codes.length} records, which are too many for labels; name another column.`,
    );
  return { values: codes, names: values };
}

const LONGEST = 60;

/** Foreign words made short and harmless: one line, at most 60 characters. */
export function short(text: string | null | undefined): string {
  const line = (text ?? '').slice(0, 4 * LONGEST).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}
