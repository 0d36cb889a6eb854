import type { Cells } from './cells.ts';

/** The different values of some cells, in the order of their first. Good until the next cells. */
export interface Groups {
  readonly count: number;
  /** The first cell of each, and how many cells hold it. */
  readonly first: Uint32Array;
  readonly times: Uint32Array;
}

/** Brings together the cells that hold the same value, by their hashes and then by their values: O(1) a cell. */
export function createGrouping(): (cells: Cells) => Groups {
  let table = new Uint32Array(0);
  let first = new Uint32Array(0);
  let times = new Uint32Array(0);
  return ({ count, high, low, same }) => {
    if (first.length < count) {
      table = new Uint32Array(2 ** Math.ceil(Math.log2(2 * count + 2)));
      first = new Uint32Array(count);
      times = new Uint32Array(count);
    }
    table.fill(0);
    const mask = table.length - 1;
    let found = 0;
    for (let at = 0; at < count; at++) {
      let place = (low[at] as number) & mask;
      for (; ; place = (place + 1) & mask) {
        const group = (table[place] as number) - 1;
        if (group < 0) {
          first[found] = at;
          times[found] = 1;
          table[place] = ++found;
          break;
        }
        const known = first[group] as number;
        if (low[known] !== low[at] || high[known] !== high[at] || !same(known, at)) continue;
        times[group] = (times[group] as number) + 1;
        break;
      }
    }
    return { count: found, first, times };
  };
}
