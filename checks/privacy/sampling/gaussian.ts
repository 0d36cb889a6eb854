import { divide, multiply, type Rational, rational, subtract } from '../rational.ts';
import { PrivacyInputError, type RandomBits } from '../types.ts';
import { bernoulliExp } from './bernoulli.ts';
import { discreteLaplace } from './laplace.ts';

/** ⌊√value⌋ for a value of 0 or more (Newton). */
export function squareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let at = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (at + value / at) >> 1n;
    if (next >= at) return at;
    at = next;
  }
}

/**
 * A whole number x with probability proportional to exp(−x² / 2`variance`), exactly; `variance` (σ²) above 0
 * (2004.00010, algorithm 3). A whole number of sensitivity Δ with this noise is Δ²/2σ²-concentrated private.
 */
export function discreteGaussian(random: RandomBits, variance: Rational): bigint {
  if (variance.numerator <= 0n) throw new PrivacyInputError('The variance of noise is above 0');
  const t = squareRoot(variance.numerator / variance.denominator) + 1n;
  const centre = divide(variance, rational(t));
  const twice = multiply(variance, rational(2n));
  for (;;) {
    const drawn = discreteLaplace(random, rational(t));
    const off = subtract(rational(drawn < 0n ? -drawn : drawn), centre);
    if (bernoulliExp(random, divide(multiply(off, off), twice))) return drawn;
  }
}
