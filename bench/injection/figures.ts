/** Figures of a detector: areas, thresholds, shares. */

/**
 * Area under the ROC curve by ranks (Mann-Whitney; Hanley and McNeil 1982), ties counted half, 0..1. Null where a class
 * is missing. Sorts copies.
 */
export function auc(attacks: Float64Array, harmless: Float64Array): number | null {
  if (attacks.length === 0 || harmless.length === 0) return null;
  const high = attacks.toSorted();
  const low = harmless.toSorted();
  let below = 0;
  let upTo = 0;
  let wins = 0;
  for (const score of high) {
    while (below < low.length && (low[below] as number) < score) below += 1;
    upTo = Math.max(upTo, below);
    while (upTo < low.length && (low[upTo] as number) <= score) upTo += 1;
    wins += below + (upTo - below) / 2;
  }
  return wins / (high.length * low.length);
}

/**
 * What a score must exceed for at most `rate` (0..1) of the harmless scores to do so. Null where there are none.
 */
export function thresholdAt(harmless: Float64Array, rate: number): number | null {
  if (harmless.length === 0) return null;
  const falling = harmless.toSorted().toReversed();
  const allowed = Math.floor(rate * falling.length + 1e-9);
  return allowed >= falling.length ? Number.NEGATIVE_INFINITY : (falling[allowed] as number);
}

/** Share of scores above a threshold, 0..1; null where there are none. */
export function shareAbove(scores: Float64Array, threshold: number): number | null {
  if (scores.length === 0) return null;
  let above = 0;
  for (const score of scores) if (score > threshold) above += 1;
  return above / scores.length;
}

/** The smallest value that at least `share` (0..1) of the values do not exceed (nearest rank); NaN where there are none. */
export function quantile(values: readonly number[], share: number): number {
  const rising = [...values].sort((a, b) => a - b);
  return rising[Math.min(rising.length - 1, Math.max(0, Math.ceil(share * rising.length) - 1))] ?? Number.NaN;
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;
}
