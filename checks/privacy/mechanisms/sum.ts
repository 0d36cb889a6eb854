import { formatRational, multiply, parseRational, rational } from '../rational.ts';
import type { Neighbours, PrivacyCost, RandomBits } from '../types.ts';
import { COUNT_SENSITIVITY } from './count.ts';
import { type Grid, sumSensitivity } from './grid.ts';
import { laplaceNoise, type Noise } from './noise.ts';

export interface Summed {
  /** Sum of units, exactly. */
  readonly units: bigint;
  /** Values that were not missing. */
  readonly count: bigint;
}

/** Sum of the clamped, rounded values; missing ones (NaN) are left out. O(values), one pass. */
export function sumUnits(values: Iterable<number>, grid: Pick<Grid, 'unitOf'>): Summed {
  let [units, count] = [0n, 0n];
  // Whole doubles are exact below 2^53: summed there, and moved over before they could pass it.
  let [near, pending] = [0, 0];
  for (const value of values) {
    const unit = grid.unitOf(value);
    if (unit === null) continue;
    near += Number(unit);
    pending++;
    if (Math.abs(near) < 2 ** 52) continue;
    units += BigInt(near);
    near = 0;
    count += BigInt(pending);
    pending = 0;
  }
  return { units: units + BigInt(near), count: count + BigInt(pending) };
}

/** Half of ε, exactly, in a form that `parseRational` reads. */
export const halfOf = (epsilon: string): string =>
  formatRational(multiply(rational(1n, 2n), parseRational(epsilon)));

export interface NoisyMean {
  readonly mean: number;
  /** 95% interval from the noise of both parts, by the union of two 97.5% intervals; within the bounds. */
  readonly interval: readonly [low: number, high: number];
  readonly standardError: number | null;
  readonly cost: PrivacyCost;
}

/**
 * Mean of clamped, rounded values, ε-private: half of ε for the sum of distances from the middle of the bounds, half for
 * the count, their quotient clamped to the bounds (post-processing). The middle keeps the sensitivity least.
 */
export function noisyMean(
  random: RandomBits,
  values: Iterable<number>,
  options: { grid: Grid; neighbours: Neighbours; epsilon: string },
): NoisyMean {
  const { grid, neighbours, epsilon } = options;
  const { units, count } = sumUnits(values, grid);
  // Twice the distance, so that the middle is whole.
  const middle = grid.low + grid.high;
  const spread = { low: grid.low - grid.high, high: grid.high - grid.low };
  const half = halfOf(epsilon);
  const sumNoise = laplaceNoise(sumSensitivity(spread, neighbours), half);
  const countNoise = laplaceNoise(COUNT_SENSITIVITY, half);
  const off = 2n * units - count * middle + sumNoise.draw(random);
  const records = count + countNoise.draw(random);
  const n = Math.max(1, Number(records));
  const bounded = (twice: number) =>
    Math.min(Math.max((Number(middle) + twice) / 2, Number(grid.low)), Number(grid.high)) * grid.step;
  const twice = Number(off) / n;
  return {
    mean: bounded(twice),
    ...meanUncertainty({ off: Number(off), n, sumNoise, countNoise, bounded, step: grid.step }),
    cost: { epsilon, delta: '0' },
  };
}

interface MeanParts {
  readonly off: number;
  readonly n: number;
  readonly sumNoise: Noise;
  readonly countNoise: Noise;
  readonly bounded: (twice: number) => number;
  readonly step: number;
}

function meanUncertainty({ off, n, sumNoise, countNoise, bounded, step }: MeanParts) {
  // Each part at 97.5%: tails of e^−x, so ln 2 of further scale.
  const [sumOff, countOff] = [wider(sumNoise), wider(countNoise)];
  const [fewest, most] = [Math.max(1, n - countOff), n + countOff];
  const corners = [off - sumOff, off + sumOff].flatMap((sum) => [sum / fewest, sum / most]);
  const known = n > 4 * countNoise.deviation;
  // First order of the quotient.
  const error = (Math.hypot(sumNoise.deviation, (off / n) * countNoise.deviation) / n / 2) * step;
  return {
    interval: [bounded(Math.min(...corners)), bounded(Math.max(...corners))] as const,
    standardError: known ? error : null,
  };
}

const wider = (noise: Noise): number => noise.within95 + Math.ceil(Math.LN2 * noise.deviation) + 1;
