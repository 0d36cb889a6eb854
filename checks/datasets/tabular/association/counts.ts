import { logBinomialUpper, logit, sigmoid } from '../tails.ts';
import type { Items } from './items.ts';

/** Records of an item or of a pair: how many, how many have the class, how many would by the rest of their columns. */
export interface Counts {
  readonly rows: number;
  readonly hits: number;
  readonly expected: number;
}

/** The class whose surplus is looked for: the marked one, or (of two classes) the other one. */
export interface Direction {
  readonly label: number;
  readonly marked: boolean;
}

/** Log-odds by which a group differs from what its rows' columns say, shrunk to 0 where there is little to judge by. */
export function shiftOf({ rows, hits, expected }: Counts): number {
  if (rows === 0) return 0;
  const usual = Math.max(0.002, Math.min(0.998, expected / rows));
  const weight = rows * usual * (1 - usual);
  return ((logit((hits + usual) / (rows + 1)) - logit(usual)) * weight) / (weight + 1);
}

/** Each item's counts. O(n). */
export function itemCounts(items: Items, marks: Uint8Array, probabilities: Float32Array): Counts[] {
  const hits = new Float64Array(items.labels.length);
  const expected = new Float64Array(items.labels.length);
  for (let row = 0; row < marks.length; row++) {
    const item = items.codes[row] as number;
    if (item < 0) continue;
    hits[item] = (hits[item] as number) + (marks[row] as number);
    expected[item] = (expected[item] as number) + (probabilities[row] as number);
  }
  return items.labels.map((_, item) => ({
    rows: items.sizes[item] as number,
    hits: hits[item] as number,
    expected: expected[item] as number,
  }));
}

const [LEAST_WINDOW, MOST_WINDOW] = [30, 2000];

/**
 * The shift that an item would have if it were like its neighbours: of numbers, that of the rows just below and above
 * it; of categories 0. O(n).
 */
function centresOf(items: Items, marks: Uint8Array, probabilities: Float32Array): Float64Array {
  const centres = new Float64Array(items.labels.length);
  if (items.order === null) return centres;
  const { rows, starts } = items.order;
  const [hits, expected] = [new Float64Array(rows.length + 1), new Float64Array(rows.length + 1)];
  for (const [at, row] of rows.entries()) {
    hits[at + 1] = (hits[at] as number) + (marks[row] as number);
    expected[at + 1] = (expected[at] as number) + (probabilities[row] as number);
  }
  const between = (from: number, to: number): Counts => ({
    rows: to - from,
    hits: (hits[to] as number) - (hits[from] as number),
    expected: (expected[to] as number) - (expected[from] as number),
  });
  for (const [item, start] of starts.entries()) {
    const size = items.sizes[item] as number;
    const reach = Math.max(LEAST_WINDOW, Math.min(MOST_WINDOW, size));
    const below = between(Math.max(0, start - reach), start);
    const above = between(start + size, Math.min(rows.length, start + size + reach));
    centres[item] = shiftOf({
      rows: below.rows + above.rows,
      hits: below.hits + above.hits,
      expected: below.expected + above.expected,
    });
  }
  return centres;
}

/** How much closer numbers must be to their neighbours than to nothing. */
const CLOSER = 0.8;

/**
 * Centres and spreads of a column's items: an exact number is held against its neighbours only where these tell more of
 * it than nothing does (of an age, not of a zip code). O(n + items · log items).
 */
export function likesOf(
  items: Items,
  counts: readonly Counts[],
  marks: Uint8Array,
  probabilities: Float32Array,
): { centres: Float64Array; spreads: Float64Array } {
  const near = centresOf(items, marks, probabilities);
  const beside = { centres: near, spreads: spreadsOf(counts, near) };
  if (!items.exact) return beside;
  const none = new Float64Array(counts.length);
  const alone = { centres: none, spreads: spreadsOf(counts, none) };
  return sumOf(beside.spreads) < CLOSER * sumOf(alone.spreads) ? beside : alone;
}

const sumOf = (numbers: Float64Array): number => numbers.reduce((sum, value) => sum + value, 0);

/** Spread of log-odds between the values of a column that is taken for granted, and the items it counts as. */
const USUAL_SPREAD = 1;
const PRIOR_ITEMS = 3;
const LEAST_INFORMATION = 3;

/** Up to so many items, an item's own shift is left out of the spread it is held against. */
const FEW_ITEMS = 40;

/**
 * Per item: standard deviation, beyond chance, of the shifts of its column's other items from their centres. Robust, and
 * drawn towards 1 for columns of few items, since two values may always differ. O(items · log items).
 */
export function spreadsOf(counts: readonly Counts[], centres: Float64Array): Float64Array {
  const told = counts.flatMap((count, item) => {
    const usual = count.expected / Math.max(1, count.rows);
    const information = count.rows * usual * (1 - usual);
    if (information < LEAST_INFORMATION) return [];
    return [{ item, away: Math.abs(shiftOf(count) - (centres[item] as number)), chance: 1 / information }];
  });
  if (told.length > FEW_ITEMS) return new Float64Array(counts.length).fill(spreadOf(told));
  return Float64Array.from(counts, (_, item) => spreadOf(told.filter((other) => other.item !== item)));
}

function spreadOf(told: readonly { readonly away: number; readonly chance: number }[]): number {
  const free = Math.max(0, told.length - PRIOR_ITEMS);
  const away = median(told.map((item) => item.away));
  const own = Math.max(0, (1.4826 * away) ** 2 - median(told.map((item) => item.chance)));
  return Math.sqrt((free * own + PRIOR_ITEMS * USUAL_SPREAD ** 2) / (free + PRIOR_ITEMS));
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

/** Spreads that an item may lie off before it is a surprise, and the least log-odds that are one. */
const SPREADS = 3;
const LEAST_SHIFT = 0.4;

/** What an item's or pair's rows would show at most, were it as odd as the oddest of its kind. */
export interface Bound {
  /** Shift of its likes. */
  readonly centre: number;
  readonly spread: number;
}

/** The share that is still no surprise, in the direction asked for. */
export function unsurprising({ rows, expected }: Counts, { centre, spread }: Bound, marked: boolean): number {
  const usual = Math.max(0.002, Math.min(0.998, expected / Math.max(1, rows)));
  const allowance = Math.max(LEAST_SHIFT, SPREADS * spread);
  const at = logit(usual) + centre;
  return marked
    ? sigmoid(Math.max(at, logit(usual)) + allowance)
    : sigmoid(allowance - Math.min(at, logit(usual)));
}

/** ln of the exact tail beyond what is no surprise, and how much better the rows' own share explains them. */
export function surpriseOf(counts: Counts, bound: Bound, marked: boolean): { logP: number; gain: number } {
  const hits = marked ? counts.hits : counts.rows - counts.hits;
  const p = unsurprising(counts, bound, marked);
  if (hits <= counts.rows * p + 1) return { logP: 0, gain: 0 };
  const usual = Math.max(0.002, Math.min(0.998, counts.expected / counts.rows));
  const expected = marked ? usual : 1 - usual;
  const [rest, share] = [counts.rows - hits, hits / counts.rows];
  const gain =
    hits * Math.log(share / expected) + (rest > 0 ? rest * Math.log((1 - share) / (1 - expected)) : 0);
  return { logP: logBinomialUpper(hits, counts.rows, p), gain };
}
