import { divide, parseRational, type Rational, rational, toNumber } from '../rational.ts';
import { uniformBelow } from '../sampling/uniform.ts';
import { sampleWeighted, type Weighted } from '../sampling/weighted.ts';
import { type PrivacyCost, PrivacyInputError, type RandomBits } from '../types.ts';
import type { Grid } from './grid.ts';
import { readEpsilon } from './noise.ts';

interface Interval extends Weighted {
  /** First of `weight` units in a row. */
  readonly from: bigint;
}

export interface NoisyQuantile {
  readonly value: number;
  /** With 95% probability the value is off by at most so many ranks. Follows from the parameters alone. */
  readonly rankError: number;
  readonly cost: PrivacyCost;
}

/**
 * Quantile by the exponential mechanism (McSherry and Talwar, 2007; Smith, STOC 2011) over all units between the bounds,
 * sampled exactly, ε-private under either relation. The cost of a unit is by how many ranks it is off,
 * max(0, below − qn, qn − at most); one record more or less changes it by at most max(q, 1 − q), one changed by at most
 * 1. Missing values are left out. Sorts: O(n log n) time, O(n) memory.
 */
export function noisyQuantile(
  random: RandomBits,
  values: Iterable<number>,
  options: { grid: Grid; quantile: number; epsilon: string },
): NoisyQuantile {
  const { grid, quantile, epsilon } = options;
  if (!(quantile > 0 && quantile < 1)) throw new PrivacyInputError('A quantile is above 0 and below 1');
  // The share in its shortest decimal, which is what was asked for.
  const share = parseRational(String(quantile));
  const intervals = intervalsOf(sortedUnits(values, grid), grid, share);
  // Sensitivity 1 under both relations, so that one value of ε holds for either.
  const rate = divide(readEpsilon(epsilon), rational(2n * share.denominator));
  const chosen = intervals[sampleWeighted(random, intervals, rate)];
  if (!chosen) throw new PrivacyInputError('There is nothing to choose from');
  const unit = chosen.from + uniformBelow(random, chosen.weight);
  return {
    value: grid.valueOf(unit),
    rankError: quantileRankError(grid, epsilon),
    cost: { epsilon, delta: '0' },
  };
}

/** Ranks that are not passed with 95% probability: (2/ε)(ln units + ln 20) (Dwork and Roth 2014, theorem 3.11). */
export const quantileRankError = ({ low, high }: Pick<Grid, 'low' | 'high'>, epsilon: string): number =>
  Math.ceil((2 / toNumber(readEpsilon(epsilon))) * (Math.log(Number(high - low) + 1) + Math.log(20)));

/** Units as doubles, whole and below 2^53. */
function sortedUnits(values: Iterable<number>, grid: Grid): Float64Array {
  const units: number[] = [];
  for (const value of values) {
    const unit = grid.unitOf(value);
    if (unit !== null) units.push(Number(unit));
  }
  return Float64Array.from(units).sort();
}

/** Runs of units of the same cost: each value that occurs, and what lies between two of them. Costs × denominator. */
function intervalsOf(units: Float64Array, grid: Grid, share: Rational): Interval[] {
  const { numerator, denominator } = share;
  const target = numerator * BigInt(units.length);
  const intervals: Interval[] = [];
  const push = (from: bigint, to: bigint, below: number, atMost: number): void => {
    if (to < from) return;
    const over = denominator * BigInt(below) - target;
    const under = target - denominator * BigInt(atMost);
    const cost = over > 0n ? over : under > 0n ? under : 0n;
    intervals.push({ from, weight: to - from + 1n, cost });
  };
  let next = grid.low;
  for (let place = 0; place < units.length; ) {
    const value = units[place] ?? 0;
    let end = place;
    while (units[end] === value) end++;
    push(next, BigInt(value) - 1n, place, place);
    push(BigInt(value), BigInt(value), place, end);
    next = BigInt(value) + 1n;
    place = end;
  }
  push(next, grid.high, units.length, units.length);
  return intervals;
}
