import type { Steps } from '../../neighbours/index.ts';
import { holm } from '../tails.ts';
import {
  type Bound,
  type Counts,
  type Direction,
  itemCounts,
  likesOf,
  shiftOf,
  spreadsOf,
  surpriseOf,
} from './counts.ts';
import type { Items } from './items.ts';
import { countPairs, type Pair, type PairCodes, pairCodes, pairsOfColumns } from './pairs.ts';
import type { Screen } from './screen.ts';
import type { Timeline } from './timeline.ts';
import { windowCandidates } from './windows.ts';

/** A value, or a pair of values, whose rows have a class more often than the rest of their columns can explain. */
export interface Candidate {
  readonly parts: readonly { readonly items: Items; readonly item: number }[];
  readonly direction: Direction;
  readonly counts: Counts;
  readonly bound: Bound;
  readonly logP: number;
  readonly gain: number;
}

/** How many values, pairs of values, and values within a stretch of time were tested. */
export interface Tests {
  readonly single: number;
  readonly pair: number;
  readonly window: number;
}

export interface Tested {
  readonly candidates: Candidate[];
  readonly tests: Tests;
  /** Pairs of columns that were not looked at, for want of time. */
  readonly left: number;
}

/** Which part of the level each kind of test has. */
export const LEVELS = { single: 0.5, pair: 0.25, window: 0.25 } as const;

interface Context {
  readonly marks: Uint8Array;
  readonly screen: Screen;
  readonly directions: readonly Direction[];
  readonly least: number;
  readonly timelines: readonly Timeline[];
}

/** An item column with what is known of each of its items. */
interface Known {
  readonly items: Items;
  readonly counts: readonly Counts[];
  readonly centres: Float64Array;
  readonly spreads: Float64Array;
  readonly pairing: PairCodes;
  /** For pairs with a group. */
  readonly wide: PairCodes;
}

const probabilitiesFor = (items: Items, { probabilities }: Screen): Float32Array =>
  probabilities[items.column] as Float32Array;

/** Every value and every pair of values, tested; and every value within a stretch of time, tested; those that hold by Holm's rule at their part of the level. */
export function* candidatesOf(
  all: readonly Items[],
  context: Context,
  options: { level: number; seed: number },
): Steps<Tested> {
  const known = all.map((items): Known => {
    const probabilities = probabilitiesFor(items, context.screen);
    const counts = itemCounts(items, context.marks, probabilities);
    const likes = likesOf(items, counts, context.marks, probabilities);
    const pairing = pairCodes(items, false);
    const wide = pairing.kept.length < items.labels.length && !items.group ? pairCodes(items, true) : pairing;
    return { items, counts, ...likes, pairing, wide };
  });
  const singles = known.flatMap((column) => singleCandidates(column, context.directions));
  const singleTests = known.reduce((sum, { counts }) => sum + counts.length, 0) * context.directions.length;
  const { pairs, left } = pairsOfColumns(all, context.marks.length, options.seed);
  const paired: Candidate[] = [];
  let pairTests = 0;
  for (const [done, { first, second }] of pairs.entries()) {
    const columns = [first, second].map((items) => known[all.indexOf(items)] as Known) as [Known, Known];
    const { found, tests } = pairCandidates(columns, context);
    pairTests += tests;
    paired.push(...found);
    yield { stage: 'pairs of values', done, total: pairs.length };
  }
  const windows = inTime(all, context);
  const keep = (list: Candidate[], tests: number, level: number): Candidate[] => {
    const held = holm(
      list.map(({ logP }) => logP),
      level,
      Math.max(tests, list.length),
    );
    return list.filter((_, at) => held[at]);
  };
  return {
    candidates: [
      ...keep(singles, singleTests, options.level * LEVELS.single),
      ...keep(paired, pairTests, options.level * LEVELS.pair),
      ...keep(windows.found, windows.tests, options.level * LEVELS.window),
    ],
    tests: { single: singleTests, pair: pairTests, window: windows.tests },
    left,
  };
}

/** Each value of a column, but the groups' own, within every stretch of every timeline. */
function inTime(all: readonly Items[], context: Context): { found: Candidate[]; tests: number } {
  const found: Candidate[] = [];
  let tests = 0;
  for (const timeline of context.timelines)
    for (const items of all) {
      if (items.group) continue;
      const probabilities = probabilitiesFor(items, context.screen);
      const tested = windowCandidates(items, timeline, { ...context, probabilities });
      found.push(...tested.found);
      tests += tested.tests;
    }
  return { found, tests };
}

/** Only tails below this are kept until all tests are counted. */
const LOG_WORTH_KEEPING = Math.log(0.001);

function singleCandidates(
  { items, counts, centres, spreads }: Known,
  directions: readonly Direction[],
): Candidate[] {
  return counts.flatMap((count, item) => {
    const bound = { centre: centres[item] as number, spread: spreads[item] as number };
    return directions.flatMap((direction) => {
      const { logP, gain } = surpriseOf(count, bound, direction.marked);
      if (logP > LOG_WORTH_KEEPING) return [];
      return [{ parts: [{ items, item }], direction, counts: count, bound, logP, gain }];
    });
  });
}

/** Rows of an item outside the pair, as a share of those inside, without which the pair tells nothing of its own. */
const LEAST_OUTSIDE = 0.25;

const less = (all: Counts, part: Counts): Counts => ({
  rows: all.rows - part.rows,
  hits: all.hits - part.hits,
  expected: all.expected - part.expected,
});

function pairCandidates(
  columns: readonly [Known, Known],
  { marks, screen, directions, least }: Context,
): { found: Candidate[]; tests: number } {
  const codes = columns.some(({ items }) => items.group)
    ? ([columns[0].wide, columns[1].wide] as const)
    : ([columns[0].pairing, columns[1].pairing] as const);
  const pairs = countPairs(
    codes,
    marks,
    [probabilitiesFor(columns[0].items, screen), probabilitiesFor(columns[1].items, screen)],
    least,
  ).filter(({ items, counts }) =>
    columns.every((column, side) => {
      const whole = column.counts[items[side] as number] as Counts;
      return whole.rows - counts[0].rows >= LEAST_OUTSIDE * counts[0].rows;
    }),
  );
  const outside = pairs.map((pair) =>
    columns.map((column, side) =>
      shiftOf(less(column.counts[pair.items[side] as number] as Counts, pair.counts[side] as Counts)),
    ),
  );
  const spreads = [0, 1].map((side) =>
    spreadsOf(
      pairs.map((pair) => pair.counts[side] as Counts),
      Float64Array.from(outside, (shifts) => shifts[side] as number),
    ),
  );
  const found = pairs.flatMap((pair, at) =>
    directions.flatMap((direction) =>
      byRarer(columns, pair, {
        direction,
        shifts: outside[at] as number[],
        spreads: spreads.map((side) => side[at] as number),
      }),
    ),
  );
  return { found, tests: pairs.length * directions.length };
}

/**
 * The pair by the model without the column of its rarer value, shifted as that value is outside the pair: what the pair
 * did to the weights of the commoner value is the smaller part of those.
 */
function byRarer(
  columns: readonly [Known, Known],
  pair: Pair,
  { direction, shifts, spreads }: { direction: Direction; shifts: number[]; spreads: number[] },
): Candidate[] {
  const sizes = columns.map(({ items }, side) => items.sizes[pair.items[side] as number] as number);
  const side = (sizes[0] as number) <= (sizes[1] as number) ? 0 : 1;
  const bound = { centre: shifts[side] as number, spread: spreads[side] as number };
  const counts = pair.counts[side];
  const { logP, gain } = surpriseOf(counts, bound, direction.marked);
  if (logP > LOG_WORTH_KEEPING) return [];
  const parts = columns.map(({ items }, side) => ({ items, item: pair.items[side] as number }));
  return [{ parts, direction, counts, bound, logP, gain }];
}
