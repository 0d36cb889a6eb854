import type { Labels } from '../../labels/index.ts';
import type { Progress, Steps } from '../../neighbours/index.ts';
import type { Levels } from '../levels.ts';
import { logit, sigmoid } from '../tails.ts';
import { type Candidate, candidatesOf, LEVELS, type Tests } from './candidates.ts';
import { type Counts, type Direction, surpriseOf } from './counts.ts';
import type { Items } from './items.ts';
import { learningRows, learntOutside, type Screen } from './screen.ts';
import type { Timeline } from './timeline.ts';

/** A value or pair of values that is named, with its rows. */
export interface Association {
  readonly candidate: Candidate;
  /** Counts by a model that never saw these rows. */
  readonly counts: Counts;
  readonly logP: number;
  /** All rows of it, ascending. */
  readonly rows: Int32Array;
  /** Those with the class, ascending, and the probability of each that it would not have it. */
  readonly hits: Int32Array;
  readonly wrong: Float32Array;
}

export interface SearchOptions {
  readonly seed: number;
  readonly level: number;
  readonly most: number;
  readonly least: number;
  /** The screen of a class: made, or known from another check of the same table. */
  readonly screenOf: (label: number, marks: Uint8Array, how: { rows: number; seed: number }) => Steps<Screen>;
  /** Orders of the records by time, in which values are looked at stretch by stretch; none when absent. */
  readonly timelines?: readonly Timeline[];
  /** What else an association must be. */
  readonly accept: (counts: Counts, candidate: Candidate) => boolean;
}

export interface Searched {
  readonly associations: readonly Association[];
  readonly tests: Tests;
  readonly left: number;
  /** Classes too many to look at. */
  readonly skipped: number;
}

const MOST_CLASSES = 20;
/** Candidates that are looked at one by one, those that explain most first. */
const MOST_VERIFIED = 60;

/** Classes whose surplus is looked for: of two, both by one model; of more, each against the rest, the commonest 20. */
function classesOf(labels: Labels): { readonly label: number; readonly directions: readonly Direction[] }[] {
  const counts = labels.names.map(() => 0);
  for (const label of labels.values) counts[label] = (counts[label] as number) + 1;
  const there = [...counts.keys()].filter((label) => (counts[label] as number) > 0);
  if (there.length === 2) {
    const [other, label] = there as [number, number];
    return [
      {
        label,
        directions: [
          { label, marked: true },
          { label: other, marked: false },
        ],
      },
    ];
  }
  there.sort((a, b) => (counts[b] as number) - (counts[a] as number) || a - b);
  return there.slice(0, MOST_CLASSES).map((label) => ({ label, directions: [{ label, marked: true }] }));
}

/**
 * The values and pairs of values whose rows have a class more often than the rest of the table explains, those that
 * explain most first; what overlaps with one already named must hold without its rows. See `checkSlices` for the method.
 */
export function* associations(
  levels: readonly Levels[],
  items: readonly Items[],
  labels: Labels,
  options: SearchOptions,
): Steps<Searched> {
  const classes = classesOf(labels);
  const rows = learningRows(levels.length, classes.length);
  const found: Association[] = [];
  const tests = { single: 0, pair: 0, window: 0 };
  let left = 0;
  const taken = new Uint8Array(labels.values.length);
  for (const { label, directions } of classes) {
    const marks = Uint8Array.from(labels.values, (value) => Number(value === label));
    const told = yield* options.screenOf(label, marks, { rows, seed: options.seed });
    const level = options.level / classes.length;
    const context = {
      marks,
      screen: told,
      directions,
      least: options.least,
      timelines: options.timelines ?? [],
    };
    const tested = yield* candidatesOf(items, context, { level, seed: options.seed });
    tests.single += tested.tests.single;
    tests.pair += tested.tests.pair;
    tests.window += tested.tests.window;
    left = Math.max(left, tested.left);
    const limits = {
      single: Math.log((level * LEVELS.single) / Math.max(1, tested.tests.single)),
      pair: Math.log((level * LEVELS.pair) / Math.max(1, tested.tests.pair)),
      window: Math.log((level * LEVELS.window) / Math.max(1, tested.tests.window)),
    };
    found.push(
      ...(yield* verified(tested.candidates, { levels, marks, screen: told, taken, limits, rows }, options)),
    );
  }
  const names = new Set(labels.values).size;
  return {
    associations: found.sort((a, b) => b.candidate.gain - a.candidate.gain).slice(0, options.most),
    tests,
    left,
    skipped: Math.max(0, names - MOST_CLASSES),
  };
}

interface Verifying {
  readonly levels: readonly Levels[];
  readonly marks: Uint8Array;
  readonly screen: Screen;
  /** 1 for the rows of what is named already. */
  readonly taken: Uint8Array;
  readonly limits: Tests;
  readonly rows: number;
}

function* verified(
  candidates: readonly Candidate[],
  { levels, marks, screen, taken, limits, rows }: Verifying,
  options: SearchOptions,
): Generator<Progress, Association[], void> {
  const order = candidates.toSorted((a, b) => weightOf(b) - weightOf(a)).slice(0, MOST_VERIFIED);
  const found: Association[] = [];
  for (const [done, candidate] of order.entries()) {
    if (found.length >= options.most) break;
    yield { stage: 'values one by one', done, total: order.length };
    const inside = new Uint8Array(marks.length);
    for (let row = 0; row < marks.length; row++)
      inside[row] = Number(taken[row] === 0 && isIn(candidate, row));
    const limit = limits[kindOf(candidate, options)];
    if (!isLeft(candidate, countsBy(candidate, { inside, marks, screen }), limit)) continue;
    const told = learntOutside(levels, marks, inside, { rows, seed: options.seed });
    const counts = countsIn(inside, marks, told);
    const { logP } = surpriseOf(counts, candidate.bound, candidate.direction.marked);
    if (counts.rows < options.least || logP > limit || !options.accept(counts, candidate)) continue;
    found.push(associationOf(candidate, { inside, marks, told, counts, logP }));
    for (let row = 0; row < marks.length; row++) if (inside[row] === 1) taken[row] = 1;
  }
  return found;
}

/** How much more a range must explain than a value within it, to be named in its stead. */
const RANGE_MORE = 1.15;

const weightOf = ({ gain, parts }: Candidate): number =>
  parts.some(({ items }) => items.exact) ? RANGE_MORE * gain : gain;

function kindOf({ parts }: Candidate, { timelines = [] }: SearchOptions): keyof Tests {
  if (parts.length === 1) return 'single';
  return timelines.some(({ name }) => parts[1]?.items.name === name) ? 'window' : 'pair';
}

/** Share of the evidence asked for that a candidate must still have in the screen, without the rows named already. */
const LEFT = 0.5;

const isLeft = ({ bound, direction }: Candidate, counts: Counts, limit: number): boolean =>
  surpriseOf(counts, bound, direction.marked).logP <= LEFT * limit;

function countsBy(
  { parts }: Candidate,
  { inside, marks, screen }: { inside: Uint8Array; marks: Uint8Array; screen: Screen },
): Counts {
  const column = Math.min(...parts.map(({ items }) => items.column));
  return countsIn(inside, marks, screen.probabilities[column] as Float32Array);
}

export const isIn = ({ parts }: Candidate, row: number): boolean =>
  parts.every(({ items, item }) => items.codes[row] === item);

function countsIn(inside: Uint8Array, marks: Uint8Array, told: Float32Array): Counts {
  const counts = { rows: 0, hits: 0, expected: 0 };
  for (let row = 0; row < marks.length; row++) {
    if (inside[row] === 0) continue;
    counts.rows++;
    counts.hits += marks[row] as number;
    counts.expected += told[row] as number;
  }
  return counts;
}

/**
 * The rows with the class and the probability of each that it had another: where a share π of the rows was given the
 * class whatever they are, a row that has it and would have it with probability p was changed with probability
 * (1 − p) π / (p + (1 − p) π). π is what makes the counts come out; p is moved by the shift of the item's likes.
 */
function associationOf(
  candidate: Candidate,
  {
    inside,
    marks,
    told,
    counts,
    logP,
  }: { inside: Uint8Array; marks: Uint8Array; told: Float32Array; counts: Counts; logP: number },
): Association {
  const { marked } = candidate.direction;
  const sign = marked ? 1 : -1;
  const towards = Math.max(0, sign * candidate.bound.centre);
  const usual = (row: number): number => {
    const p = Math.max(1e-4, Math.min(1 - 1e-4, told[row] as number));
    return sigmoid(sign * logit(p) + towards);
  };
  const rows = Int32Array.from(inside.keys()).filter((row) => inside[row] === 1);
  const expected = rows.reduce((sum, row) => sum + usual(row), 0);
  const hitCount = marked ? counts.hits : counts.rows - counts.hits;
  const share = Math.max(0, Math.min(1, (hitCount - expected) / Math.max(1e-9, rows.length - expected)));
  const hits = rows.filter((row) => (marks[row] === 1) === marked);
  const wrong = Float32Array.from(hits, (row) => {
    const p = usual(row);
    return ((1 - p) * share) / (p + (1 - p) * share);
  });
  return { candidate, counts, logP, rows, hits, wrong };
}
