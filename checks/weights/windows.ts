import type { PlaneName } from './types.ts';

/** Figures of each window; NaN where it has too few numbers. Chi-square values are z-scores against uniform bytes. */
export interface Windows {
  readonly numbers: number;
  readonly planes: Readonly<Record<PlaneName, Float32Array>>;
  /** Byte of the upper mantissa bits and the lowest exponent bit. */
  readonly middle: Float32Array;
  /** Entropy in bits of the uppermost byte. */
  readonly topEntropy: Float32Array;
  readonly count: number;
}

/** The middle one of the first `count` values that are numbers; 0 for none. */
export function medianOf(values: Float32Array, count: number): number {
  const sorted = values
    .subarray(0, count)
    .filter((value) => !Number.isNaN(value))
    .sort();
  return sorted[sorted.length >> 1] ?? 0;
}
