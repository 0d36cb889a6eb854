import type { Neighbours, PrivacyCost, RandomBits } from '../types.ts';
import type { Noise } from './noise.ts';

/** By how much the number of records that meet a condition differs between neighbours: 1 under either relation. */
export const COUNT_SENSITIVITY = 1n;

/** A whole number with noise added; exact, since both are whole. */
export const noisy = (random: RandomBits, noise: Noise, value: bigint): bigint => value + noise.draw(random);

/** L1 sensitivity of a histogram in which each record is in one bin: a change takes it out of one and into another. */
export const histogramSensitivity = (neighbours: Neighbours): bigint => (neighbours === 'replace' ? 2n : 1n);

export interface Bin {
  readonly category: string;
  readonly count: bigint;
}

export interface NoisyHistogram {
  readonly bins: readonly Bin[];
  readonly cost: PrivacyCost;
}
