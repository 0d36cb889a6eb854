import { discreteGaussianVariance } from '../accounting/discrete-gaussian.ts';
import {
  compare,
  divide,
  formatRational,
  multiply,
  parseRational,
  type Rational,
  rational,
  toNumber,
} from '../rational.ts';
import { discreteGaussian } from '../sampling/gaussian.ts';
import { discreteLaplace } from '../sampling/laplace.ts';
import { type PrivacyCost, PrivacyInputError, type RandomBits } from '../types.ts';

/** Whole-numbered noise for a whole number of known sensitivity. All its figures follow from its parameters alone. */
export interface Noise {
  readonly draw: (random: RandomBits) => bigint;
  readonly cost: PrivacyCost;
  /** Standard deviation, in whole units. */
  readonly deviation: number;
  /** Least k with P(|noise| > k) ≤ 0.05, in whole units, rounded up. */
  readonly within95: number;
}

/** ε as an exact fraction above 0; PrivacyInputError otherwise. */
export function readEpsilon(epsilon: string): Rational {
  const value = parseRational(epsilon);
  if (compare(value, rational(0n)) <= 0) throw new PrivacyInputError('ε is above 0');
  return value;
}

/** δ as an exact fraction above 0 and below 1/2; PrivacyInputError otherwise. */
export function readDelta(delta: string): Rational {
  const value = parseRational(delta);
  if (compare(value, rational(0n)) <= 0 || compare(value, rational(1n, 2n)) >= 0)
    throw new PrivacyInputError('δ is above 0 and below 1/2');
  return value;
}

/** Discrete Laplace noise: ε-private for a whole number that neighbours change by at most `sensitivity` (1 or more). */
export function laplaceNoise(sensitivity: bigint, epsilon: string): Noise {
  assertSensitivity(sensitivity);
  const scale = divide(rational(sensitivity), readEpsilon(epsilon));
  const rate = 1 / toNumber(scale);
  // Var = 2r / (1 − r)² with r = e^−rate, which is 1 / (2 sinh²(rate / 2)).
  const deviation = 1 / (Math.SQRT2 * Math.sinh(rate / 2));
  // P(|x| > k) = 2 e^{−rate (k + 1)} / (1 + e^{−rate})
  const beyond = (Math.log(40) - Math.log1p(Math.exp(-rate))) / rate;
  return Object.freeze({
    draw: (random: RandomBits) => discreteLaplace(random, scale),
    cost: Object.freeze({ epsilon, delta: '0' }),
    deviation,
    within95: Math.max(0, Math.ceil(beyond * (1 + 1e-12)) - 1),
  });
}

/**
 * Discrete Gaussian noise: (ε, δ)-private for a whole number that neighbours change by at most `sensitivity`, with the
 * least variance that the exact δ of the discrete distribution allows (within 10⁻⁹); its ρ is in the cost.
 */
export function gaussianNoise(sensitivity: bigint, epsilon: string, delta: string): Noise {
  assertSensitivity(sensitivity);
  readDelta(delta);
  const unit = discreteGaussianVariance(readEpsilon(epsilon), parseRational(delta), sensitivity);
  const deviation = Math.sqrt(toNumber(unit));
  const rho = divide(rational(sensitivity * sensitivity), multiply(rational(2n), unit));
  return Object.freeze({
    draw: (random: RandomBits) => discreteGaussian(random, unit),
    cost: Object.freeze({ epsilon, delta, rho: formatRational(rho) }),
    deviation,
    // Discrete tails are below those of the continuous distribution (2004.00010, proposition 25).
    within95: Math.ceil(1.959_963_984_540_055 * deviation),
  });
}

function assertSensitivity(sensitivity: bigint): void {
  if (sensitivity < 1n) throw new PrivacyInputError('A sensitivity is a whole number, 1 or more');
}
