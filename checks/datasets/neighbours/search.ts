import { createRandom } from '../../statistics/random.ts';
import { wilson } from '../../statistics/wilson.ts';
import type { Matrix, Share } from '../types.ts';
import { DatasetInputError } from '../types.ts';
import { descentLists } from './descent.ts';
import { exactLists, exactSquares } from './exact.ts';
import type { Lists } from './lists.ts';
import { assertMatrix, unitRows } from './prepare.ts';
import type { FindNeighbours, Metric, NeighbourOptions, Neighbours, Progress } from './types.ts';

/** Above rows² × columns of this, `auto` searches approximately: about 20,000 rows of 20 columns. */
export const EXACT_WORK = 8e9;
export const MOST_NEIGHBOURS = 1000;
/** Rows drawn by lot on which the recall of an approximate search is measured. */
const RECALL_ROWS = 200;
const SLICE = 40_000_000;

/**
 * The k nearest other rows of every row. Exact: O(n² · d); approximate: 100,000 × 20 with k = 20 takes some seconds,
 * and the recall that it had comes with the result. Memory O(n · (k + d)). Deterministic for a seed.
 * DatasetInputError for numbers that are not finite, a wrong shape, fewer than two rows, or k out of 1..1,000.
 */
export const findNeighbours: FindNeighbours = function* (matrix, options) {
  const { metric = 'euclidean', search = 'auto', seed = 0 } = options;
  const k = usableK(matrix, options);
  const prepared = metric === 'cosine' ? unitRows(matrix) : checked(matrix);
  yield { stage: 'neighbours', done: 0, total: 1 };
  const exact = search === 'exact' || (search === 'auto' && matrix.rows ** 2 * matrix.columns <= EXACT_WORK);
  const lists = exact ? yield* exactLists(prepared, k) : yield* descentLists(prepared, k, seed);
  const recall = exact ? { value: 1, low: 1, high: 1 } : yield* measuredRecall(prepared, lists, seed);
  return result(matrix.rows, lists, metric, recall);
};

function usableK(matrix: Matrix, { k }: NeighbourOptions): number {
  if (!Number.isInteger(k) || k < 1 || k > MOST_NEIGHBOURS)
    throw new DatasetInputError(`Neighbours are 1 to ${MOST_NEIGHBOURS}, not ${String(k)}.`);
  if (matrix.rows < 2) throw new DatasetInputError('Neighbours need at least two rows.');
  return Math.min(k, matrix.rows - 1);
}

function checked(matrix: Matrix): Matrix {
  assertMatrix(matrix);
  return matrix;
}

function result(rows: number, lists: Lists, metric: Metric, recall: Share): Neighbours {
  const distances = lists.squares;
  for (let at = 0; at < distances.length; at++) {
    const square = distances[at] as number;
    distances[at] = metric === 'cosine' ? Math.min(2, square / 2) : Math.sqrt(square);
  }
  return { rows, k: lists.k, indices: lists.indices, distances, metric, recall };
}

function* measuredRecall(matrix: Matrix, lists: Lists, seed: number): Generator<Progress, Share, void> {
  const random = createRandom(seed);
  const { k, squares } = lists;
  const total = Math.min(RECALL_ROWS, matrix.rows);
  let [found, work] = [0, 0];
  for (let done = 0; done < total; done++) {
    const row = random.integer(matrix.rows);
    const furthest = exactSquares(matrix, row, k)[k - 1] as number;
    for (let at = row * k; at < (row + 1) * k; at++) if ((squares[at] as number) <= furthest) found++;
    work += matrix.rows * matrix.columns;
    if (work < SLICE) continue;
    work = 0;
    yield { stage: 'recall', done, total };
  }
  const [low, high] = wilson(found, total * k);
  return { value: found / (total * k), low, high };
}
