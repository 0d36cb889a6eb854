import type { Column } from '../types.ts';

/** A number that lies apart from all others of its column. */
export interface Impossible {
  readonly row: number;
  readonly column: string;
  readonly message: string;
}

/** Largest share of a column that can lie apart, fewest values beside it, most rows named of one column. */
const LARGEST_SHARE = 0.01;
const LEAST_VALUES = 100;

/**
 * Numbers that cannot well belong to their column: infinite ones; up to 1% of the rows that lie further beyond the others
 * than those spread, in units and (where all are positive) in orders of magnitude; negative ones, up to .2% (or one), where all
 * others are above 0. O(n log n) a column.
 */
export function impossibleValues(columns: readonly Column[]): Impossible[] {
  return columns.flatMap((column) => (column.kind === 'number' ? ofColumn(column) : []));
}

function ofColumn({ name, values }: Extract<Column, { kind: 'number' }>): Impossible[] {
  const sorted = values.filter((value) => Number.isFinite(value)).sort();
  const limits = sorted.length >= LEAST_VALUES ? limitsOf(sorted) : null;
  const result: Impossible[] = [];
  for (const [row, value] of values.entries()) {
    if (Number.isNaN(value)) continue;
    const infinite = !Number.isFinite(value);
    if (!infinite && (limits === null || (value >= limits.low && value <= limits.high))) continue;
    const range =
      limits === null ? '' : `; the others lie from ${short(limits.low)} to ${short(limits.high)}`;
    result.push({ row, column: name, message: `${name.slice(0, 60)} is ${short(value)}${range}` });
  }
  return result;
}

const short = (value: number): string => String(Number(value.toPrecision(6)));

/** Ends of the values that hang together. */
function limitsOf(sorted: Float64Array): { low: number; high: number } {
  const most = Math.floor(LARGEST_SHARE * sorted.length);
  let [low, high] = [0, sorted.length - 1];
  for (let cut = 1; cut <= most; cut++) {
    if (isApart(sorted, 0, sorted.length - 1 - cut, sorted.length - cut)) high = sorted.length - 1 - cut;
    if (isApart(sorted, cut, sorted.length - 1, cut - 1)) low = cut;
  }
  const negative = binaryAbove(sorted, 0);
  const others = sorted[negative];
  if (negative > low && negative <= Math.max(1, 0.002 * sorted.length) && others !== undefined && others > 0)
    low = negative;
  return { low: sorted[low] as number, high: sorted[high] as number };
}

/** Whether the value at `place` lies further from those at `from`..`to` than the whole of them spread. */
function isApart(sorted: Float64Array, from: number, to: number, place: number): boolean {
  const [low, high, value] = [sorted[from] as number, sorted[to] as number, sorted[place] as number];
  const spread = high - low;
  const gap = value > high ? value - high : low - value;
  if (spread <= 0 || gap <= spread) return false;
  if (low <= 0 || value <= 0) return gap > 3 * spread;
  return Math.abs(Math.log(value / (value > high ? high : low))) > Math.log(high / low);
}

/** How many values are below `bound`. */
function binaryAbove(sorted: Float64Array, bound: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
