import type { Random } from '../../statistics/random.ts';
import type { Matrix } from '../types.ts';

/** Rows in an order in which near ones lie together, cut into leaves: leaf i is `order[ends[i − 1] .. ends[i] − 1]`. */
export interface Leaves {
  readonly order: Int32Array;
  readonly ends: Int32Array;
}

/** Numbers projected before the tree gives way. */
const SLICE = 4_000_000;

/**
 * One random projection tree (Dasgupta and Freund, STOC 2008): each part is cut at the median of its projection on the
 * line through two of its rows, until no leaf has more than `leafRows`. Always balanced, whatever the data.
 * O(n · d · log(n / leafRows)).
 */
export function* projectionTree(
  matrix: Matrix,
  leafRows: number,
  random: Random,
): Generator<void, Leaves, void> {
  const order = Int32Array.from({ length: matrix.rows }, (_, row) => row);
  const keys = new Float64Array(matrix.rows);
  const ends: number[] = [];
  const open: [from: number, to: number][] = [[0, matrix.rows]];
  let work = 0;
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    const [from, to] = part;
    if (to - from <= leafRows) {
      ends.push(to);
      continue;
    }
    project(matrix, { order, keys, from, to }, random);
    const middle = (from + to) >>> 1;
    select(keys, order, { from, to, place: middle }, random);
    open.push([middle, to], [from, middle]);
    work += (to - from) * matrix.columns;
    if (work > SLICE) {
      work = 0;
      yield;
    }
  }
  return { order, ends: Int32Array.from(ends) };
}

interface Part {
  readonly order: Int32Array;
  readonly keys: Float64Array;
  readonly from: number;
  readonly to: number;
}

/** Places of the part's rows on a line through two of them; random places where three draws gave equal rows. */
function project(matrix: Matrix, { order, keys, from, to }: Part, random: Random): void {
  const { columns, values } = matrix;
  const line = new Float64Array(columns);
  const draw = (): number => (order[from + random.integer(to - from)] as number) * columns;
  for (let tries = 0, length = 0; tries < 3 && length === 0; tries++) {
    const [a, b] = [draw(), draw()];
    for (let c = 0; c < columns; c++) {
      line[c] = (values[a + c] as number) - (values[b + c] as number);
      length += Math.abs(line[c] as number);
    }
    if (length === 0 && tries === 2) {
      for (let at = from; at < to; at++) keys[at] = random.next();
      return;
    }
  }
  for (let at = from; at < to; at++) {
    const row = (order[at] as number) * columns;
    let place = 0;
    for (let c = 0; c < columns; c++) place += (values[row + c] as number) * (line[c] as number);
    keys[at] = place;
  }
}

/** Hoare's selection: smaller keys before `place`, larger ones behind it. Pivots by lot, so that no data make it slow. */
function select(
  keys: Float64Array,
  order: Int32Array,
  range: { from: number; to: number; place: number },
  random: Random,
): void {
  let [low, high] = [range.from, range.to - 1];
  while (low < high) {
    const pivot = keys[low + random.integer(high - low + 1)] as number;
    let [left, right] = [low, high];
    while (left <= right) {
      while ((keys[left] as number) < pivot) left++;
      while ((keys[right] as number) > pivot) right--;
      if (left > right) break;
      const [key, row] = [keys[left] as number, order[left] as number];
      keys[left] = keys[right] as number;
      order[left++] = order[right] as number;
      keys[right] = key;
      order[right--] = row;
    }
    if (range.place <= right) high = right;
    else if (range.place >= left) low = left;
    else return;
  }
}
