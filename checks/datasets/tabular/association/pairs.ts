import { createRandom } from '../../../statistics/random.ts';
import type { Counts } from './counts.ts';
import type { Items } from './items.ts';

/** Items of a column that take part in pairs, the largest first; and in pairs with a batch or source. */
const MOST_ITEMS = 64;
const MOST_WITH_GROUPS = 2000;
/** Rows × pairs of columns that are counted, some seconds. */
const MOST_WORK = 1e8;

/** Two columns whose items are paired. */
export interface PairOfColumns {
  readonly first: Items;
  readonly second: Items;
}

/** The pairs of columns that are looked at: all, or as many as time allows, drawn by lot; never two of one column, nor exact values of two. */
export function pairsOfColumns(
  all: readonly Items[],
  rows: number,
  seed: number,
): { pairs: PairOfColumns[]; left: number } {
  const pairs: PairOfColumns[] = [];
  for (const [at, first] of all.entries())
    for (const second of all.slice(at + 1)) {
      if ((first.group && second.group) || (first.exact && second.exact)) continue;
      if (first.name !== second.name) pairs.push({ first, second });
    }
  const most = Math.max(1, Math.floor(MOST_WORK / Math.max(1, rows)));
  if (pairs.length <= most) return { pairs, left: 0 };
  return { pairs: createRandom(seed).shuffle(pairs).slice(0, most), left: pairs.length - most };
}

/** A pair of items with its counts by the model of either column. */
export interface Pair {
  readonly items: readonly [number, number];
  readonly counts: readonly [Counts, Counts];
}

/** The largest items of a column as 0..63 per row (0..1999 for pairs with a group), −1 for others. */
export function pairCodes(items: Items, withGroup: boolean): { codes: Int32Array; kept: readonly number[] } {
  const kept = [...items.labels.keys()]
    .sort((a, b) => (items.sizes[b] as number) - (items.sizes[a] as number) || a - b)
    .slice(0, withGroup ? MOST_WITH_GROUPS : MOST_ITEMS);
  const place = new Int32Array(items.labels.length + 1).fill(-1);
  for (const [at, item] of kept.entries()) place[item] = at;
  return { codes: items.codes.map((code) => (code < 0 ? -1 : (place[code] as number))), kept };
}

export type PairCodes = ReturnType<typeof pairCodes>;

/** Counts of all pairs of items of two columns with at least `least` rows. O(n + pairs). */
export function countPairs(
  codes: readonly [PairCodes, PairCodes],
  marks: Uint8Array,
  probabilities: readonly [Float32Array, Float32Array],
  least: number,
): Pair[] {
  const [first, second] = codes;
  const width = second.kept.length;
  const cells = first.kept.length * width;
  const [rows, hits] = [new Int32Array(cells), new Int32Array(cells)];
  const [byFirst, bySecond] = [new Float64Array(cells), new Float64Array(cells)];
  for (let row = 0; row < marks.length; row++) {
    const [a, b] = [first.codes[row] as number, second.codes[row] as number];
    if (a < 0 || b < 0) continue;
    const cell = a * width + b;
    rows[cell] = (rows[cell] as number) + 1;
    hits[cell] = (hits[cell] as number) + (marks[row] as number);
    byFirst[cell] = (byFirst[cell] as number) + (probabilities[0][row] as number);
    bySecond[cell] = (bySecond[cell] as number) + (probabilities[1][row] as number);
  }
  const pairs: Pair[] = [];
  for (let cell = 0; cell < cells; cell++) {
    const size = rows[cell] as number;
    if (size < least) continue;
    const own = { rows: size, hits: hits[cell] as number };
    pairs.push({
      items: [first.kept[Math.floor(cell / width)] as number, second.kept[cell % width] as number],
      counts: [
        { ...own, expected: byFirst[cell] as number },
        { ...own, expected: bySecond[cell] as number },
      ],
    });
  }
  return pairs;
}
