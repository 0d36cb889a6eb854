/**
 * The nearest rows found so far of every row, nearest first and equal distances by row. `rows` × `k` each; places that
 * are not filled yet have index −1 and distance Infinity. `fresh` marks what joined since it was last looked at.
 */
export interface Lists {
  readonly k: number;
  readonly indices: Int32Array;
  readonly squares: Float32Array;
  readonly fresh: Uint8Array;
}

export function createLists(rows: number, k: number): Lists {
  return {
    k,
    indices: new Int32Array(rows * k).fill(-1),
    squares: new Float32Array(rows * k).fill(Number.POSITIVE_INFINITY),
    fresh: new Uint8Array(rows * k),
  };
}

/**
 * Puts `other` into the list of `row` when it is near enough and not in it. `square` must be the very number that any
 * other computation of this distance gives, so that a row is met again only among equals. O(k).
 */
export function offer(lists: Lists, row: number, other: number, square: number): boolean {
  const { k, indices, squares, fresh } = lists;
  const from = row * k;
  let place = from + k;
  while (place > from && isAfter(squares[place - 1] as number, indices[place - 1] as number, square, other))
    place--;
  if (place === from + k) return false;
  if (place > from && indices[place - 1] === other) return false;
  for (let at = from + k - 1; at > place; at--) {
    indices[at] = indices[at - 1] as number;
    squares[at] = squares[at - 1] as number;
    fresh[at] = fresh[at - 1] as number;
  }
  indices[place] = other;
  squares[place] = square;
  fresh[place] = 1;
  return true;
}

const isAfter = (square: number, row: number, thanSquare: number, thanRow: number): boolean =>
  square > thanSquare || (square === thanSquare && row > thanRow);
