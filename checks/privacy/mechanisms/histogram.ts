import { toNumber } from '../rational.ts';
import { type Neighbours, PrivacyInputError, type RandomBits } from '../types.ts';
import { type Bin, histogramSensitivity, type NoisyHistogram, noisy } from './count.ts';
import { laplaceNoise, type Noise, readDelta, readEpsilon } from './noise.ts';

/** Noise of one bin: the whole ε, over the L1 sensitivity of the histogram. */
export const binNoise = (neighbours: Neighbours, epsilon: string): Noise =>
  laplaceNoise(histogramSensitivity(neighbours), epsilon);

/**
 * Counts of categories known beforehand, ε-private; each record is in at most one, and values that are none of them are
 * not counted. Counts may come out below 0. PrivacyInputError for no categories or one given twice.
 */
export function knownHistogram(
  random: RandomBits,
  values: Iterable<string | null>,
  options: { categories: readonly string[]; neighbours: Neighbours; epsilon: string },
): NoisyHistogram {
  const { categories, neighbours, epsilon } = options;
  const counts = new Map(categories.map((category) => [category, 0n]));
  if (counts.size === 0 || counts.size !== categories.length)
    throw new PrivacyInputError('Give at least one category, and each of them once');
  tally(values, counts, false);
  const noise = binNoise(neighbours, epsilon);
  const bins = categories.map((category): Bin => {
    return { category, count: noisy(random, noise, counts.get(category) ?? 0n) };
  });
  return { bins, cost: noise.cost };
}

/**
 * Least noisy count at which a category taken from the data is named. One record may make a category appear with a
 * count of 1; it is then named with probability P(1 + noise ≥ threshold) ≤ δ. With noise of parameter η,
 * P(noise ≥ k) = e^−ηk / (1 + e^−η). Rounded up.
 */
export function stabilityThreshold(neighbours: Neighbours, epsilon: string, delta: string): bigint {
  const rate = toNumber(readEpsilon(epsilon)) / Number(histogramSensitivity(neighbours));
  const tail = -Math.log(toNumber(readDelta(delta))) - Math.log1p(Math.exp(-rate));
  return 1n + BigInt(Math.max(1, Math.ceil((tail / rate) * (1 + 1e-12))));
}

/**
 * Counts of the categories in the data, (ε, δ)-private: rare ones are left out (Korolova et al., WWW 2009; Bun, Nissim
 * and Stemmer, 1511.08552). Each record is in one category. Sorted by name, since the order of records is private. Under
 * `replace` a record may leave one category and make another appear: each then has half of ε, and δ is needed once,
 * since a category that appears changes nothing else by more than e^{ε/2}. Memory: the distinct categories.
 */
export function unknownHistogram(
  random: RandomBits,
  values: Iterable<string | null>,
  options: { neighbours: Neighbours; epsilon: string; delta: string },
): NoisyHistogram & { readonly threshold: bigint } {
  const { neighbours, epsilon, delta } = options;
  const threshold = stabilityThreshold(neighbours, epsilon, delta);
  const noise = binNoise(neighbours, epsilon);
  const counts = tally(values, new Map(), true);
  const bins: Bin[] = [];
  for (const category of [...counts.keys()].sort()) {
    const count = noisy(random, noise, counts.get(category) ?? 0n);
    if (count >= threshold) bins.push({ category, count });
  }
  return { bins, cost: { epsilon, delta }, threshold };
}

function tally(
  values: Iterable<string | null>,
  counts: Map<string, bigint>,
  open: boolean,
): Map<string, bigint> {
  for (const value of values) {
    if (value === null) continue;
    const count = counts.get(value);
    if (count !== undefined) counts.set(value, count + 1n);
    else if (open) counts.set(value, 1n);
  }
  return counts;
}
