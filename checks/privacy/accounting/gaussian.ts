import { PrivacyInputError } from '../types.ts';
import { erfc, logErfc, normalTail } from './special.ts';

/** What the tails and their difference may be off by, relatively and absolutely; δ is raised by it. */
const SLACK = 1e-13;

/**
 * Exact δ at ε of Gaussian noise of standard deviation σ on a value of sensitivity 1 (Balle and Wang, 1805.06530,
 * theorem 5): Φ(1/2σ − εσ) − e^ε Φ(−1/2σ − εσ). `sigma` above 0 in units of the sensitivity, `epsilon` ≥ 0.
 */
export function gaussianDelta(sigma: number, epsilon: number): number {
  if (!(sigma > 0) || !(epsilon >= 0)) throw new PrivacyInputError('σ is above 0 and ε is 0 or more');
  const [near, far] = [epsilon * sigma - 0.5 / sigma, epsilon * sigma + 0.5 / sigma];
  // e^ε and the far tail apart would be ∞ × 0.
  const second = Math.exp(epsilon + logErfc(far / Math.SQRT2)) / 2;
  const first = near < 0 ? 1 - erfc(-near / Math.SQRT2) / 2 : normalTail(near);
  return Math.min(1, Math.max(0, first - second));
}

/** δ at ε of `runs` adaptive Gaussian releases of noise σ each: they are one of σ/√runs (1905.02383, corollary 2). */
export const composedGaussianDelta = (sigma: number, runs: number, epsilon: number): number =>
  gaussianDelta(sigma / Math.sqrt(runs), epsilon);

/** Least σ (in units of the sensitivity) of (ε, δ)-privacy: the analytic Gaussian mechanism. Rounded up. */
export function gaussianSigma(epsilon: number, delta: number): number {
  if (!(epsilon > 0 && epsilon < 1e6) || !(delta > 0 && delta < 1))
    throw new PrivacyInputError('ε is above 0 and δ above 0 and below 1');
  return leastAbove((sigma) => gaussianDelta(sigma, epsilon) * (1 + SLACK) <= delta);
}

/**
 * Exact δ at ε of one Gaussian step on a Poisson sample of rate q, neighbours by adding or removing a record: removing
 * gives q times the Gaussian's δ at ln(1 + (e^ε − 1)/q) (Balle, Barthe and Gaboardi, 1807.01647, theorem 8); adding is never worse.
 */
export function sampledGaussianDelta(sigma: number, rate: number, epsilon: number): number {
  if (!(rate > 0 && rate <= 1)) throw new PrivacyInputError('A sampling rate is above 0 and at most 1');
  return rate * gaussianDelta(sigma, Math.log1p(Math.expm1(epsilon) / rate));
}

/** Least σ of one such step. Rounded up. */
export function sampledGaussianSigma(epsilon: number, delta: number, rate: number): number {
  if (!(epsilon > 0 && epsilon < 700) || !(delta > 0 && delta < 1))
    throw new PrivacyInputError('ε is above 0 and δ above 0 and below 1');
  return leastAbove((sigma) => sampledGaussianDelta(sigma, rate, epsilon) * (1 + SLACK) <= delta);
}

/** Least number between 1e-6 and 1e12 at which a monotone condition holds, from above; PrivacyInputError where none. */
function leastAbove(holds: (value: number) => boolean): number {
  let [low, high] = [Math.log(1e-6), Math.log(1e12)];
  if (!holds(Math.exp(high))) throw new PrivacyInputError('No amount of noise below 1e12 is enough');
  for (let step = 0; step < 100 && high - low > 1e-15; step++) {
    const middle = (low + high) / 2;
    if (holds(Math.exp(middle))) high = middle;
    else low = middle;
  }
  return Math.exp(high);
}
