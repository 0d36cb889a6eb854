import type { Numbers } from './dtypes.ts';

/** Counts and central moments of what was added so far; sums over finite numbers. */
export interface Moments {
  nan: number;
  infinite: number;
  zeros: number;
  finite: number;
  min: number;
  max: number;
  mean: number;
  /** Sums of powers of the deviations from the mean. */
  m2: number;
  m3: number;
  m4: number;
  squares: number;
}

export function emptyMoments(): Moments {
  return {
    nan: 0,
    infinite: 0,
    zeros: 0,
    finite: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    mean: 0,
    m2: 0,
    m3: 0,
    m4: 0,
    squares: 0,
  };
}

/** Numbers that stay in the first cache while they are looked at twice. */
export const BLOCK = 8192;

/** Adds numbers in blocks: two passes over each, then merged. */
export function addNumbers(moments: Moments, values: Numbers): void {
  for (let at = 0; at < values.length; at += BLOCK)
    addBlock(moments, values, at, Math.min(values.length, at + BLOCK));
}

const scratch = new Float64Array(BLOCK);

function addBlock(moments: Moments, values: Numbers, from: number, to: number): void {
  let sum = 0;
  let sum2 = 0;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let zeros = 0;
  for (let index = from; index < to; index += 1) {
    const value = values[index] as number;
    sum += value;
    sum2 += value * value;
    if (value < low) low = value;
    if (value > high) high = value;
    zeros += value === 0 ? 1 : 0;
  }
  if (!Number.isFinite(sum)) {
    addOdd(moments, values, from, to);
    return;
  }
  const count = to - from;
  const mean = sum / count;
  let m2 = 0;
  let m3 = 0;
  let m4 = 0;
  for (let index = from; index < to; index += 1) {
    const d = (values[index] as number) - mean;
    const square = d * d;
    m2 += square;
    m3 += square * d;
    m4 += square * square;
  }
  moments.zeros += zeros;
  moments.min = Math.min(moments.min, low);
  moments.max = Math.max(moments.max, high);
  moments.squares += sum2;
  merge(moments, { count, mean, m2, m3, m4 });
}

/** A block with NaN, infinity or a sum that overflows: what is finite is taken out first. */
function addOdd(moments: Moments, values: Numbers, from: number, to: number): void {
  let count = 0;
  for (let index = from; index < to; index += 1) {
    const value = values[index] as number;
    if (Number.isFinite(value)) {
      scratch[count] = value;
      count += 1;
    } else if (Number.isNaN(value)) moments.nan += 1;
    else moments.infinite += 1;
  }
  if (count === 0) return;
  const finite = scratch.subarray(0, count);
  const mean = finite.reduce((sum, value) => sum + value / count, 0);
  let [m2, m3, m4] = [0, 0, 0];
  for (const value of finite) {
    const d = value - mean;
    m2 += d * d;
    m3 += d * d * d;
    m4 += d * d * d * d;
    moments.squares += value * value;
    moments.zeros += value === 0 ? 1 : 0;
    moments.min = Math.min(moments.min, value);
    moments.max = Math.max(moments.max, value);
  }
  merge(moments, { count, mean, m2, m3, m4 });
}

interface Part {
  readonly count: number;
  readonly mean: number;
  readonly m2: number;
  readonly m3: number;
  readonly m4: number;
}

/** Pébay, "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical moments" (2008), eq. 1.5 and 3.1. */
function merge(a: Moments, b: Part): void {
  if (a.finite === 0) {
    a.finite = b.count;
    a.mean = b.mean;
    a.m2 = b.m2;
    a.m3 = b.m3;
    a.m4 = b.m4;
    return;
  }
  const [na, nb] = [a.finite, b.count];
  const n = na + nb;
  const delta = b.mean - a.mean;
  const dn = delta / n;
  a.m4 +=
    b.m4 +
    delta * dn * dn * dn * na * nb * (na * na - na * nb + nb * nb) +
    6 * dn * dn * (na * na * b.m2 + nb * nb * a.m2) +
    4 * dn * (na * b.m3 - nb * a.m3);
  a.m3 += b.m3 + delta * dn * dn * na * nb * (na - nb) + 3 * dn * (na * b.m2 - nb * a.m2);
  a.m2 += b.m2 + delta * dn * na * nb;
  a.mean += dn * nb;
  a.finite = n;
}
