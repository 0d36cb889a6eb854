import { type Column, DatasetInputError } from '../types.ts';

/** A column as a bounded number of levels: which one each row has. */
export interface Levels {
  readonly name: string;
  /** 0..`count`−1 per row. */
  readonly codes: Int32Array;
  readonly count: number;
}

/** A number or category column, and not one whose values are all the same. */
export type Usable = Exclude<Column, { kind: 'text' }>;

const MOST_ROWS_SAMPLED = 20_000;

export const rowsOf = (column: Column): number =>
  column.kind === 'category' ? column.codes.length : column.values.length;

/** DatasetInputError unless all columns have `rows` rows and codes that stand for a value. O(n · columns). */
export function assertColumns(columns: readonly Column[], rows: number): void {
  if (rows < 1) throw new DatasetInputError('The table has no rows.');
  for (const column of columns) {
    if (rowsOf(column) !== rows)
      throw new DatasetInputError(
        `Column “${column.name}” has ${rowsOf(column)} rows; the table has ${rows}. Give all columns the same rows.`,
      );
    if (column.kind !== 'category') continue;
    const wrong = column.codes.findIndex((code) => code < -1 || code >= column.values.length);
    if (wrong >= 0)
      throw new DatasetInputError(
        `Column “${column.name}” has code ${column.codes[wrong]} at row ${wrong}, which stands for no value.`,
      );
  }
}

/**
 * Inner bounds of at most `bins` bins of about the same number of rows, ascending and distinct; a value equal to a bound
 * is above it. Those of at most 20,000 rows taken evenly. NaN is left out. O(n log n).
 */
export function quantileBounds(values: Float64Array, bins: number): Float64Array {
  const stride = Math.max(1, Math.floor(values.length / MOST_ROWS_SAMPLED));
  const sample = values.filter((value, row) => row % stride === 0 && !Number.isNaN(value)).sort();
  const bounds: number[] = [];
  for (let bin = 1; bin < bins; bin++) {
    const bound = sample[Math.floor((bin * sample.length) / bins)];
    if (bound !== undefined && bound > (bounds.at(-1) ?? sample[0] ?? bound)) bounds.push(bound);
  }
  return Float64Array.from(bounds);
}

/** Bin of a value: how many bounds are at most it. O(log bins). */
export function binOf(value: number, bounds: Float64Array): number {
  let [low, high] = [0, bounds.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bounds[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows of each value of a category; the last entry counts the missing ones. O(n). */
export function valueCounts(column: Extract<Column, { kind: 'category' }>): Int32Array {
  const counts = new Int32Array(column.values.length + 1);
  for (const code of column.codes) {
    const at = code < 0 ? column.values.length : code;
    counts[at] = (counts[at] as number) + 1;
  }
  return counts;
}

/**
 * A column as levels: numbers as up to `bins` quantile bins and one of missing values; categories as their `most`
 * commonest values, one of all others and one of missing values. Levels without rows are left out. O(n log n).
 */
export function levelsOf(column: Usable, bins: number, most: number): Levels {
  const raw = column.kind === 'number' ? binCodes(column.values, bins) : commonCodes(column, most);
  const places = new Map<number, number>();
  const codes = raw.map((code) => {
    const known = places.get(code);
    if (known !== undefined) return known;
    places.set(code, places.size);
    return places.size - 1;
  });
  return { name: column.name, codes, count: places.size };
}

function binCodes(values: Float64Array, bins: number): Int32Array {
  const bounds = quantileBounds(values, bins);
  return Int32Array.from(values, (value) => (Number.isNaN(value) ? -1 : binOf(value, bounds)));
}

function commonCodes(column: Extract<Column, { kind: 'category' }>, most: number): Int32Array {
  const counts = valueCounts(column);
  const order = column.values.map((_, code) => code);
  order.sort((a, b) => (counts[b] as number) - (counts[a] as number) || a - b);
  const place = new Int32Array(column.values.length).fill(most);
  for (const [rank, code] of order.entries()) if (rank < most) place[code] = rank;
  return column.codes.map((code) => (code < 0 ? -1 : (place[code] as number)));
}
