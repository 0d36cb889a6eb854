import {
  divide,
  fromNumber,
  multiply,
  type Rational,
  rational,
  toNumber,
  toNumberDown,
} from '../rational.ts';
import { PrivacyInputError } from '../types.ts';
import { gaussianDelta } from './gaussian.ts';

/** Up to this standard deviation sums are added up term by term. */
const SUMMED = 2_000;
/** What thousands of additions in doubles may be off by, relatively; δ is raised by it. */
const SLACK = 1e-11;

/**
 * δ at ε of discrete Gaussian noise of variance σ² on a whole number of sensitivity Δ (2004.00010, theorem 7), rounded
 * up: Σ (p(y) − e^ε p(y + Δ))₊ over whole y, summed up to σ = 2,000. Above, the terms rise and then fall, so their sum is at most the
 * integral, which is the continuous δ, and the largest term.
 */
export function discreteGaussianDelta(variance: number, sensitivity: number, epsilon: number): number {
  const sigma = Math.sqrt(variance);
  const from = (epsilon * variance) / sensitivity - sensitivity / 2;
  if (sigma > SUMMED) {
    const largest = Math.exp(-(Math.max(0, from) ** 2) / (2 * variance)) / Math.sqrt(2 * Math.PI * variance);
    return (gaussianDelta(sigma / sensitivity, epsilon) + largest) * (1 + SLACK);
  }
  const mass = (y: number, extra: number) => Math.exp(extra - (y * y) / (2 * variance));
  let total = 1;
  for (let y = 1; y <= 40 * sigma + 2; y++) total += 2 * mass(y, 0);
  let sum = 0;
  const first = Math.floor(from) + 1;
  const last = Math.max(first, 0) + 40 * sigma + 2;
  for (let y = Math.max(first, -last); y <= last; y++) sum += mass(y, 0) - mass(y + sensitivity, epsilon);
  return Math.max(0, sum / total) * (1 + SLACK);
}

/** A variance that gives (ε, δ)-privacy at this sensitivity, near the least, with a short ρ = Δ²/2σ². */
export function discreteGaussianVariance(epsilon: Rational, delta: Rational, sensitivity: bigint): Rational {
  const [target, most, size] = [toNumberDown(epsilon), toNumberDown(delta), Number(sensitivity)];
  if (target > 100 || target < 1e-6 || most < 1e-300)
    throw new PrivacyInputError('Gaussian noise takes an ε from 1e-6 to 100 and a δ above 1e-300');
  const holds = (rho: number) => discreteGaussianDelta((size * size) / (2 * rho), size, target) <= most;
  let [low, high] = [Math.log(1e-18), Math.log(200)];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (holds(Math.exp(middle))) low = middle;
    else high = middle;
  }
  for (let rho = short(Math.exp(low)); rho > 1e-19; rho = short(rho * (1 - 1e-6))) {
    const exact = divide(rational(sensitivity * sensitivity), multiply(rational(2n), fromNumber(rho)));
    // Lattices make δ not quite monotone: what is used is what was checked.
    if (discreteGaussianDelta(toNumber(exact), size, target) <= most) return exact;
  }
  throw new PrivacyInputError('No Gaussian noise gives this ε and δ; raise them');
}

/** Cut to 40 binary digits. */
function short(value: number): number {
  const unit = 2 ** (Math.floor(Math.log2(value)) - 39);
  return Math.floor(value / unit) * unit;
}
