import { fft } from './fft.ts';
import type { Losses } from './losses.ts';

/** Unit roundoff of doubles. */
const ROUNDOFF = 2 ** -53;

/** ln Σ p e^{θ loss} of the finite losses. */
export function logMoment({ step, first, masses }: Losses, tilt: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let place = 0; place < masses.length; place++)
    if (masses[place])
      largest = Math.max(largest, Math.log(masses[place] as number) + tilt * (first + place) * step);
  let sum = 0;
  for (let place = 0; place < masses.length; place++)
    if (masses[place])
      sum += Math.exp(Math.log(masses[place] as number) + tilt * (first + place) * step - largest);
  return largest + Math.log(sum);
}

/** Mean and variance of a loss when weighted by e^{θ loss}. */
export function tilted(losses: Losses, tilt: number): { readonly mean: number; readonly variance: number } {
  const { step, first, masses } = losses;
  const log = logMoment(losses, tilt);
  let [mean, square] = [0, 0];
  for (let place = 0; place < masses.length; place++) {
    const loss = (first + place) * step;
    const weight = (masses[place] as number) * Math.exp(tilt * loss - log);
    mean += weight * loss;
    square += weight * loss * loss;
  }
  return { mean, variance: Math.max(0, square - mean * mean) };
}

/** Orders of Chernoff's bound for sums above the window, over the tilt: tails may be too heavy for the larger ones. */
const ORDERS = [1, 1.03, 1.1, 1.25, 1.5, 2, 3, 5];

/** Orders θ and the logarithm of the moment of the sum: P(sum > t) ≤ e^{moment − θt}. */
export const tailBounds = (losses: Losses, runs: number, tilt: number): (readonly [number, number])[] =>
  ORDERS.map((times) => [tilt * times, runs * logMoment(losses, tilt * times)]);

interface Composing {
  readonly runs: number;
  readonly tilt: number;
  /** Lowest sum of the window; sums below it count as too large. */
  readonly bottom: number;
  /** A power of two: the window has so many points. */
  readonly length: number;
}

/** An upper bound of δ for every ε from `lowest` on. */
export interface DeltaCurve {
  readonly lowest: number;
  readonly deltaAt: (epsilon: number) => number;
}

/**
 * δ of `runs` steps of these losses together, as an upper bound: the losses are weighted by e^{θ loss} (`tilt`), added
 * up `runs` times by Fourier transforms of length `length` (a power of two), and weighted back, which keeps the relative
 * precision of small δ. What each approximation could hide is added to δ: sums above the window (by Chernoff's bound), cut-off
 * losses, and rounding (by Cauchy and Schwarz from the L2 error of the transforms). Sums below the window come back at
 * its top, as larger losses. 32 bytes × length.
 */
export function compose(losses: Losses, options: Composing): DeltaCurve {
  const { runs, tilt, length, bottom } = options;
  const { step } = losses;
  const log = logMoment(losses, tilt);
  const base = Math.floor(bottom / step);
  const { sums, error } = power(losses, { ...options, log });
  const top = (base + length) * step;
  const above = Math.min(
    1,
    ...tailBounds(losses, runs, tilt).map(([at, moment]) => Math.exp(moment - at * top)),
  );
  // Σ over larger losses of e^{−θ(l − base)} p and of the same times e^{base − l}, from the top down.
  const [plain, shrunk] = [new Float64Array(length + 1), new Float64Array(length + 1)];
  for (let place = length - 1; place >= 0; place--) {
    const index = base + place;
    const mass = Math.max(0, sums[((index % length) + length) % length] as number);
    const weight = mass * Math.exp(-tilt * place * step);
    plain[place] = (plain[place + 1] as number) + weight;
    shrunk[place] = (shrunk[place + 1] as number) + weight * Math.exp(-place * step);
  }
  // Σ (e^{−θx}(1 − e^{−x}))² over the grid: at most the integral over the step, and the largest term twice.
  const weights = Math.sqrt(1 / (2 * tilt * (2 * tilt + 1) * (tilt + 1) * step) + 2);
  const deltaAt = (epsilon: number): number => {
    const place = Math.min(length, Math.max(0, Math.ceil(epsilon / step - base)));
    const rest = epsilon - base * step;
    const scale = Math.exp(runs * log - tilt * base * step);
    const inside = (plain[place] as number) - Math.exp(rest) * (shrunk[place] as number);
    const noise = Math.exp(runs * log - tilt * epsilon) * weights * error;
    const sum = scale * Math.max(0, inside) * (1 + 1e-9) + noise + above + runs * losses.infinite;
    return Math.min(1, sum);
  };
  return { lowest: base * step, deltaAt };
}

/** Distribution of the tilted sum, at sum index modulo `length`, and a bound of the error in L2. */
function power(
  { step, first, masses }: Losses,
  { runs, tilt, length, log }: { runs: number; tilt: number; length: number; log: number },
): { readonly sums: Float64Array; readonly error: number } {
  const [real, imaginary] = [new Float64Array(length), new Float64Array(length)];
  for (let place = 0; place < masses.length; place++) {
    const weight = (masses[place] as number) * Math.exp(tilt * (first + place) * step - log);
    (real[(((first + place) % length) + length) % length] as number) += weight;
  }
  const norm = (values: Float64Array): number => {
    let sum = 0;
    for (const value of values) sum += value * value;
    return Math.sqrt(sum);
  };
  const size = norm(real);
  fft(real, imaginary);
  let squares = 0;
  for (let k = 0; k < length; k++) {
    const x = real[k] as number;
    const y = imaginary[k] as number;
    const radius = Math.sqrt(x * x + y * y);
    // Rounding must not lift a radius of 1 above it, to the power of the runs.
    const grown = radius === 0 ? 0 : Math.exp(runs * Math.min(0, Math.log(radius)));
    const angle = runs * Math.atan2(y, x);
    real[k] = grown * Math.cos(angle);
    imaginary[k] = grown * Math.sin(angle);
    squares += grown * grown;
  }
  fft(real, imaginary, true);
  for (let k = 0; k < length; k++) (real[k] as number) /= length;
  const transform = 5 * ROUNDOFF * Math.log2(length);
  const spread = Math.sqrt(squares / length);
  return { sums: real, error: runs * transform * size + (8 * runs * ROUNDOFF + transform) * spread };
}
