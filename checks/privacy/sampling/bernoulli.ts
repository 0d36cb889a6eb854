import { type Rational, rational } from '../rational.ts';
import type { RandomBits } from '../types.ts';
import { uniformBelow } from './uniform.ts';

/** True with probability `share` (0..1), exactly. */
export const bernoulli = (random: RandomBits, { numerator, denominator }: Rational): boolean =>
  uniformBelow(random, denominator) < numerator;

/** True with probability exp(−`rate`), exactly, `rate` ≥ 0 (Canonne, Kamath and Steinke, 2004.00010, algorithm 1). */
export function bernoulliExp(random: RandomBits, rate: Rational): boolean {
  if (rate.numerator < 0n) throw new RangeError('The rate of an exponential probability is 0 or more');
  const whole = rate.numerator / rate.denominator;
  for (let step = 0n; step < whole; step++) if (!bernoulliExpSmall(random, 1n, 1n)) return false;
  return bernoulliExpSmall(random, rate.numerator - whole * rate.denominator, rate.denominator);
}

/** For a rate from 0 to 1: the first k at which a coin of rate/k fails is odd with probability exp(−rate). */
function bernoulliExpSmall(random: RandomBits, numerator: bigint, denominator: bigint): boolean {
  let k = 1n;
  while (uniformBelow(random, denominator * k) < numerator) k++;
  return (k & 1n) === 1n;
}

/** A rate of 1. */
export const ONE = rational(1n);
