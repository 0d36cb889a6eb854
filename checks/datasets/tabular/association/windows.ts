import type { Candidate } from './candidates.ts';
import { type Counts, type Direction, shiftOf, spreadsOf, surpriseOf } from './counts.ts';
import type { Items } from './items.ts';
import type { Timeline } from './timeline.ts';

/** Only tails below this are kept until all tests are counted. */
const LOG_WORTH_KEEPING = Math.log(0.001);
/** Records of an item outside a window, as a share of those inside, without which the item has nothing to be held against. */
const LEAST_OUTSIDE = 0.25;

export interface WindowContext {
  readonly marks: Uint8Array;
  readonly probabilities: Float32Array;
  readonly directions: readonly Direction[];
  readonly least: number;
}

/** Counts of each item in each stretch of the timeline, added up from the first: `[item * (parts + 1) + part]`. */
interface Sums {
  readonly parts: number;
  readonly rows: Float64Array;
  readonly hits: Float64Array;
  readonly expected: Float64Array;
}

/**
 * The items of a column within stretches of time: whether an item's records have a class more often in some stretch than
 * its own others do outside, and than the other items' do within it (a scan statistic over all stretches from one part
 * to another; Kulldorff, Commun. Stat. 26, 1997). Of each item and direction the stretch that explains most.
 * O(n + items · parts²).
 */
export function windowCandidates(
  items: Items,
  timeline: Timeline,
  context: WindowContext,
): { found: Candidate[]; tests: number } {
  const sums = sumsOf(items, timeline, context);
  const best = new Map<string, Candidate>();
  let tests = 0;
  for (let from = 0; from < sums.parts; from++)
    for (let to = from + 1; to <= sums.parts; to++) {
      if (to - from === sums.parts) continue;
      const tested = inWindow(items, timeline, { from, to, sums }, context);
      tests += tested.tests;
      for (const candidate of tested.found) {
        const key = `${candidate.parts[0]?.item} ${candidate.direction.label}`;
        if (candidate.gain > (best.get(key)?.gain ?? 0)) best.set(key, candidate);
      }
    }
  return { found: [...best.values()], tests };
}

function sumsOf(items: Items, { parts, codes }: Timeline, { marks, probabilities }: WindowContext): Sums {
  const width = parts + 1;
  const size = items.labels.length * width;
  const [rows, hits, expected] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  for (let row = 0; row < marks.length; row++) {
    const [item, part] = [items.codes[row] as number, codes[row] as number];
    if (item < 0 || part < 0) continue;
    const at = item * width + part + 1;
    rows[at] = (rows[at] as number) + 1;
    hits[at] = (hits[at] as number) + (marks[row] as number);
    expected[at] = (expected[at] as number) + (probabilities[row] as number);
  }
  for (const sums of [rows, hits, expected])
    for (let at = 0; at < size; at++)
      if (at % width !== 0) sums[at] = (sums[at] as number) + (sums[at - 1] as number);
  return { parts, rows, hits, expected };
}

function between({ parts, rows, hits, expected }: Sums, item: number, from: number, to: number): Counts {
  const [start, end] = [item * (parts + 1) + from, item * (parts + 1) + to];
  return {
    rows: (rows[end] as number) - (rows[start] as number),
    hits: (hits[end] as number) - (hits[start] as number),
    expected: (expected[end] as number) - (expected[start] as number),
  };
}

const less = (all: Counts, part: Counts): Counts => ({
  rows: all.rows - part.rows,
  hits: all.hits - part.hits,
  expected: all.expected - part.expected,
});

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly sums: Sums;
}

function inWindow(
  items: Items,
  timeline: Timeline,
  { from, to, sums }: Stretch,
  { directions, least }: WindowContext,
): { found: Candidate[]; tests: number } {
  const inside = items.labels.map((_, item) => between(sums, item, from, to));
  const outside = inside.map((counts, item) => less(between(sums, item, 0, sums.parts), counts));
  const window = inside.reduce((all, counts) => less(all, less({ rows: 0, hits: 0, expected: 0 }, counts)), {
    rows: 0,
    hits: 0,
    expected: 0,
  });
  const centres = Float64Array.from(
    inside,
    (counts, item) => shiftOf(outside[item] as Counts) + shiftOf(less(window, counts)),
  );
  const spreads = spreadsOf(inside, centres);
  const found: Candidate[] = [];
  let tests = 0;
  for (const [item, counts] of inside.entries()) {
    if (counts.rows < least || (outside[item] as Counts).rows < LEAST_OUTSIDE * counts.rows) continue;
    const bound = { centre: centres[item] as number, spread: spreads[item] as number };
    for (const direction of directions) {
      tests++;
      const { logP, gain } = surpriseOf(counts, bound, direction.marked);
      if (logP > LOG_WORTH_KEEPING) continue;
      const parts = [
        { items, item },
        { items: timeline.itemsOf(from, to), item: 0 },
      ];
      found.push({ parts, direction, counts, bound, logP, gain });
    }
  }
  return { found, tests };
}
