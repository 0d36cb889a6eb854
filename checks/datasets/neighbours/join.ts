import type { Matrix } from '../types.ts';
import { squaredDistance } from './distance.ts';
import { type Lists, offer } from './lists.ts';

/**
 * A group of rows whose numbers have been copied side by side, so that comparing them all stays in the cache, and as
 * 64-bit numbers, which spares a conversion at each comparison. `limits`
 * is how near another row must be to be taken into the list of each.
 */
export interface Group {
  readonly rows: Int32Array;
  readonly limits: Float32Array;
  readonly columns: number;
  readonly values: Float64Array;
}

export function createGroup(capacity: number, columns: number): Group {
  return {
    rows: new Int32Array(capacity),
    limits: new Float32Array(capacity),
    columns,
    values: new Float64Array(capacity * columns),
  };
}

/** Puts `row` at `place` of the group. */
export function gather(group: Group, place: number, matrix: Matrix, row: number): void {
  const { columns, values } = matrix;
  const to = group.values;
  group.rows[place] = row;
  for (let c = 0, from = row * columns, at = place * columns; c < columns; c++, from++, at++)
    to[at] = values[from] as number;
}

/**
 * Offers the rows at `from`..`to`−1 of the group and those before each of them to one another; gives how many were
 * taken in. A row may be in the group twice. O((to − from) · to · d).
 */
export function join(lists: Lists, group: Group, from: number, to: number): number {
  const { k, squares } = lists;
  const { rows, limits, columns } = group;
  for (let at = 0; at < to; at++) limits[at] = squares[(rows[at] as number) * k + k - 1] as number;
  let taken = 0;
  for (let a = from; a < to; a++) {
    const row = rows[a] as number;
    for (let b = 0; b < a; b++) {
      const mine = limits[a] as number;
      const its = limits[b] as number;
      const limit = mine > its ? mine : its;
      const square = squaredDistance(group, a * columns, b * columns, limit);
      if (square > limit) continue;
      const other = rows[b] as number;
      if (other === row) continue;
      if (square <= mine && offer(lists, row, other, square)) {
        limits[a] = squares[row * k + k - 1] as number;
        taken++;
      }
      if (square <= its && offer(lists, other, row, square)) {
        limits[b] = squares[other * k + k - 1] as number;
        taken++;
      }
    }
  }
  return taken;
}
