import { createRandom, type Random } from '../../statistics/random.ts';
import { DatasetInputError, type Matrix } from '../types.ts';
import { splitHeaps } from './heaps.ts';
import { classesOf } from './input.ts';
import { principal, project } from './principal.ts';
import { type ClassVerdict, outcomeOf } from './report.ts';
import { ACTIVATION_CLUSTERS, type ActivationClustering } from './types.ts';

const STARTS = 4;
const ROUNDS = 40;
/** Rows of a class from which the silhouette is measured. */
const SILHOUETTE_ROWS = 800;
const MOST_BY_RANK = 0.3;

/**
 * O(rows · columns² + class rows · components · 160). Beside the authors' two limits the clusters must be two heaps with a
 * valley between along the line of their middles: two means also split a class that is one heap.
 */
export const activationClustering: ActivationClustering = function* (activations, labels, options = {}) {
  const { components = 10, smallest = 0.35, silhouette = 0.1, seed = 0 } = options;
  if (!Number.isInteger(components) || components < 1 || components > 100)
    throw new DatasetInputError(`Components are 1 to 100, not ${String(components)}.`);
  if (!(smallest >= 0 && smallest <= 0.5) || !(silhouette >= -1 && silhouette <= 1))
    throw new DatasetInputError('The smallest share is 0 to .5 and the silhouette −1 to 1.');
  const random = createRandom(seed);
  const verdicts: ClassVerdict[] = [];
  for (const { label, rows } of classesOf(activations, labels)) {
    yield { stage: 'activation clusters', done: label, total: labels.names.length };
    const kept = yield* principal(activations, { count: components, seed, rows });
    const values = new Float64Array(rows.length * kept.count);
    rows.forEach((row, at) => {
      project(kept, { values: activations.values, at: row * activations.columns }, values, at * kept.count);
    });
    const points = { rows: rows.length, columns: kept.count, values };
    verdicts.push(verdictOf({ label, rows, points, smallest, silhouette }, random));
  }
  return outcomeOf(verdicts, labels, {
    check: ACTIVATION_CLUSTERS,
    title: (name) => `A small cluster of activations in “${name}”`,
    reason: 'in a small cluster apart from the rest of the class',
  });
};

interface ClassPoints {
  readonly label: number;
  readonly rows: Int32Array;
  readonly points: Matrix;
  readonly smallest: number;
  readonly silhouette: number;
}

function verdictOf({ label, rows, points, smallest, silhouette }: ClassPoints, random: Random): ClassVerdict {
  const { sides, centres } = twoMeans(points, random);
  const ones = sides.reduce((sum, side) => sum + side, 0);
  const share = Math.min(ones, rows.length - ones) / rows.length;
  const measured = silhouetteOf(points, sides, random);
  const along = alongCentres(points, centres);
  const heaps = splitHeaps(along);
  const apart =
    share > 0 && share < smallest && measured > silhouette && heaps.apart && heaps.share < smallest;
  const certainties = heaps.certainties.map((value) =>
    apart ? value : MOST_BY_RANK * value * Math.max(0, measured),
  );
  const evidence = {
    share: Number(share.toPrecision(3)),
    silhouette: Number(measured.toPrecision(3)),
    distanceInDeviations: Number(heaps.distance.toPrecision(3)),
  };
  return { label, rows, certainties: Float32Array.from(certainties), evidence };
}

interface Split {
  readonly sides: Uint8Array;
  /** Two centres, one after the other. */
  readonly centres: Float64Array;
}

/** Lloyd's algorithm with k-means++ starts (Arthur and Vassilvitskii, SODA 2007); the best of four. */
function twoMeans(points: Matrix, random: Random): Split {
  let [best, least]: [Split | null, number] = [null, Number.POSITIVE_INFINITY];
  for (let start = 0; start < STARTS; start++) {
    const centres = startCentres(points, random);
    const sides = new Uint8Array(points.rows);
    let loss = assign(points, centres, sides);
    for (let round = 0; round < ROUNDS; round++) {
      recentre(points, centres, sides);
      const next = assign(points, centres, sides);
      if (next >= loss) break;
      loss = next;
    }
    if (best === null || loss < least) [best, least] = [{ sides, centres }, loss];
  }
  return best as Split;
}

function squareTo({ columns, values }: Matrix, row: number, to: ArrayLike<number>, at: number): number {
  let sum = 0;
  for (let c = 0; c < columns; c++)
    sum += ((values[row * columns + c] as number) - (to[at + c] as number)) ** 2;
  return sum;
}

function startCentres(points: Matrix, random: Random): Float64Array {
  const { rows, columns, values } = points;
  const centres = new Float64Array(2 * columns);
  const first = random.integer(rows) * columns;
  centres.set(values.subarray(first, first + columns));
  const squares = Float64Array.from({ length: rows }, (_, row) => squareTo(points, row, centres, 0));
  let left = random.next() * squares.reduce((sum, square) => sum + square, 0);
  let second = 0;
  for (; second < rows - 1 && left >= (squares[second] as number); second++)
    left -= squares[second] as number;
  centres.set(values.subarray(second * columns, (second + 1) * columns), columns);
  return centres;
}

function assign(points: Matrix, centres: Float64Array, sides: Uint8Array): number {
  let loss = 0;
  for (let row = 0; row < points.rows; row++) {
    const [zero, one] = [squareTo(points, row, centres, 0), squareTo(points, row, centres, points.columns)];
    sides[row] = Number(one < zero);
    loss += Math.min(zero, one);
  }
  return loss;
}

function recentre({ rows, columns, values }: Matrix, centres: Float64Array, sides: Uint8Array): void {
  const ones = sides.reduce((sum, side) => sum + side, 0);
  if (ones === 0 || ones === rows) return;
  centres.fill(0);
  for (let row = 0; row < rows; row++) {
    const at = (sides[row] as number) * columns;
    const weight = 1 / (sides[row] === 1 ? ones : rows - ones);
    for (let c = 0; c < columns; c++)
      centres[at + c] = (centres[at + c] as number) + weight * (values[row * columns + c] as number);
  }
}

/** Mean silhouette (Rousseeuw, 1987) of rows drawn by lot. O(sample²). */
function silhouetteOf(points: Matrix, sides: Uint8Array, random: Random): number {
  const sample = random.shuffle(Int32Array.from(sides.keys())).slice(0, SILHOUETTE_ROWS);
  let sum = 0;
  for (const row of sample) {
    const [distances, counts] = [[0, 0] as [number, number], [0, 0] as [number, number]];
    for (const other of sample) {
      if (other === row) continue;
      const side = sides[other] as 0 | 1;
      distances[side] += Math.sqrt(squareTo(points, row, points.values, other * points.columns));
      counts[side]++;
    }
    const own = sides[row] as 0 | 1;
    const [within, away] = [
      distances[own] / counts[own],
      distances[(1 - own) as 0 | 1] / counts[(1 - own) as 0 | 1],
    ];
    if (Number.isFinite(within) && Number.isFinite(away) && Math.max(within, away) > 0)
      sum += (away - within) / Math.max(within, away);
  }
  return sum / Math.max(1, sample.length);
}

function alongCentres(points: Matrix, centres: Float64Array): Float64Array {
  const { rows, columns, values } = points;
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let c = 0; c < columns; c++)
      sum +=
        (values[row * columns + c] as number) * ((centres[columns + c] as number) - (centres[c] as number));
    return sum;
  });
}
