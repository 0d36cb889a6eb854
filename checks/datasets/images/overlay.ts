import { createRandom } from '../../statistics/random.ts';
import type { Progress } from '../neighbours/index.ts';
import { type Candidate, createBest, mixtureOf, strengthOf } from './candidates.ts';
import { FEWEST_ROWS, LEAST_MIXTURE } from './groups.ts';
import type { Pixels } from './pixels.ts';
import { createWaves, type Filter, type Waves } from './waves.ts';

/** Rows of a class that are looked at, and directions of each class. */
const MOST_CLASS_ROWS = 2500;
const DIRECTIONS = 3;
const ROUNDS = 12;
/** Numbers of a picture above which overlays are not sought. */
export const MOST_OVERLAY_SIZE = 12_288;
const MARGIN = 10;
/** Parts of the way from the middle of all rows to a heap in which a valley must lie, and how few rows it may have. */
const VALLEY = [0.4, 0.75] as const;
const VALLEY_SHARE = 0.1;
/** Least distance of the heap from the middle, in standard deviations of all rows as their median absolute deviation gives them. */
const LEAST_DEVIATIONS = 5;
const SLICE_ROWS = 400;

export interface Overlays {
  /** Heaps of rows with one label far along some direction, strongest first. */
  readonly search: () => Generator<Progress, readonly Candidate[], void>;
  /** The heap that lies in the direction of these rows; null where they are none. */
  readonly heapAt: (rows: Int32Array, label: number) => Generator<Progress, Candidate | null, void>;
}

/**
 * Overlays: per class the strongest directions of variance, in cosine coefficients of equal variance each (natural
 * pictures are nearly decorrelated there), and the heap of rows furthest along each. The spectral signature of Tran et al.
 * (2018) in coordinates that show an overlay, judged by labels. O(n · d · (side + directions)).
 */
export function createOverlays(pixels: Pixels, labels: Int32Array, shares: Float64Array): Overlays {
  let known: Waves | null = null;
  function* waves(): Generator<Progress, Waves, void> {
    known ??= yield* createWaves(pixels);
    return known;
  }
  function* heapAt(rows: Int32Array, label: number): Generator<Progress, Candidate | null, void> {
    if (pixels.size > MOST_OVERLAY_SIZE || rows.length < FEWEST_ROWS) return null;
    const made = yield* waves();
    const filter = made.filter(made.meanOf(rows));
    return heapOf(yield* made.along(filter), filter, { label, labels, share: shares[label] as number });
  }
  function* search(): Generator<Progress, readonly Candidate[], void> {
    if (pixels.size > MOST_OVERLAY_SIZE) return [];
    const made = yield* waves();
    const best = createBest(50);
    for (let label = 0; label < shares.length; label++) {
      const share = shares[label] as number;
      for (const direction of yield* directionsOf(made, pixels, rowsOf(labels, label), label))
        for (const sign of [1, -1]) {
          const filter = made.filter(direction.map((value) => sign * value));
          const first = heapOf(yield* made.along(filter), filter, { label, labels, share });
          if (first === null) continue;
          const again = (yield* heapAt(first.rows, label)) ?? first;
          best.offer(again.strength, () => again);
        }
    }
    const least = Math.log(shares.length * DIRECTIONS * 2) + MARGIN;
    return best.list().filter(({ strength }) => strength >= least);
  }
  return { search, heapAt };
}

function rowsOf(labels: Int32Array, label: number): Int32Array {
  const rows = Int32Array.from(labels.keys()).filter((row) => labels[row] === label);
  const stride = Math.ceil(rows.length / MOST_CLASS_ROWS);
  return rows.filter((_, at) => at % stride === 0);
}

/** The strongest principal directions of the rows' coefficients, by iteration on the rows themselves. */
function* directionsOf(
  waves: Waves,
  { size }: Pixels,
  rows: Int32Array,
  seed: number,
): Generator<Progress, Float64Array[], void> {
  if (rows.length < 4 * FEWEST_ROWS) return [];
  const values = new Float32Array(rows.length * size);
  const mean = new Float64Array(size);
  for (let at = 0; at < rows.length; at++) {
    waves.into(rows[at] as number, values, at * size);
    for (let p = 0; p < size; p++)
      mean[p] = (mean[p] as number) + (values[at * size + p] as number) / rows.length;
    if (at % SLICE_ROWS === SLICE_ROWS - 1) yield { stage: 'overlays', done: at, total: rows.length };
  }
  for (let at = 0; at < values.length; at++)
    values[at] = (values[at] as number) - (mean[at % size] as number);
  const random = createRandom(seed);
  let basis: Float64Array[] = Array.from({ length: DIRECTIONS }, () =>
    Float64Array.from(mean, () => random.normal()),
  );
  for (let round = 0; round < ROUNDS; round++) {
    basis = basis.map((direction) => multiplied(values, direction));
    for (let c = 0; c < basis.length; c++) straighten(basis, c);
    yield { stage: 'overlays', done: round, total: ROUNDS };
  }
  return basis;
}

/** Xᵀ X v. O(rows · size). */
function multiplied(values: Float32Array, direction: Float64Array): Float64Array {
  const size = direction.length;
  const result = new Float64Array(size);
  for (let from = 0; from < values.length; from += size) {
    let along = 0;
    for (let p = 0; p < size; p++) along += (values[from + p] as number) * (direction[p] as number);
    for (let p = 0; p < size; p++) result[p] = (result[p] as number) + along * (values[from + p] as number);
  }
  return result;
}

/** Makes the c-th direction of length 1 and orthogonal to those before it. */
function straighten(basis: readonly Float64Array[], c: number): void {
  const own = basis[c] as Float64Array;
  for (const other of basis.slice(0, c)) {
    let along = 0;
    for (let p = 0; p < own.length; p++) along += (own[p] as number) * (other[p] as number);
    for (let p = 0; p < own.length; p++) own[p] = (own[p] as number) - along * (other[p] as number);
  }
  const length = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0));
  for (let p = 0; p < own.length; p++) own[p] = length > 1e-150 ? (own[p] as number) / length : 0;
}

interface Asked {
  readonly label: number;
  readonly labels: Int32Array;
  /** Share of all rows with the label. */
  readonly share: number;
}

/** The strongest heap of rows far along a direction that is of one label and apart from the rest. O(n log n). */
function heapOf(along: Float32Array, filter: Filter, { label, labels, share }: Asked): Candidate | null {
  const order = Int32Array.from(along.keys()).sort((a, b) => (along[b] as number) - (along[a] as number));
  const sorted = Float32Array.from(order, (row) => along[row] as number);
  const middle = sorted[sorted.length >> 1] as number;
  const away = sorted.map((value) => Math.abs(value - middle)).sort();
  const deviation = Math.max(1e-6, 1.4826 * (away[away.length >> 1] as number));
  const labelledTo = new Int32Array(order.length + 1);
  order.forEach((row, at) => {
    labelledTo[at + 1] = (labelledTo[at] as number) + Number(labels[row] === label);
  });
  let [strongest, bestEnd] = [0, 0];
  for (let at = FEWEST_ROWS >> 1; at < order.length >> 1; at = Math.max(at + 1, Math.floor(at * 1.15))) {
    const far = (sorted[at] as number) - middle;
    if (far < LEAST_DEVIATIONS * deviation) break;
    const end = countAbove(sorted, middle + VALLEY[1] * far);
    const between = countAbove(sorted, middle + VALLEY[0] * far) - end;
    const labelled = labelledTo[end] as number;
    if (labelled < FEWEST_ROWS || between >= VALLEY_SHARE * end) continue;
    const tally = { sharing: end, labelled, expected: labelled * share };
    if (mixtureOf(tally) < LEAST_MIXTURE) continue;
    const strength = strengthOf(tally);
    if (strength > strongest) [strongest, bestEnd] = [strength, end];
  }
  if (bestEnd === 0) return null;
  const members = order.slice(0, bestEnd).sort();
  return {
    label,
    rows: members.filter((row) => labels[row] === label),
    sharing: bestEnd,
    strength: strongest,
    box: null,
    kind: 'overlay',
    members,
    filter,
  };
}

/** How many of the numbers, largest first, are at least `least`. */
function countAbove(sorted: Float32Array, least: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) >= least) low = middle + 1;
    else high = middle;
  }
  return low;
}
