/** Additions that one exact tail may take; beyond, Hoeffding's bound. */
const MOST_WORK = 2_000_000;

/** Log of an upper bound of P(at least `hits`) of n trials with mean chance p (Hoeffding, JASA 58, 1963, theorem 1). */
function logBound(hits: number, trials: number, mean: number): number {
  const share = hits / trials;
  if (share <= mean) return 0;
  if (mean <= 0) return Number.NEGATIVE_INFINITY;
  const term = (a: number, b: number): number => (a === 0 ? 0 : a * Math.log(a / b));
  return -trials * (term(share, mean) + term(1 - share, 1 - mean));
}

/**
 * P(at least `hits` of the trials succeed), each with its own chance 0..1 and independent of the others
 * (Poisson-binomial): exact up to trials × hits of 2,000,000, an upper bound beyond. At most 1.
 */
export function upperTail(chances: readonly number[], hits: number): number {
  const trials = chances.length;
  if (hits <= 0) return 1;
  if (hits > trials) return 0;
  const mean = chances.reduce((sum, chance) => sum + chance, 0) / trials;
  const bound = Math.exp(logBound(hits, trials, mean));
  if (bound >= 1 || trials * hits > MOST_WORK) return bound;
  const below = new Float64Array(hits);
  below[0] = 1;
  let reached = 0;
  for (const chance of chances) {
    reached += (below[hits - 1] as number) * chance;
    for (let k = hits - 1; k > 0; k--)
      below[k] = (below[k] as number) * (1 - chance) + (below[k - 1] as number) * chance;
    below[0] = (below[0] as number) * (1 - chance);
  }
  return Math.min(1, reached);
}
