import type { Progress } from '../neighbours/index.ts';
import type { Pixels } from './pixels.ts';

const CLIP = 4;
/** Rows taken evenly from which means and variances are found. */
const MEASURED_ROWS = 4000;
const SLICE_ROWS = 400;

/** A direction in standardised coefficients, as numbers of a picture. */
export interface Filter {
  /** Its product with a picture is the picture's coordinate along the direction, but for a constant. */
  readonly measure: Float32Array;
  /** What is taken off a picture for each unit of the coordinate, so that none of it is left. */
  readonly show: Float32Array;
}

/** Coefficients of pictures, each with mean 0 and variance 1 over all of them. */
export interface Waves {
  /** Writes the standardised coefficients of a row, cut at ±4. */
  readonly into: (row: number, to: Float32Array, at: number) => void;
  /** The standardised coefficients of the mean of some rows. */
  readonly meanOf: (rows: Int32Array) => Float64Array;
  readonly filter: (direction: Float64Array) => Filter;
  /** Every row's coordinate. */
  readonly along: (filter: Filter) => Generator<Progress, Float32Array, void>;
}

/** Discrete cosine transform (type II, orthonormal) of each channel, standardised. */
export function* createWaves(pixels: Pixels): Generator<Progress, Waves, void> {
  const { size, values } = pixels;
  const transform = createTransform(pixels);
  const line = new Float64Array(size);
  const { mean, spread } = yield* measured(pixels, transform);
  const into: Waves['into'] = (row, to, at) => {
    transform.into(values, row * size, line);
    for (let p = 0; p < size; p++) {
      const value = ((line[p] as number) - (mean[p] as number)) / (spread[p] as number);
      to[at + p] = value > CLIP ? CLIP : value < -CLIP ? -CLIP : value;
    }
  };
  const meanOf: Waves['meanOf'] = (some) => {
    const picture = new Float64Array(size);
    for (const row of some)
      for (let p = 0, at = row * size; p < size; p++, at++)
        picture[p] = (picture[p] as number) + (values[at] as number) / some.length;
    transform.into(picture, 0, line);
    return line.map((value, p) => (value - (mean[p] as number)) / (spread[p] as number));
  };
  const filter: Waves['filter'] = (direction) => {
    const length = Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0));
    const unit = direction.map((value) => (length > 0 ? value / length : 0));
    return {
      measure: Float32Array.from(transform.back(unit.map((value, p) => value / (spread[p] as number)))),
      show: Float32Array.from(transform.back(unit.map((value, p) => value * (spread[p] as number)))),
    };
  };
  return { into, meanOf, filter, along: (made) => alongOf(pixels, made) };
}

function* alongOf(
  { rows, size, values }: Pixels,
  { measure }: Filter,
): Generator<Progress, Float32Array, void> {
  const result = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    result[row] = coordinate(values, row * size, measure);
    if (row % 4000 === 3999) yield { stage: 'overlays', done: row, total: rows };
  }
  return result;
}

/** The product of a picture, its bytes from `at` on, with the numbers of a filter. */
export function coordinate(values: Uint8Array, at: number, measure: Float32Array): number {
  let sum = 0;
  for (let p = 0; p < measure.length; p++) sum += (values[at + p] as number) * (measure[p] as number);
  return sum;
}

function* measured(
  { rows, size, values }: Pixels,
  transform: Transform,
): Generator<Progress, { mean: Float64Array; spread: Float64Array }, void> {
  const [sum, squares, line] = [0, 0, 0].map(() => new Float64Array(size)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const stride = Math.ceil(rows / MEASURED_ROWS);
  let count = 0;
  for (let row = 0; row < rows; row += stride, count++) {
    transform.into(values, row * size, line);
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
  return { mean, spread };
}

interface Transform {
  readonly into: (values: ArrayLike<number>, from: number, to: Float64Array) => void;
  /** The numbers of a picture whose product with a picture is that of these coefficients with its coefficients. */
  readonly back: (coefficients: Float64Array) => Float64Array;
}

function createTransform({ height, width, channels, size }: Pixels): Transform {
  const [down, across] = [cosines(height), cosines(width)];
  const half = new Float64Array(height * width);
  const into: Transform['into'] = (values, from, to) => {
    for (let channel = 0; channel < channels; channel++) {
      for (let y = 0; y < height; y++)
        for (let u = 0; u < width; u++) {
          let sum = 0;
          for (let x = 0, at = from + y * width * channels + channel; x < width; x++, at += channels)
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
