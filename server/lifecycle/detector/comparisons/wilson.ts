import type { DetectorShare } from '@bartizan/contracts';

/** The 97.5% quantile of the normal distribution. */
const Z = 1.959_963_984_540_054;

/** A share with its 95% score interval (E. B. Wilson, JASA 22, 1927). */
export function shareOf(count: number, of: number): DetectorShare {
  if (of === 0) return { count, of, share: null, low: null, high: null };
  const p = count / of;
  const scale = 1 + Z ** 2 / of;
  const middle = (p + Z ** 2 / (2 * of)) / scale;
  const half = (Z / scale) * Math.sqrt((p * (1 - p)) / of + Z ** 2 / (4 * of ** 2));
  return {
    count,
    of,
    share: p,
    low: count === 0 ? 0 : Math.max(0, middle - half),
    high: count === of ? 1 : Math.min(1, middle + half),
  };
}

/** A quantile of numbers, 0 where there are none: the smallest that at least the share `q` does not exceed. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}
