import { createRandom } from '../../statistics/random.ts';
import type { Progress } from '../neighbours/index.ts';
import type { Matrix } from '../types.ts';

/** Most columns of which all pairs are multiplied; of wider rows the directions are iterated on the rows themselves. */
const MOST_PAIRED = 1024;
const ROUNDS = 25;
const SLICE = 60_000_000;

/** The directions along which rows vary most. */
export interface Principal {
  readonly mean: Float64Array;
  /** `count` unit directions of `columns` numbers each, strongest first. */
  readonly directions: Float64Array;
  /** Variance along each direction. */
  readonly variances: Float64Array;
  readonly columns: number;
  readonly count: number;
}

export interface PrincipalOptions {
  readonly count: number;
  readonly seed: number;
  /** Rows to look at; all when absent. */
  readonly rows?: Int32Array;
  /** Rounds of iteration; 25 when absent. */
  readonly rounds?: number;
}

/**
 * Principal components by orthogonal iteration (Golub and Van Loan, Matrix Computations, §8.2.4); 25 rounds, so nearly
 * equal variances may come mixed. O(rows · columns · count), or O(rows · columns²) up to 1,024 columns. Numbers must be
 * finite. `count` is cut to the columns and rows there are.
 */
export function* principal(matrix: Matrix, options: PrincipalOptions): Generator<Progress, Principal, void> {
  const { columns } = matrix;
  const rows = options.rows ?? Int32Array.from({ length: matrix.rows }, (_, row) => row);
  const count = Math.max(1, Math.min(options.count, columns, rows.length));
  const mean = meanOf(matrix, rows);
  const multiply =
    columns <= MOST_PAIRED && rows.length > count
      ? byCovariance(yield* covariance(matrix, rows, mean), columns)
      : byRows(matrix, rows, mean);
  const random = createRandom(options.seed);
  let basis = orthonormal(
    Float64Array.from({ length: count * columns }, () => random.normal()),
    columns,
  );
  const work = count * columns * Math.min(columns, 2 * rows.length);
  let pending = 0;
  const rounds = options.rounds ?? ROUNDS;
  for (let round = 0; round < rounds; round++) {
    basis = orthonormal(multiply(basis, count), columns);
    pending += work;
    if (pending < SLICE) continue;
    pending = 0;
    yield { stage: 'principal components', done: round, total: rounds };
  }
  const image = multiply(basis, count);
  const variances = Float64Array.from({ length: count }, (_, at) =>
    Math.max(0, dot(basis, at * columns, image.subarray(at * columns, (at + 1) * columns))),
  );
  return sorted({ mean, directions: basis, variances, columns, count });
}

/** Coordinates of a row (numbers from `at` on) along the directions, into `into` from `to` on. */
export function project(
  { mean, directions, columns, count }: Principal,
  row: { readonly values: ArrayLike<number>; readonly at: number },
  into: Float32Array | Float64Array,
  to: number,
): void {
  for (let c = 0; c < count; c++) {
    let sum = 0;
    for (let d = 0, place = c * columns; d < columns; d++, place++)
      sum += ((row.values[row.at + d] as number) - (mean[d] as number)) * (directions[place] as number);
    into[to + c] = sum;
  }
}

function meanOf({ columns, values }: Matrix, rows: Int32Array): Float64Array {
  const mean = new Float64Array(columns);
  for (const row of rows)
    for (let d = 0; d < columns; d++)
      mean[d] = (mean[d] as number) + (values[row * columns + d] as number) / rows.length;
  return mean;
}

function* covariance(
  { columns, values }: Matrix,
  rows: Int32Array,
  mean: Float64Array,
): Generator<Progress, Float64Array, void> {
  const result = new Float64Array(columns * columns);
  const line = new Float64Array(columns);
  let work = 0;
  for (let at = 0; at < rows.length; at++) {
    const from = (rows[at] as number) * columns;
    for (let d = 0; d < columns; d++) line[d] = (values[from + d] as number) - (mean[d] as number);
    for (let i = 0; i < columns; i++) {
      const value = (line[i] as number) / rows.length;
      if (value === 0) continue;
      for (let j = i, place = i * columns + i; j < columns; j++, place++)
        result[place] = (result[place] as number) + value * (line[j] as number);
    }
    work += (columns * columns) / 2;
    if (work < SLICE) continue;
    work = 0;
    yield { stage: 'principal components', done: at, total: rows.length };
  }
  for (let i = 0; i < columns; i++)
    for (let j = 0; j < i; j++) result[i * columns + j] = result[j * columns + i] as number;
  return result;
}

type Multiply = (basis: Float64Array, count: number) => Float64Array;

function byCovariance(matrix: Float64Array, columns: number): Multiply {
  return (basis, count) => {
    const result = new Float64Array(basis.length);
    for (let c = 0; c < count; c++)
      for (let d = 0; d < columns; d++) {
        let sum = 0;
        for (let e = 0, i = d * columns, j = c * columns; e < columns; e++, i++, j++)
          sum += (matrix[i] as number) * (basis[j] as number);
        result[c * columns + d] = sum;
      }
    return result;
  };
}

function byRows({ columns, values }: Matrix, rows: Int32Array, mean: Float64Array): Multiply {
  return (basis, count) => {
    const result = new Float64Array(basis.length);
    const line = new Float64Array(columns);
    for (const row of rows) {
      for (let d = 0; d < columns; d++) line[d] = (values[row * columns + d] as number) - (mean[d] as number);
      for (let c = 0; c < count; c++) {
        const along = dot(basis, c * columns, line) / rows.length;
        for (let d = 0, place = c * columns; d < columns; d++, place++)
          result[place] = (result[place] as number) + along * (line[d] as number);
      }
    }
    return result;
  };
}

/** Of the numbers from `at` on in `a` and all of `b`. */
function dot(a: Float64Array, at: number, b: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < b.length; d++) sum += (a[at + d] as number) * (b[d] as number);
  return sum;
}

/** Modified Gram–Schmidt; a direction that vanishes becomes zero. */
function orthonormal(basis: Float64Array, columns: number): Float64Array {
  const count = basis.length / columns;
  for (let c = 0; c < count; c++) {
    const at = c * columns;
    const own = basis.subarray(at, at + columns);
    for (let b = 0; b < c; b++) {
      const along = dot(basis, b * columns, own);
      for (let d = 0; d < columns; d++)
        basis[at + d] = (basis[at + d] as number) - along * (basis[b * columns + d] as number);
    }
    const length = Math.sqrt(dot(basis, at, own));
    for (let d = 0; d < columns; d++)
      basis[at + d] = length > 1e-150 ? (basis[at + d] as number) / length : 0;
  }
  return basis;
}

function sorted(found: Principal): Principal {
  const { columns, count } = found;
  const order = Int32Array.from(found.variances.keys()).sort(
    (a, b) => (found.variances[b] as number) - (found.variances[a] as number),
  );
  const directions = new Float64Array(count * columns);
  order.forEach((from, to) => {
    directions.set(found.directions.subarray(from * columns, (from + 1) * columns), to * columns);
  });
  return { ...found, directions, variances: Float64Array.from(order, (at) => found.variances[at] as number) };
}
