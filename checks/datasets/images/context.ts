import { createRandom } from '../../statistics/random.ts';
import { type Calibration, calibrate, type Labels, voteProbabilities } from '../labels/index.ts';
import { findNeighbours, type Neighbours, type Progress } from '../neighbours/index.ts';
import type { Matrix } from '../types.ts';
import { createFeaturiser, type Featuriser, featuresOf } from './features.ts';
import type { Pixels } from './pixels.ts';

/** No class is less probable than this, however a picture looks. */
const LEAST = 0.003;
/** Multiplications that one look at changed pictures may take, and the fewest pictures it compares with. */
const MOST_WORK = 6e9;
const FEWEST_REFERENCES = 2000;
const MOST_REFERENCES = 5000;
/** Neighbours that are known of each row, of which `k` vote. */
const KNOWN = 20;
const SLICE = 40_000_000;

/** What pictures look like, by the nearest other pictures. */
export interface Context {
  readonly featuriser: Featuriser;
  readonly k: number;
  readonly calibration: Calibration;
  /** Per row: probability of its given label, as its neighbours see it. */
  readonly expected: Float32Array;
  readonly seed: number;
  readonly neighbours: Neighbours;
  /** Share of all rows that each label has. */
  readonly shares: Float64Array;
}

export function* createContext(
  pixels: Pixels,
  labels: Labels,
  options: { readonly k: number; readonly seed: number },
): Generator<Progress, Context, void> {
  const featuriser = yield* createFeaturiser(pixels);
  const features = yield* featuresOf(featuriser, pixels.values, pixels.rows, pixels.size);
  const known = Math.min(pixels.rows - 1, Math.max(KNOWN, options.k));
  const neighbours = yield* findNeighbours(features, { k: known, seed: options.seed });
  const votes = voteProbabilities(neighbours, labels, { k: Math.min(options.k, neighbours.k) });
  const calibration = calibrate(votes, labels);
  const expected = Float32Array.from(labels.values, (label, row) =>
    Math.max(LEAST, calibration(votes.values[row * votes.classes + label] as number)),
  );
  const shares = new Float64Array(labels.names.length);
  for (const label of labels.values) shares[label] = (shares[label] as number) + 1 / pixels.rows;
  return { featuriser, ...options, calibration, expected, neighbours, shares };
}

/** Changes a picture's bytes, a copy of row `row`. */
export type Change = (bytes: Uint8Array, row: number) => void;

export interface Asking {
  readonly target: number;
  readonly change: Change;
  /** Rows that are not heard, but where hardly any others are near: of those nobody else can tell. */
  readonly suspected: ReadonlySet<number>;
  /** Most rows among which neighbours are sought; 5,000 when absent. */
  readonly references?: number;
}

/** What a neighbour says. */
const ANOTHER = 0;
const TARGET = 1;
const SUSPECTED = 2;
/** Above this share of the votes suspected rows are heard. */
const MOST_UNHEARD = 0.7;

/**
 * Probability of the label `target` for each of `rows`, as their neighbours see it once all pictures have been changed:
 * a part blotted out, an overlay taken off. Neighbours are sought among at most as many rows, drawn by lot, as the time allows.
 */
export function* expectedAfter(
  { context, pixels, labels }: { context: Context; pixels: Pixels; labels: Labels },
  rows: Int32Array,
  { target, change, suspected, references: limit = MOST_REFERENCES }: Asking,
): Generator<Progress, Float32Array, void> {
  const { featuriser, k } = context;
  const references = referencesOf(context, pixels.rows, { asked: rows.length, limit });
  const seen = yield* changedFeatures(featuriser, pixels, references, change);
  const asked = yield* changedFeatures(featuriser, pixels, rows, change);
  const share = context.shares[target] as number;
  const result = new Float32Array(rows.length);
  const nearest = new Float64Array(k);
  const votes = new Uint8Array(k);
  const voteOf = (row: number): number => {
    if (labels.values[row] !== target) return ANOTHER;
    return suspected.has(row) ? SUSPECTED : TARGET;
  };
  let work = 0;
  for (let at = 0; at < rows.length; at++) {
    const own = lineOf(asked, at);
    nearest.fill(Number.POSITIVE_INFINITY);
    votes.fill(0);
    for (let other = 0; other < references.length; other++) {
      const reference = references[other] as number;
      if (reference === rows[at]) continue;
      const square = squareWithin(own, lineOf(seen, other), nearest[k - 1] as number);
      if (square < (nearest[k - 1] as number)) insert(nearest, votes, square, voteOf(reference));
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
  const sums = new Float64Array(3);
  for (let at = 0; at < nearest.length && Number.isFinite(nearest[at]); at++) {
    const part = furthest > 0 ? Math.sqrt(nearest[at] as number) / furthest : 0;
    const vote = votes[at] as number;
    sums[vote] = (sums[vote] as number) + Math.exp(-0.5 * part * part);
  }
  const [others, target, suspected] = sums as unknown as [number, number, number];
  const heard = others + target;
  const all = heard + suspected;
  if (suspected > MOST_UNHEARD * all) return (share + target + suspected) / (1 + all);
  return (share + target) / (1 + heard);
}

function referencesOf(
  { featuriser, seed }: Context,
  rows: number,
  { asked, limit }: { asked: number; limit: number },
): Int32Array {
  const most = Math.max(FEWEST_REFERENCES, Math.floor(MOST_WORK / (featuriser.columns * Math.max(1, asked))));
  const all = Int32Array.from({ length: rows }, (_, row) => row);
  const count = Math.min(most, limit);
  return count >= rows ? all : createRandom(seed).shuffle(all).slice(0, count).sort();
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
