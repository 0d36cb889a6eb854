import type { Random } from '../../../statistics/random.ts';
import type { Sparse } from './terms.ts';

/** Rows × columns, row by row. */
export interface Dense {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

export const dense = (rows: number, columns: number): Dense => ({
  rows,
  columns,
  values: new Float64Array(rows * columns),
});

export function gaussian(rows: number, columns: number, random: Random): Dense {
  return { rows, columns, values: Float64Array.from({ length: rows * columns }, () => random.normal()) };
}

/** A · X, for the rows of a sparse A from `from` on, as many as `into` has. */
export function times(a: Sparse, x: Dense, into: Dense, from = 0): Dense {
  const { columns } = x;
  into.values.fill(0);
  for (let row = 0; row < into.rows; row++) {
    const out = into.values.subarray(row * columns, (row + 1) * columns);
    for (let at = a.offsets[from + row] as number; at < (a.offsets[from + row + 1] as number); at++) {
      const value = a.values[at] as number;
      const line = (a.places[at] as number) * columns;
      for (let c = 0; c < columns; c++) out[c] = (out[c] as number) + value * (x.values[line + c] as number);
    }
  }
  return into;
}

/** Aᵀ · X for a sparse A. */
export function transposedTimes(a: Sparse, x: Dense, into: Dense): Dense {
  const { columns } = x;
  into.values.fill(0);
  for (let row = 0; row < a.rows; row++) {
    const line = row * columns;
    for (let at = a.offsets[row] as number; at < (a.offsets[row + 1] as number); at++) {
      const value = a.values[at] as number;
      const out = (a.places[at] as number) * columns;
      for (let c = 0; c < columns; c++)
        into.values[out + c] = (into.values[out + c] as number) + value * (x.values[line + c] as number);
    }
  }
  return into;
}

/** Xᵀ · X. */
export function gram({ rows, columns, values }: Dense): Dense {
  const result = dense(columns, columns);
  for (let row = 0; row < rows; row++) {
    const line = values.subarray(row * columns, (row + 1) * columns);
    for (let i = 0; i < columns; i++) {
      const value = line[i] as number;
      if (value === 0) continue;
      const out = i * columns;
      for (let j = 0; j <= i; j++)
        result.values[out + j] = (result.values[out + j] as number) + value * (line[j] as number);
    }
  }
  for (let i = 0; i < columns; i++)
    for (let j = i + 1; j < columns; j++)
      result.values[i * columns + j] = result.values[j * columns + i] as number;
  return result;
}

/** X · Y, in place of X, for a Y of at most as many columns; the other columns become 0. */
export function multiply(x: Dense, y: Dense): void {
  const line = new Float64Array(y.columns);
  for (let row = 0; row < x.rows; row++) {
    line.fill(0);
    const from = row * x.columns;
    for (let i = 0; i < y.rows; i++) {
      const value = x.values[from + i] as number;
      if (value === 0) continue;
      for (let j = 0; j < y.columns; j++)
        line[j] = (line[j] as number) + value * (y.values[i * y.columns + j] as number);
    }
    x.values.fill(0, from, from + x.columns);
    x.values.set(line, from);
  }
}
