import { DatasetInputError, type Matrix } from '../types.ts';

/** Shares of a column's values that are pulled in at each end before its scale is measured. */
const TAIL = 0.005;
const QUANTILE_ROWS = 20_000;

/** DatasetInputError unless the numbers are `rows` × `columns`, finite, and at least one row and column. O(n · d). */
export function assertMatrix(matrix: Matrix): void {
  const { rows, columns, values } = matrix;
  if (!Number.isInteger(rows) || !Number.isInteger(columns) || rows < 1 || columns < 1)
    throw new DatasetInputError('There are no rows or no columns of numbers to compare.');
  if (values.length !== rows * columns)
    throw new DatasetInputError(
      `${rows} rows of ${columns} columns need ${rows * columns} numbers; there are ${values.length}.`,
    );
  for (let at = 0; at < values.length; at++)
    if (!Number.isFinite(values[at]))
      throw new DatasetInputError(
        `Row ${Math.floor(at / columns)}, column ${at % columns} is not a finite number; fill or drop it first.`,
      );
}

/**
 * Each column with mean 0 and standard deviation 1, both measured after its values have been pulled in to its .5% and
 * 99.5% quantiles, so that a few absurd records cannot flatten a column for all others; the values themselves are pulled
 * in to ±10. A column that is constant between those quantiles is measured as it is, and a constant one becomes 0.
 * Columns and rows as before; quantiles are those of at most 20,000 rows taken evenly. O(n · d). DatasetInputError as
 * `assertMatrix`.
 */
export function standardised(matrix: Matrix): Matrix {
  assertMatrix(matrix);
  const { rows, columns, values } = matrix;
  const result = new Float32Array(values.length);
  const column = new Float64Array(rows);
  for (let c = 0; c < columns; c++) {
    for (let row = 0; row < rows; row++) column[row] = values[row * columns + c] as number;
    const { middle, spread } = scaleOf(column);
    if (spread === 0) continue;
    for (let row = 0; row < rows; row++) {
      const z = (column[row] as number) / spread - middle / spread;
      result[row * columns + c] = Math.max(-10, Math.min(10, z));
    }
  }
  return { rows, columns, values: result };
}

function scaleOf(column: Float64Array): { middle: number; spread: number } {
  const stride = Math.ceil(column.length / QUANTILE_ROWS);
  const sample = Float64Array.from(
    { length: Math.ceil(column.length / stride) },
    (_, at) => column[at * stride] as number,
  );
  sample.sort();
  const low = sample[Math.floor(TAIL * (sample.length - 1))] as number;
  const high = sample[Math.ceil((1 - TAIL) * (sample.length - 1))] as number;
  if (low < high) return moments(column, low, high);
  let [least, most] = [low, high];
  for (const value of column) {
    if (value < least) least = value;
    else if (value > most) most = value;
  }
  return moments(column, least, most);
}

/** Mean and population standard deviation of the values pulled in to `low`..`high`, without overflow. */
function moments(column: Float64Array, low: number, high: number): { middle: number; spread: number } {
  const unit = Math.max(Math.abs(low), Math.abs(high));
  if (unit === 0) return { middle: 0, spread: 0 };
  let sum = 0;
  for (const value of column) sum += Math.max(low, Math.min(high, value)) / unit;
  const mean = sum / column.length;
  let squares = 0;
  for (const value of column) squares += (Math.max(low, Math.min(high, value)) / unit - mean) ** 2;
  const deviation = Math.sqrt(squares / column.length);
  return { middle: mean * unit, spread: deviation < 1e-12 ? 0 : deviation * unit };
}

/**
 * Rows of length 1; a row of zeros stays one and counts as half-way (distance .5) to all others. O(n · d).
 * DatasetInputError as `assertMatrix`.
 */
export function unitRows(matrix: Matrix): Matrix {
  assertMatrix(matrix);
  const { rows, columns, values } = matrix;
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const from = row * columns;
    let most = 0;
    for (let c = 0; c < columns; c++) most = Math.max(most, Math.abs(values[from + c] as number));
    if (most === 0) continue;
    let squares = 0;
    for (let c = 0; c < columns; c++) squares += ((values[from + c] as number) / most) ** 2;
    const length = Math.sqrt(squares);
    for (let c = 0; c < columns; c++) result[from + c] = (values[from + c] as number) / most / length;
  }
  return { rows, columns, values: result };
}
