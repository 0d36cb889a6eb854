import { createRandom } from '../../../statistics/random.ts';
import { type Column, DatasetInputError } from '../../types.ts';
import { shown } from '../shown.ts';
import type { ContentOptions } from '../types.ts';

export const MAX_ROWS = 200_000;
export const MAX_CHARACTERS = 200_000_000;
/** Of a longer value the first and the last half as many are read. */
export const MAX_CELL = 4_000_000;

export type Written = Exclude<Column, { readonly kind: 'number' }>;

/** What is read: which columns, and which rows of them, ascending. */
export interface Selection {
  readonly columns: readonly Written[];
  readonly total: number;
  readonly rows: Int32Array;
}

export const rowsOf = (column: Column): number =>
  column.kind === 'category' ? column.codes.length : column.values.length;

/** The number of rows that all columns have. DatasetInputError where they differ or a name occurs twice. */
export function commonRows(columns: readonly Column[]): number {
  const total = columns[0] === undefined ? 0 : rowsOf(columns[0]);
  const names = new Set<string>();
  for (const column of columns) {
    if (rowsOf(column) !== total)
      throw new DatasetInputError(
        `Column “${shown(column.name)}” has ${rowsOf(column)} rows, the first has ${total}: give all columns as many.`,
      );
    if (names.has(column.name))
      throw new DatasetInputError(`Two columns are called “${shown(column.name)}”: rename one.`);
    names.add(column.name);
  }
  return total;
}

/** The column of that name; DatasetInputError where there is none. */
export function columnNamed(columns: readonly Column[], name: string): Column {
  const column = columns.find((each) => each.name === name);
  if (column === undefined)
    throw new DatasetInputError(
      `There is no column “${shown(name)}”; there are ${columns
        .slice(0, 20)
        .map((each) => `“${shown(each.name)}”`)
        .join(', ')}.`,
    );
  return column;
}

function chosen(columns: readonly Column[], names: readonly string[] | undefined): Written[] {
  const wanted = names === undefined ? columns : names.map((name) => columnNamed(columns, name));
  return wanted.filter((column) => column.kind !== 'number');
}

/** The text of a row; null where it is missing. */
export function textAt(column: Written, row: number): string | null {
  if (column.kind === 'text') return column.values[row] ?? null;
  return column.values[column.codes[row] as number] ?? null;
}

const readOf = (text: string | null): number => Math.min(text?.length ?? 0, MAX_CELL);

/** Rows that fit the bounds, by lot where not all do. O(rows × columns). */
export function select(columns: readonly Column[], options: ContentOptions): Selection {
  const { maxRows = MAX_ROWS, maxCharacters = MAX_CHARACTERS, seed = 0 } = options;
  const total = commonRows(columns);
  const read = chosen(columns, options.columns);
  // Each value of a category is read once, however many rows have it.
  const texts = read.filter((column) => column.kind === 'text');
  const length = (row: number): number => texts.reduce((sum, column) => sum + readOf(textAt(column, row)), 0);
  const rows = Int32Array.from({ length: total }, (_, row) => row);
  let characters = 0;
  for (let row = 0; row < total; row++) characters += length(row);
  if (total <= maxRows && characters <= maxCharacters) return { columns: read, total, rows };
  createRandom(seed).shuffle(rows);
  let [left, count] = [maxCharacters, 0];
  for (const row of rows) {
    if (count >= maxRows) break;
    const next = length(row);
    if (next > left) continue;
    left -= next;
    rows[count++] = row;
  }
  return { columns: read, total, rows: rows.slice(0, count).sort() };
}

/** What the bounds left out, for the reader of the report; empty where nothing was. */
export function leftOut({ rows, total, columns }: Selection): string[] {
  const said: string[] = [];
  if (rows.length < total)
    said.push(
      `Only ${rows.length} of ${total} rows were looked into, drawn by lot: what stands in few of the others is not seen.`,
    );
  let long = 0;
  for (const column of columns)
    for (const row of rows) if ((textAt(column, row)?.length ?? 0) > MAX_CELL) long += 1;
  if (long > 0)
    said.push(`${long} values are longer than ${MAX_CELL} characters; their middle was not read.`);
  return said;
}
