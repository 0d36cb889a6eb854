import type { Column } from '../../types.ts';
import { missingRows, written } from '../cells.ts';
import { rowsOf } from '../content/select.ts';

/** What people write where a value is missing. */
const MARKS = new Set(['', '?', 'na', 'n/a', '#n/a', 'nan', 'null', '-', '--', 'missing', '<na>']);
/** Fewer rows may all differ by chance; longer texts are prose, which differs anyway. */
const LEAST_ROWS = 50;
const LONGEST_IDENTIFIER = 64;

/** What a column is like as a whole. */
export interface Trait {
  readonly column: Column;
  /** Rows without a value, ascending. */
  readonly missing: readonly number[];
  /** Rows whose value is a mark such as `?` or `N/A`, ascending. */
  readonly marked: readonly number[];
  readonly constant: boolean;
  readonly identifier: boolean;
}

function marked(column: Column): number[] {
  if (column.kind === 'number') return [];
  const rows: number[] = [];
  for (let row = 0; row < rowsOf(column); row++) {
    const value = written(column, row);
    if (value !== null && value.length < 12 && MARKS.has(value.trim().toLowerCase())) rows.push(row);
  }
  return rows;
}

/** Different values, counted to `limit`, and the longest of those seen. */
function different(column: Column, limit: number): { readonly count: number; readonly longest: number } {
  const seen = new Set<number | string>();
  let longest = 0;
  for (let row = 0; row < rowsOf(column) && seen.size < limit; row++) {
    if (column.kind === 'number') {
      const value = column.values[row] as number;
      if (!Number.isNaN(value)) seen.add(value);
    } else {
      const value = written(column, row);
      if (value === null) continue;
      seen.add(value);
      longest = Math.max(longest, value.length);
    }
  }
  return { count: seen.size, longest };
}

/** Whole numbers without a repeat that hardly leave gaps, or only rise: a running number. */
function isRunningNumber(values: Float64Array): boolean {
  let [min, max, rising] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true];
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as number;
    if (!Number.isSafeInteger(value)) return false;
    min = Math.min(min, value);
    max = Math.max(max, value);
    if (row > 0 && value <= (values[row - 1] as number)) rising = false;
  }
  return rising || max - min < 3 * values.length;
}

function isIdentifier(column: Column, missing: number): boolean {
  const rows = rowsOf(column);
  if (rows < LEAST_ROWS || missing > 0) return false;
  if (column.kind === 'number' && !isRunningNumber(column.values)) return false;
  const { count, longest } = different(column, rows + 1);
  return count === rows && longest <= LONGEST_IDENTIFIER;
}

/** O(rows). */
export function traitOf(column: Column): Trait {
  const missing = missingRows(column);
  return {
    column,
    missing,
    marked: marked(column),
    constant: rowsOf(column) >= 2 && different(column, 2).count === 1,
    identifier: isIdentifier(column, missing.length),
  };
}
