import { wilson } from '@bartizan/checks/statistics/wilson.ts';
import type { DetectorShare } from '@bartizan/contracts';

/** A share with its 95% score interval; all null of none. */
export function shareOf(count: number, of: number): DetectorShare {
  if (of === 0) return { count, of, share: null, low: null, high: null };
  const [low, high] = wilson(count, of);
  return { count, of, share: count / of, low, high };
}

/** A quantile of numbers, 0 where there are none: the smallest that at least the share `q` does not exceed. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}
