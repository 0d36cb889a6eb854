import type { Neighbours } from '../neighbours/index.ts';

/** Neighbours that a row's distance is the mean of. */
export const NEAREST = 10;

/** Distances below this share of the usual one count as it, so that duplicates have a logarithm. */
const LEAST = 0.01;

/** Per row: ln of the mean distance to its nearest rows. O(n · k). */
export function logDistances(neighbours: Neighbours): Float64Array {
  const k = Math.min(NEAREST, neighbours.k);
  const means = new Float64Array(neighbours.rows);
  for (let row = 0; row < neighbours.rows; row++) {
    let sum = 0;
    for (let at = row * neighbours.k; at < row * neighbours.k + k; at++) {
      const distance = neighbours.distances[at] as number;
      if (Number.isFinite(distance)) sum += distance;
    }
    means[row] = sum / k;
  }
  const usual = Float64Array.from(means).sort()[means.length >> 1] as number;
  const positive = usual > 0 ? usual : means.reduce((most, mean) => Math.max(most, mean), 0);
  return means.map((mean) => Math.log(Math.max(mean, LEAST * positive, 1e-30)));
}

/**
 * Per row: ln of its distance over that of its neighbours, 0 for one as crowded as they are: the local outlier factor
 * (Breunig, Kriegel, Ng and Sander, SIGMOD 2000) with mean distances instead of reachability. O(n · k).
 */
export function logLocalFactors(neighbours: Neighbours, logs: Float64Array): Float64Array {
  const k = Math.min(NEAREST, neighbours.k);
  return logs.map((own, row) => {
    let [sum, count] = [0, 0];
    for (let at = row * neighbours.k; at < row * neighbours.k + k; at++) {
      const other = neighbours.indices[at] as number;
      if (other < 0) continue;
      sum += logs[other] as number;
      count++;
    }
    return count === 0 ? 0 : own - sum / count;
  });
}

/**
 * Per row: probability of a value at least as large, by an exponential tail through the 75% and 95% quantiles (of a
 * logarithm: a Pareto tail), so that a few percent of outliers cannot hide themselves; above the 75% quantile only, .25
 * below it. All .25 where those quantiles are equal and nothing lies beyond. O(n log n).
 */
export function upperTails(values: ArrayLike<number>): Float64Array {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] as number;
  const [from, high, middle] = [at(0.75), at(0.95), at(0.5)];
  const scale = Math.max((high - from) / Math.log(5), (from - middle) / Math.log(2) / 2, 1e-9);
  return Float64Array.from(values, (value) => 0.25 * Math.exp(-Math.max(0, value - from) / scale));
}
