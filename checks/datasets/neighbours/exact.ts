import type { Matrix } from '../types.ts';
import { squaredDistance } from './distance.ts';
import { createLists, type Lists, offer } from './lists.ts';
import type { Progress } from './types.ts';

/** Rows that are compared with as many others while both stay in the cache. */
const BLOCK = 256;
/** Up to so many numbers are widened to 64 bits first, which spares a conversion at each comparison. */
const MOST_WIDENED = 16_000_000;
/** Multiplications between two slices. */
const SLICE = 40_000_000;

/** All pairs, each once. O(n² · d / 2) time, O(n · k) memory. */
export function* exactLists(input: Matrix, k: number): Generator<Progress, Lists, void> {
  const { rows, columns } = input;
  const matrix =
    input.values.length <= MOST_WIDENED ? { ...input, values: Float64Array.from(input.values) } : input;
  const lists = createLists(rows, k);
  const total = (rows * (rows - 1)) / 2;
  let [done, work] = [0, 0];
  for (let a = 0; a < rows; a += BLOCK)
    for (let b = 0; b <= a; b += BLOCK) {
      const pairs = compareBlocks(matrix, lists, a, b);
      done += pairs;
      work += pairs * columns;
      if (work < SLICE) continue;
      work = 0;
      yield { stage: 'neighbours', done, total };
    }
  return lists;
}

function compareBlocks(matrix: Matrix, lists: Lists, firstA: number, firstB: number): number {
  const { rows, columns } = matrix;
  const { k, squares } = lists;
  const [endA, endB] = [Math.min(rows, firstA + BLOCK), Math.min(rows, firstB + BLOCK)];
  let pairs = 0;
  for (let a = firstA; a < endA; a++) {
    const end = Math.min(endB, a);
    for (let b = firstB; b < end; b++) {
      const mine = squares[a * k + k - 1] as number;
      const its = squares[b * k + k - 1] as number;
      const limit = mine > its ? mine : its;
      const square = squaredDistance(matrix, a * columns, b * columns, limit);
      if (square > limit) continue;
      if (square <= mine) offer(lists, a, b, square);
      if (square <= its) offer(lists, b, a, square);
    }
    pairs += Math.max(0, end - firstB);
  }
  return pairs;
}

/** Squared distances of the k rows nearest to `row`, ascending. O(n · d). */
export function exactSquares(matrix: Matrix, row: number, k: number): Float32Array {
  const { rows, columns } = matrix;
  const lists = createLists(1, k);
  for (let other = 0; other < rows; other++) {
    if (other === row) continue;
    const limit = lists.squares[k - 1] as number;
    const square = squaredDistance(matrix, row * columns, other * columns, limit);
    if (square <= limit) offer(lists, 0, other, square);
  }
  return lists.squares;
}
