import { ceil, divide, floor, fromNumber, type Rational, toNumber } from '../rational.ts';
import { type Neighbours, PrivacyInputError } from '../types.ts';

/**
 * Numbers as whole multiples of a step: value = unit × `step`, `low` and `high` whole. Values are clamped to the bounds
 * and then rounded to the nearest unit, so that what noise is added to is whole and its sensitivity exact.
 */
export interface Grid {
  /** A power of two by default. */
  readonly step: number;
  readonly low: bigint;
  readonly high: bigint;
  /** Unit of a value; null where it is missing (NaN). The infinities are clamped. */
  readonly unitOf: (value: number) => bigint | null;
  readonly valueOf: (units: bigint) => number;
}

/** 2²⁰ steps between the bounds, where nothing else is asked. */
const DEFAULT_STEPS = 2 ** 20;

/**
 * The grid for bounds (finite, lower first) and a step above 0. The bounds go outwards to whole units.
 * PrivacyInputError for bounds or a step that cannot be, or more than 2⁵² steps.
 */
export function gridOf(bounds: readonly [low: number, high: number], step?: number): Grid {
  const [least, most] = bounds;
  if (!Number.isFinite(least) || !Number.isFinite(most) || !(least < most) || !Number.isFinite(most - least))
    throw new PrivacyInputError('Give two finite bounds, the lower one first');
  const size = step ?? 2 ** Math.floor(Math.log2((most - least) / DEFAULT_STEPS));
  if (!(size > 0) || !Number.isFinite(size)) throw new PrivacyInputError('The step of rounding is above 0');
  const exact = fromNumber(size);
  const [low, high] = [floor(divide(fromNumber(least), exact)), ceil(divide(fromNumber(most), exact))];
  const largest = high > -low ? high : -low;
  if (largest > 2n ** 52n)
    throw new PrivacyInputError('The bounds are more than 2^52 steps from 0; take a larger step');
  return Object.freeze({
    step: size,
    low,
    high,
    unitOf: (value: number): bigint | null => {
      if (Number.isNaN(value)) return null;
      if (value <= least) return low;
      if (value >= most) return high;
      // Where the division is exact (a power of two) or not, the same value gives the same whole unit, within the bounds.
      const unit = BigInt(Math.round(value / size));
      return unit < low ? low : unit > high ? high : unit;
    },
    valueOf: (units: bigint) => valueOf(units, exact, size),
  });
}

function valueOf(units: bigint, exact: Rational, size: number): number {
  const near = Number(units) * size;
  return Number.isSafeInteger(Number(units))
    ? near
    : toNumber({
        numerator: units * exact.numerator,
        denominator: exact.denominator,
      });
}

/**
 * By how many units neighbours' sums differ at most. Under `replace` a value may also go missing, and then adds 0.
 * Always 1 or more.
 */
export function sumSensitivity({ low, high }: Pick<Grid, 'low' | 'high'>, neighbours: Neighbours): bigint {
  const size = (value: bigint) => (value < 0n ? -value : value);
  const alone = size(low) > size(high) ? size(low) : size(high);
  return neighbours === 'replace' && high - low > alone ? high - low : alone;
}
