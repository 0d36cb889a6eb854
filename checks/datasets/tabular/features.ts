import { createRandom } from '../../statistics/random.ts';
import { type Column, DatasetInputError, type Matrix } from '../types.ts';
import { assertColumns, rowsOf, type Usable, valueCounts } from './levels.ts';
import type { TableFeatures } from './types.ts';

/** Categories up to so many values get a number for each; of others the commonest do and the rest share hashed ones. */
const OWN_VALUES = 16;
const HASHED = 4;
/** A category of nearly as many values as rows tells nothing but which record it is. */
const IDENTIFIER_SHARE = 0.9;
const MOST_WIDTH = 512;
const QUANTILES = 1000;
/** Least share of missing values that gets an indicator of its own. */
const MISSING_SHARE = 0.001;

/** The numbers that one column becomes, row by row on demand. */
interface Part {
  readonly width: number;
  readonly write: (row: number, into: Float32Array, at: number) => void;
}

/**
 * Numbers that a model or a search for neighbours can use, without ever looking at a label. A number becomes half its
 * normal score (its rank in the column, −1.6..1.6) and half its robust scale (median and quartiles, pulled in to ±4), so
 * that order counts and a far value stays far, and an indicator where it is missing; a category of up to 16 values one
 * indicator each, divided by √2 so that two different values are 1 apart; of more values the 15 commonest, four hashed
 * indicators for the rest, and the logarithm of the value's frequency. Text, constant columns and categories that differ
 * in nearly every row are left out. At most 512 columns wide: beyond that, drawn by lot with the seed. O(n · columns ·
 * log n). DatasetInputError for columns of different lengths or none that can be used.
 */
export const tableFeatures: TableFeatures = (columns, { seed = 0 } = {}) => {
  const rows = columns[0] === undefined ? 0 : rowsOf(columns[0]);
  assertColumns(columns, rows);
  let parts = usableColumns(columns).map((column) =>
    column.kind === 'number' ? numberPart(column.values) : categoryPart(column),
  );
  if (parts.length === 0)
    throw new DatasetInputError(
      'No column can be used: all are text, constant, or different in every row. Name other feature columns.',
    );
  parts = bounded(parts, seed);
  const width = parts.reduce((sum, part) => sum + part.width, 0);
  const values = new Float32Array(rows * width);
  let from = 0;
  for (const part of parts) {
    for (let row = 0; row < rows; row++) part.write(row, values, row * width + from);
    from += part.width;
  }
  return { rows, columns: width, values } satisfies Matrix;
};

/** Columns that tell something: not text, not constant, and no category that differs in nearly every row. */
export function usableColumns(columns: readonly Column[]): Usable[] {
  return columns.filter((column): column is Usable => {
    if (column.kind === 'text') return false;
    if (column.kind === 'number') {
      const first = column.values[0] as number;
      return column.values.some((value) => !Object.is(value, first) && value !== first);
    }
    const counts = valueCounts(column).filter((count) => count > 0);
    const rows = column.codes.length;
    return counts.length > 1 && (rows < 20 || counts.length < IDENTIFIER_SHARE * rows);
  });
}

function bounded(parts: Part[], seed: number): Part[] {
  if (parts.reduce((sum, part) => sum + part.width, 0) <= MOST_WIDTH) return parts;
  let width = 0;
  return createRandom(seed)
    .shuffle([...parts])
    .filter((part) => {
      if (width + part.width > MOST_WIDTH) return false;
      width += part.width;
      return true;
    });
}

function numberPart(values: Float64Array): Part {
  const known = values.filter((value) => !Number.isNaN(value)).sort();
  const missing = 1 - known.length / values.length;
  const quantile = (share: number): number => known[Math.round(share * (known.length - 1))] ?? 0;
  const grid = Float64Array.from({ length: QUANTILES + 1 }, (_, at) => quantile(at / QUANTILES));
  const middle = finite(quantile(0.5));
  const spread = spreadOf(quantile, middle);
  return {
    width: missing >= MISSING_SHARE ? 2 : 1,
    write: (row, into, at) => {
      const value = values[row] as number;
      if (Number.isNaN(value)) {
        if (missing >= MISSING_SHARE) into[at + 1] = Math.SQRT1_2;
        return;
      }
      const far = Math.max(-4, Math.min(4, (finite(value) - middle) / spread));
      into[at] = (far + normalScore(rankOf(value, grid))) / 2;
    },
  };
}

/** Infinite numbers are as far as numbers go. */
const finite = (value: number): number => Math.max(-1e300, Math.min(1e300, value));

/** A standard deviation for the middle half, or for a wider part where more than half of the values are the same. */
function spreadOf(quantile: (share: number) => number, middle: number): number {
  for (const [tail, deviations] of [
    [0.25, 1.349],
    [0.05, 3.29],
    [0.005, 5.152],
    [0, 8],
  ] as const) {
    const width = finite(quantile(1 - tail)) - finite(quantile(tail));
    if (width > 0) return Math.max(width / deviations, Math.abs(middle) * 1e-12);
  }
  return 1;
}

/** Middle rank 0..1 of a value among the quantiles; equal values share theirs. */
function rankOf(value: number, grid: Float64Array): number {
  let [low, high] = [0, grid.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((grid[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  let [above, end] = [low, grid.length];
  while (above < end) {
    const middle = (above + end) >> 1;
    if ((grid[middle] as number) <= value) above = middle + 1;
    else end = middle;
  }
  return (low + above) / 2 / grid.length;
}

/** A normal quantile for the middle ranks, to ±1.6 at the ends (Tukey's lambda). */
const normalScore = (rank: number): number => {
  const share = Math.max(0.01, Math.min(0.99, rank));
  return (share ** 0.1349 - (1 - share) ** 0.1349) / 0.1975 / 1.45;
};

function categoryPart(column: Extract<Column, { kind: 'category' }>): Part {
  const counts = valueCounts(column);
  const rows = column.codes.length;
  const order = [...counts.keys()].filter((code) => (counts[code] as number) > 0);
  order.sort((a, b) => (counts[b] as number) - (counts[a] as number) || a - b);
  const many = order.length > OWN_VALUES;
  const own = many ? OWN_VALUES - 1 : order.length;
  const place = new Int32Array(counts.length);
  for (const [rank, code] of order.entries())
    place[code] = rank < own ? rank : own + (hashOf(column.values[code] ?? '') % HASHED);
  return {
    width: many ? own + HASHED + 1 : own,
    write: (row, into, at) => {
      const code = (column.codes[row] as number) < 0 ? column.values.length : (column.codes[row] as number);
      into[at + (place[code] as number)] = Math.SQRT1_2;
      if (many)
        into[at + own + HASHED] = Math.log((counts[code] as number) / rows) / Math.log(rows + 1) + 0.5;
    },
  };
}

/** FNV-1a over the UTF-16 units, at most the first 64. */
function hashOf(value: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < Math.min(64, value.length); at++)
    hash = Math.imul(hash ^ value.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
