import { type Principal, principal } from '../activations/index.ts';
import { finish, type Progress } from '../neighbours/index.ts';
import type { Images, Matrix } from '../types.ts';
import { type Description, description } from './describe.ts';
import { type Pixels, pixelsOf } from './pixels.ts';
import type { ImageFeatures } from './types.ts';

export const FEATURE_COLUMNS = 64;
/** Rows taken evenly from which the principal components are found. */
const BASIS_ROWS = 4000;
const SLICE_ROWS = 500;

/** How pictures become features; the same for pictures that were changed. */
export interface Featuriser {
  readonly columns: number;
  readonly described: Description;
  readonly basis: Principal;
}

/**
 * At most 64 numbers for each picture; Euclidean distances between them follow shape and colour. 60,000 × 28 × 28 take
 * some 15 s, memory O(n · 64) beside the pictures. DatasetInputError as `pixelsOf`.
 */
export const imageFeatureSteps: ImageFeatures = function* (images) {
  const pixels = pixelsOf(images);
  const featuriser = yield* createFeaturiser(pixels);
  return yield* featuresOf(featuriser, pixels.values, pixels.rows, pixels.size);
};

/** As `imageFeatureSteps`, at once. */
export const imageFeatures = (images: Images): Matrix => finish(imageFeatureSteps(images));

export function* createFeaturiser(pixels: Pixels): Generator<Progress, Featuriser, void> {
  const described = description(pixels);
  const stride = Math.max(1, Math.ceil(pixels.rows / BASIS_ROWS));
  const rows = Math.ceil(pixels.rows / stride);
  const values = new Float32Array(rows * described.length);
  for (let at = 0; at < rows; at++) {
    described.describe(pixels.values, at * stride * pixels.size, values, at * described.length);
    if (at % SLICE_ROWS === SLICE_ROWS - 1) yield { stage: 'features', done: at, total: rows };
  }
  const basis = yield* principal(
    { rows, columns: described.length, values },
    { count: FEATURE_COLUMNS, seed: 1 },
  );
  return { columns: basis.count, described, basis };
}

/** Features of `rows` pictures whose bytes are these. */
export function* featuresOf(
  { columns, described, basis }: Featuriser,
  bytes: Uint8Array,
  rows: number,
  size: number,
): Generator<Progress, Matrix, void> {
  const values = new Float32Array(rows * columns);
  const line = new Float32Array(described.length);
  for (let row = 0; row < rows; row++) {
    described.describe(bytes, row * size, line, 0);
    place(basis, line, values, row * columns);
    if (row % SLICE_ROWS === SLICE_ROWS - 1) yield { stage: 'features', done: row, total: rows };
  }
  return { rows, columns, values };
}

/** Coordinates of a description along the principal directions, into `into` from `to` on; takes the mean off `line`. */
function place(
  { mean, directions, count }: Principal,
  line: Float32Array,
  into: Float32Array,
  to: number,
): void {
  const length = line.length;
  for (let d = 0; d < length; d++) line[d] = (line[d] as number) - (mean[d] as number);
  const whole = length - (length % 4);
  for (let c = 0, at = 0; c < count; c++, at += length) {
    let [a, b, e, f] = [0, 0, 0, 0];
    for (let d = 0; d < whole; d += 4) {
      a += (line[d] as number) * (directions[at + d] as number);
      b += (line[d + 1] as number) * (directions[at + d + 1] as number);
      e += (line[d + 2] as number) * (directions[at + d + 2] as number);
      f += (line[d + 3] as number) * (directions[at + d + 3] as number);
    }
    for (let d = whole; d < length; d++) a += (line[d] as number) * (directions[at + d] as number);
    into[to + c] = a + b + (e + f);
  }
}
