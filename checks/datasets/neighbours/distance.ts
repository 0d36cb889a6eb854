import type { Matrix } from '../types.ts';

const { fround } = Math;

/**
 * Squared Euclidean distance of two rows whose numbers start at `a` and `b`, rounded to 32 bits; the same for (a, b) and (b, a).
 * Infinity where it is over `limit`, as soon as that is known.
 */
export function squaredDistance(
  { values, columns }: Pick<Matrix, 'values' | 'columns'>,
  a: number,
  b: number,
  limit: number,
): number {
  let sum = 0;
  let at = 0;
  for (const whole = columns - 7; at < whole; at += 8) {
    const i = a + at;
    const j = b + at;
    const d0 = (values[i] as number) - (values[j] as number);
    const d1 = (values[i + 1] as number) - (values[j + 1] as number);
    const d2 = (values[i + 2] as number) - (values[j + 2] as number);
    const d3 = (values[i + 3] as number) - (values[j + 3] as number);
    const d4 = (values[i + 4] as number) - (values[j + 4] as number);
    const d5 = (values[i + 5] as number) - (values[j + 5] as number);
    const d6 = (values[i + 6] as number) - (values[j + 6] as number);
    const d7 = (values[i + 7] as number) - (values[j + 7] as number);
    sum += d0 * d0 + d1 * d1 + (d2 * d2 + d3 * d3) + (d4 * d4 + d5 * d5 + (d6 * d6 + d7 * d7));
    if (sum > limit) return Number.POSITIVE_INFINITY;
  }
  for (; at < columns; at++) {
    const d = (values[a + at] as number) - (values[b + at] as number);
    sum += d * d;
  }
  return fround(sum);
}
