import { divide, multiply, type Rational, rational, toNumber } from '../rational.ts';
import { bernoulliExp } from '../sampling/bernoulli.ts';
import { discreteLaplace } from '../sampling/laplace.ts';
import { uniformBelow } from '../sampling/uniform.ts';
import { sampleWeighted } from '../sampling/weighted.ts';
import { PrivacyInputError, type RandomBits } from '../types.ts';
import { readEpsilon } from './noise.ts';

/**
 * Place of a large score, ε-private, by permute-and-flip (McKenna and Sheldon, 2010.12603): places in random order, each
 * taken with probability exp(ε (score − largest) / 2Δ), exactly. Never worse than the exponential mechanism. Scores are
 * whole numbers that neighbours change by at most `sensitivity`. PrivacyInputError where there are none.
 */
export function permuteAndFlip(
  random: RandomBits,
  scores: readonly bigint[],
  options: { sensitivity: bigint; epsilon: string },
): number {
  const [first] = scores;
  if (first === undefined || options.sensitivity < 1n)
    throw new PrivacyInputError('Give at least one score and a sensitivity of 1 or more');
  const rate = divide(readEpsilon(options.epsilon), rational(2n * options.sensitivity));
  let largest = first;
  for (const score of scores) if (score > largest) largest = score;
  const order = scores.map((_, place) => place);
  for (let left = order.length; left > 0; left--) {
    const drawn = Number(uniformBelow(random, BigInt(left)));
    const place = order[drawn] ?? 0;
    order[drawn] = order[left - 1] ?? 0;
    if (bernoulliExp(random, multiply(rate, rational(largest - (scores[place] ?? largest))))) return place;
  }
  throw new RangeError('The largest score is always taken');
}

/**
 * Randomised response over `choices` answers (2 or more): the true one (0..choices − 1) with probability
 * e^ε / (e^ε + choices − 1), else each other alike, exactly; ε-private for each person by themselves (Warner 1965; Kairouz et al.,
 * 1407.1338).
 */
export function randomisedResponse(
  random: RandomBits,
  answer: number,
  options: { choices: number; epsilon: string },
): number {
  const { choices, epsilon } = options;
  if (
    !Number.isInteger(choices) ||
    choices < 2 ||
    !Number.isInteger(answer) ||
    answer < 0 ||
    answer >= choices
  )
    throw new PrivacyInputError('An answer is a whole number from 0, one of 2 or more choices');
  const others = BigInt(choices - 1);
  const groups = [
    { weight: 1n, cost: 0n },
    { weight: others, cost: 1n },
  ];
  if (sampleWeighted(random, groups, readEpsilon(epsilon)) === 0) return answer;
  const other = Number(uniformBelow(random, others));
  return other < answer ? other : other + 1;
}

export interface ResponseShare {
  readonly share: number;
  readonly standardError: number;
}

/** Unbiased shares of the true answers from the given ones (`counts` per choice); a share may fall outside 0..1. */
export function responseShares(counts: readonly number[], epsilon: string): ResponseShare[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const odds = Math.exp(toNumber(readEpsilon(epsilon)));
  if (counts.length < 2 || total === 0) throw new PrivacyInputError('Give counts of 2 or more choices');
  const [kept, other] = [odds / (odds + counts.length - 1), 1 / (odds + counts.length - 1)];
  return counts.map((count) => {
    const seen = count / total;
    return {
      share: (seen - other) / (kept - other),
      standardError: Math.sqrt((seen * (1 - seen)) / total) / (kept - other),
    };
  });
}

/** Asks whether whole-numbered queries, each of sensitivity at most `sensitivity`, are above a threshold. */
export interface SparseVector {
  /** True: about above the threshold. Throws PrivacyInputError once `positives` of them were: what is left is 0. */
  readonly above: (query: bigint) => boolean;
  readonly left: () => number;
}

/**
 * AboveThreshold for `positives` answers of true, ε-private however many queries are below: noise of Δ/ε₁ on the
 * threshold, drawn once, and of 2cΔ/ε₂ on each query, ε₁ = ε₂ = ε/2, no numbers given out (Lyu, Su and Li, 1603.01699,
 * algorithm 1; four variants in print that are not private leave out one of these).
 */
export function sparseVector(
  random: RandomBits,
  options: { threshold: bigint; sensitivity: bigint; positives: number; epsilon: string },
): SparseVector {
  const { threshold, sensitivity, positives, epsilon } = options;
  if (!Number.isInteger(positives) || positives < 1 || sensitivity < 1n)
    throw new PrivacyInputError('Give a number of positives and a sensitivity, each 1 or more');
  const half = divide(readEpsilon(epsilon), rational(2n));
  const scale = (times: bigint): Rational => divide(rational(times * sensitivity), half);
  const limit = threshold + discreteLaplace(random, scale(1n));
  let left = positives;
  return Object.freeze({
    above: (query: bigint) => {
      if (left === 0) throw new PrivacyInputError('All positive answers are given; begin anew with new ε');
      const passes = query + discreteLaplace(random, scale(2n * BigInt(positives))) >= limit;
      if (passes) left--;
      return passes;
    },
    left: () => left,
  });
}
