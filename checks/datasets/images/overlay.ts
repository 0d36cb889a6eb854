import { principal } from '../activations/index.ts';
import type { Progress } from '../neighbours/index.ts';
import { type Candidate, createBest, mixtureOf, strengthOf } from './candidates.ts';
import { FEWEST_ROWS, type Judged, LEAST_MIXTURE } from './groups.ts';
import type { Pixels } from './pixels.ts';

/** Rows of a class that are looked at, and directions of each class. */
const MOST_CLASS_ROWS = 2500;
const DIRECTIONS = 3;
/** Numbers of a picture above which overlays are not sought. */
const MOST_SIZE = 12_288;
const MARGIN = 10;
const CLIP = 4;
/** Parts of the way from the middle of all rows to a heap in which a valley must lie, and how few rows it may have. */
const VALLEY = [0.4, 0.75] as const;
const VALLEY_SHARE = 0.1;
/** Least distance of the heap from the middle, in standard deviations of all rows as their median absolute deviation gives them. */
const LEAST_DEVIATIONS = 5;
const SLICE_ROWS = 400;

/**
 * Overlays: per class the strongest directions of variance, in cosine coefficients of equal variance each (natural
 * pictures are nearly decorrelated there), and the rows furthest along each. The spectral signature of Tran et al. (2018)
 * in coordinates that show an overlay, judged by labels and looks. O(n · d · (side + directions)).
 */
export function* searchOverlays(
  pixels: Pixels,
  judged: Judged,
  classes: number,
): Generator<Progress, readonly Candidate[], void> {
  if (pixels.size > MOST_SIZE) return [];
  const waves = yield* createWaves(pixels);
  const best = createBest(50);
  for (let label = 0; label < classes; label++) {
    const rows = rowsOf(judged.labels, label);
    if (rows.length < 4 * FEWEST_ROWS) continue;
    const values = new Float32Array(rows.length * pixels.size);
    for (let at = 0; at < rows.length; at++) {
      waves.into(rows[at] as number, values, at * pixels.size);
      if (at % SLICE_ROWS === SLICE_ROWS - 1) yield { stage: 'overlays', done: label, total: classes };
    }
    const matrix = { rows: rows.length, columns: pixels.size, values };
    const found = yield* principal(matrix, { count: DIRECTIONS, seed: label, rounds: 12 });
    for (let c = 0; c < found.count; c++) {
      const direction = found.directions.subarray(c * pixels.size, (c + 1) * pixels.size);
      const along = yield* waves.along(direction);
      for (const sign of [1, -1]) {
        const candidate = furthest(along, sign, label, judged);
        if (candidate !== null) best.offer(candidate.strength, () => candidate);
      }
    }
  }
  const least = Math.log(classes * DIRECTIONS * 2 * pixels.rows) + MARGIN;
  return best.list().filter(({ strength }) => strength >= least);
}

function rowsOf(labels: Int32Array, label: number): Int32Array {
  const rows = Int32Array.from(labels.keys()).filter((row) => labels[row] === label);
  const stride = Math.ceil(rows.length / MOST_CLASS_ROWS);
  return rows.filter((_, at) => at % stride === 0);
}

/** The strongest group of rows furthest along a direction. O(n log n). */
function furthest(along: Float32Array, sign: number, label: number, judged: Judged): Candidate | null {
  const order = Int32Array.from(along.keys()).sort(
    (a, b) => sign * ((along[b] as number) - (along[a] as number)),
  );
  let [labelled, expected, bestStrength, bestEnd] = [0, 0, 0, 0];
  const most = Math.floor(order.length / 2);
  for (let end = 1; end <= most; end++) {
    const row = order[end - 1] as number;
    if (judged.labels[row] === label) {
      labelled++;
      expected += judged.expected[row] as number;
    }
    if (labelled < FEWEST_ROWS) continue;
    const tally = { sharing: end, labelled, expected };
    if (mixtureOf(tally) < LEAST_MIXTURE) continue;
    const strength = strengthOf(tally);
    if (strength > bestStrength) [bestStrength, bestEnd] = [strength, end];
  }
  if (bestEnd === 0 || !standsApart(along, order, bestEnd)) return null;
  const rows = order
    .subarray(0, bestEnd)
    .filter((row) => judged.labels[row] === label)
    .sort();
  return { label, rows, sharing: bestEnd, strength: bestStrength, box: null, kind: 'overlay' };
}

/**
 * Whether the first `end` rows are a heap of their own: fewer rows lie half-way to the middle of all than in it. The
 * tail of one heap thins out instead, so it has more.
 */
function standsApart(along: Float32Array, order: Int32Array, end: number): boolean {
  const middle = along[order[order.length >> 1] as number] as number;
  const far = (along[order[end >> 1] as number] as number) - middle;
  const away = along.map((value) => Math.abs(value - middle)).sort();
  if (Math.abs(far) < LEAST_DEVIATIONS * 1.4826 * (away[away.length >> 1] as number)) return false;
  let between = 0;
  for (let at = 0; at < order.length >> 1; at++) {
    const part = ((along[order[at] as number] as number) - middle) / far;
    if (part >= VALLEY[0] && part < VALLEY[1]) between++;
  }
  return between < VALLEY_SHARE * end;
}

interface Waves {
  /** Writes the standardised coefficients of a row. */
  readonly into: (row: number, to: Float32Array, at: number) => void;
  /** Every row's coordinate along a direction of coefficients. */
  readonly along: (direction: Float64Array) => Generator<Progress, Float32Array, void>;
}

/** Discrete cosine transform (type II, orthonormal) of each channel, each coefficient with mean 0 and variance 1. */
function* createWaves(pixels: Pixels): Generator<Progress, Waves, void> {
  const { size, rows } = pixels;
  const transform = createTransform(pixels);
  const [sum, squares] = [new Float64Array(size), new Float64Array(size)];
  const line = new Float64Array(size);
  const stride = Math.ceil(rows / 4000);
  let count = 0;
  for (let row = 0; row < rows; row += stride, count++) {
    transform.into(row, line);
    for (let p = 0; p < size; p++) {
      const value = line[p] as number;
      sum[p] = (sum[p] as number) + value;
      squares[p] = (squares[p] as number) + value * value;
    }
    if (count % SLICE_ROWS === SLICE_ROWS - 1) yield { stage: 'overlays', done: row, total: rows };
  }
  const mean = sum.map((value) => value / count);
  const spread = squares.map((value, p) =>
    Math.sqrt(Math.max(0.05, value / count - (mean[p] as number) ** 2)),
  );
  const standard = (value: number, p: number): number =>
    Math.max(-CLIP, Math.min(CLIP, (value - (mean[p] as number)) / (spread[p] as number)));
  return {
    into: (row, to, at) => {
      transform.into(row, line);
      for (let p = 0; p < size; p++) to[at + p] = standard(line[p] as number, p);
    },
    along: function* (direction) {
      const filter = transform.back(direction.map((value, p) => value / (spread[p] as number)));
      const result = new Float32Array(rows);
      for (let row = 0; row < rows; row++) {
        let along = 0;
        for (let p = 0, at = row * size; p < size; p++, at++)
          along += (pixels.values[at] as number) * (filter[p] as number);
        result[row] = along;
        if (row % 4000 === 3999) yield { stage: 'overlays', done: row, total: rows };
      }
      return result;
    },
  };
}

interface Transform {
  readonly into: (row: number, to: Float64Array) => void;
  /** The numbers of a picture whose product with a picture is that of these coefficients with its coefficients. */
  readonly back: (coefficients: Float64Array) => Float64Array;
}

function createTransform({ height, width, channels, size, values }: Pixels): Transform {
  const [down, across] = [cosines(height), cosines(width)];
  const half = new Float64Array(height * width);
  const into: Transform['into'] = (row, to) => {
    for (let channel = 0; channel < channels; channel++) {
      for (let y = 0; y < height; y++)
        for (let u = 0; u < width; u++) {
          let sum = 0;
          for (let x = 0, at = row * size + y * width * channels + channel; x < width; x++, at += channels)
            sum += (values[at] as number) * (across[u * width + x] as number);
          half[u * height + y] = sum;
        }
      for (let u = 0; u < width; u++)
        for (let v = 0; v < height; v++) {
          let sum = 0;
          for (let y = 0; y < height; y++)
            sum += (half[u * height + y] as number) * (down[v * height + y] as number);
          to[(channel * height + v) * width + u] = sum;
        }
    }
  };
  const back: Transform['back'] = (coefficients) => {
    const result = new Float64Array(size);
    for (let channel = 0; channel < channels; channel++) {
      half.fill(0);
      for (let v = 0; v < height; v++)
        for (let u = 0; u < width; u++) {
          const value = coefficients[(channel * height + v) * width + u] as number;
          for (let y = 0; y < height; y++)
            half[u * height + y] =
              (half[u * height + y] as number) + value * (down[v * height + y] as number);
        }
      for (let u = 0; u < width; u++)
        for (let y = 0; y < height; y++) {
          const value = half[u * height + y] as number;
          for (let x = 0; x < width; x++) {
            const at = (y * width + x) * channels + channel;
            result[at] = (result[at] as number) + value * (across[u * width + x] as number);
          }
        }
    }
    return result;
  };
  return { into, back };
}

function cosines(side: number): Float64Array {
  return Float64Array.from({ length: side * side }, (_, at) => {
    const [wave, place] = [Math.floor(at / side), at % side];
    return Math.sqrt((wave === 0 ? 1 : 2) / side) * Math.cos((Math.PI * wave * (2 * place + 1)) / (2 * side));
  });
}
