import { type Rational, rational } from '../rational.ts';
import { PrivacyInputError, type RandomBits } from '../types.ts';
import { bernoulliExp, ONE } from './bernoulli.ts';
import { uniformBelow } from './uniform.ts';

/**
 * A whole number x with probability proportional to exp(−|x| / `scale`), exactly; `scale` above 0 (2004.00010, algorithm
 * 2). A count of sensitivity Δ with this noise of scale Δ/ε is ε-private. The time it takes depends on what it draws.
 */
export function discreteLaplace(random: RandomBits, scale: Rational): bigint {
  const { numerator: t, denominator: s } = scale;
  if (t <= 0n) throw new PrivacyInputError('The scale of noise is above 0');
  for (;;) {
    const part = uniformBelow(random, t);
    if (!bernoulliExp(random, rational(part, t))) continue;
    let turns = 0n;
    while (bernoulliExp(random, ONE)) turns++;
    const size = (part + t * turns) / s;
    const negative = uniformBelow(random, 2n) === 1n;
    if (negative && size === 0n) continue;
    return negative ? -size : size;
  }
}
