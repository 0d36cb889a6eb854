import { createRandom } from '../../statistics/random.ts';
import { type Calibration, calibrate, type Labels, voteProbabilities } from '../labels/index.ts';
import { findNeighbours, type Progress } from '../neighbours/index.ts';
import type { Matrix } from '../types.ts';
import { createFeaturiser, type Featuriser, featuresOf } from './features.ts';
import type { Pixels } from './pixels.ts';

/** No class is less probable than this, however a picture looks. */
const LEAST = 0.003;
/** Multiplications that one look at changed pictures may take, and the fewest pictures it compares with. */
const MOST_WORK = 6e9;
const FEWEST_REFERENCES = 2000;
const SLICE = 40_000_000;

/** What pictures look like, by the nearest other pictures. */
export interface Context {
  readonly featuriser: Featuriser;
  readonly k: number;
  readonly calibration: Calibration;
  /** Per row: probability of its given label, as its neighbours see it. */
  readonly expected: Float32Array;
  readonly seed: number;
}

export function* createContext(
  pixels: Pixels,
  labels: Labels,
  options: { readonly k: number; readonly seed: number },
): Generator<Progress, Context, void> {
  const featuriser = yield* createFeaturiser(pixels);
  const features = yield* featuresOf(featuriser, pixels.values, pixels.rows, pixels.size);
  const neighbours = yield* findNeighbours(features, options);
  const votes = voteProbabilities(neighbours, labels, { k: neighbours.k });
  const calibration = calibrate(votes, labels);
  const expected = Float32Array.from(labels.values, (label, row) =>
    Math.max(LEAST, calibration(votes.values[row * votes.classes + label] as number)),
  );
  return { featuriser, ...options, k: neighbours.k, calibration, expected };
}

/** Changes a picture's bytes, a copy of row `row`. */
export type Change = (bytes: Uint8Array, row: number) => void;

/**
 * Probability of the label `target` for each of `rows`, as their neighbours see it once all pictures have been changed:
 * a part blotted out, an overlay taken off. Neighbours are sought among at most as many rows, drawn by lot, as the time allows.
 */
export function* expectedAfter(
  { context, pixels, labels }: { context: Context; pixels: Pixels; labels: Labels },
  rows: Int32Array,
  target: number,
  change: Change,
): Generator<Progress, Float32Array, void> {
  const { featuriser, k } = context;
  const references = referencesOf(context, pixels.rows, rows.length);
  const seen = yield* changedFeatures(featuriser, pixels, references, change);
  const asked = yield* changedFeatures(featuriser, pixels, rows, change);
  const share = labels.values.reduce((sum, label) => sum + Number(label === target), 0) / pixels.rows;
  const result = new Float32Array(rows.length);
  const nearest = new Float64Array(k);
  const votes = new Uint8Array(k);
  let work = 0;
  for (let at = 0; at < rows.length; at++) {
    const own = lineOf(asked, at);
    nearest.fill(Number.POSITIVE_INFINITY);
    votes.fill(0);
    for (let other = 0; other < references.length; other++) {
      const reference = references[other] as number;
      if (reference === rows[at]) continue;
      const square = squareWithin(own, lineOf(seen, other), nearest[k - 1] as number);
      if (square < (nearest[k - 1] as number))
        insert(nearest, votes, square, Number(labels.values[reference] === target));
    }
    result[at] = Math.max(LEAST, context.calibration(voted(nearest, votes, share)));
    work += references.length * seen.columns;
    if (work < SLICE) continue;
    work = 0;
    yield { stage: 'look again', done: at, total: rows.length };
  }
  return result;
}

const lineOf = ({ columns, values }: Matrix, row: number): Float32Array =>
  (values as Float32Array).subarray(row * columns, (row + 1) * columns);

/** As `voteProbabilities` counts votes. */
function voted(nearest: Float64Array, votes: Uint8Array, share: number): number {
  const furthest = Math.sqrt(nearest.findLast((square) => Number.isFinite(square)) ?? 0);
  let [sum, total] = [share, 1];
  for (let at = 0; at < nearest.length && Number.isFinite(nearest[at]); at++) {
    const part = furthest > 0 ? Math.sqrt(nearest[at] as number) / furthest : 0;
    const weight = Math.exp(-0.5 * part * part);
    total += weight;
    if (votes[at] === 1) sum += weight;
  }
  return sum / total;
}

function referencesOf({ featuriser, seed }: Context, rows: number, asked: number): Int32Array {
  const most = Math.max(FEWEST_REFERENCES, Math.floor(MOST_WORK / (featuriser.columns * Math.max(1, asked))));
  const all = Int32Array.from({ length: rows }, (_, row) => row);
  if (most >= rows) return all;
  return createRandom(seed).shuffle(all).slice(0, most).sort();
}

function* changedFeatures(
  featuriser: Featuriser,
  pixels: Pixels,
  rows: Int32Array,
  change: Change,
): Generator<Progress, Matrix, void> {
  const bytes = new Uint8Array(rows.length * pixels.size);
  rows.forEach((row, at) => {
    const copy = bytes.subarray(at * pixels.size, (at + 1) * pixels.size);
    copy.set(pixels.values.subarray(row * pixels.size, (row + 1) * pixels.size));
    change(copy, row);
  });
  return yield* featuresOf(featuriser, bytes, rows.length, pixels.size);
}

function squareWithin(a: Float32Array, b: Float32Array, limit: number): number {
  let sum = 0;
  for (let i = 0; i < a.length && sum < limit; ) {
    for (const stop = Math.min(a.length, i + 16); i < stop; i++) {
      const difference = (a[i] as number) - (b[i] as number);
      sum += difference * difference;
    }
  }
  return sum;
}

function insert(nearest: Float64Array, votes: Uint8Array, square: number, vote: number): void {
  let at = nearest.length - 1;
  for (; at > 0 && (nearest[at - 1] as number) > square; at--) {
    nearest[at] = nearest[at - 1] as number;
    votes[at] = votes[at - 1] as number;
  }
  nearest[at] = square;
  votes[at] = vote;
}
