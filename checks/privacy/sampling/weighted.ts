import type { Rational } from '../rational.ts';
import { PrivacyInputError, type RandomBits } from '../types.ts';
import { uniformBits } from './uniform.ts';

/** `weight` (1 or more) points, each with probability proportional to exp(−rate × `cost`); `cost` 0 or more. */
export interface Weighted {
  readonly weight: bigint;
  readonly cost: bigint;
}

/** Bounds of a number in units of 2^−bits. */
interface Bounds {
  readonly low: bigint;
  readonly high: bigint;
}

const MAX_BITS = 16_384;

/**
 * Place of a group with probability proportional to weight × exp(−rate × cost), exactly: the inverse of the cumulative
 * distribution in interval arithmetic, with a uniform number whose further digits are drawn only where the bounds leave
 * the place open. O(groups) big whole numbers of 192 bits; RangeError in the practically impossible case that 16,384
 * bits leave it open. `groups` sorted by nothing in particular; PrivacyInputError where there are none.
 */
export function sampleWeighted(random: RandomBits, groups: readonly Weighted[], rate: Rational): number {
  if (groups.length === 0) throw new PrivacyInputError('There is nothing to choose from');
  if (rate.numerator <= 0n) throw new PrivacyInputError('The rate is above 0');
  let least = groups[0]?.cost ?? 0n;
  for (const { cost } of groups) if (cost < least) least = cost;
  let uniform = 0n;
  let known = 0;
  for (let bits = 192; bits <= MAX_BITS; bits *= 2) {
    uniform = (uniform << BigInt(bits - known)) | uniformBits(random, bits - known);
    known = bits;
    const place = choose(masses(groups, rate, least, bits), uniform, BigInt(bits));
    if (place !== null) return place;
  }
  throw new RangeError('The choice stayed open after 16,384 random bits');
}

/** Where the uniform number falls, or null where the bounds do not tell. */
function choose(all: readonly Bounds[], uniform: bigint, bits: bigint): number | null {
  let [totalLow, totalHigh] = [0n, 0n];
  for (const { low, high } of all) {
    totalLow += low;
    totalHigh += high;
  }
  const from = (uniform * totalLow) >> bits;
  const to = (((uniform + 1n) * totalHigh) >> bits) + 1n;
  let [low, high] = [0n, 0n];
  for (let place = 0; place < all.length; place++) {
    const before = high;
    low += all[place]?.low ?? 0n;
    high += all[place]?.high ?? 0n;
    if (from < before) return null;
    if (to <= low) return place;
  }
  return null;
}

function masses(groups: readonly Weighted[], rate: Rational, least: bigint, bits: number): Bounds[] {
  const known = new Map<bigint, Bounds>();
  const power = powers(rate, bits);
  return groups.map(({ weight, cost }) => {
    const gap = cost - least;
    let factor = known.get(gap);
    if (!factor) known.set(gap, (factor = power(gap)));
    return { low: factor.low * weight, high: factor.high * weight };
  });
}

/** exp(−rate × gap) for whole gaps, by squaring; gaps whose value is below 2^−bits are not worked out. */
function powers(rate: Rational, bits: number): (gap: bigint) => Bounds {
  const shift = BigInt(bits);
  const one = 1n << shift;
  const times = (a: Bounds, b: Bounds): Bounds => ({
    low: (a.low * b.low) >> shift,
    high: ((a.high * b.high) >> shift) + 1n,
  });
  const doubled: Bounds[] = [expBounds(rate, bits)];
  // exp(−bits) is below 2^−bits.
  const negligible = (shift * rate.denominator) / rate.numerator + 1n;
  return (gap) => {
    if (gap >= negligible) return { low: 0n, high: 1n };
    let result: Bounds = { low: one, high: one };
    for (let [rest, place] = [gap, 0]; rest > 0n; rest >>= 1n, place++) {
      const last = doubled[place] ?? times(doubled[place - 1] ?? result, doubled[place - 1] ?? result);
      doubled[place] = last;
      if (rest & 1n) result = times(result, last);
    }
    return result;
  };
}

/** Bounds of exp(−rate) in units of 2^−bits: Taylor's series of the rate halved until it is below 1/2, squared back. */
function expBounds(rate: Rational, bits: number): Bounds {
  const halvings = Math.max(0, (rate.numerator / rate.denominator).toString(2).length + 1);
  const guard = BigInt(bits + 2 * halvings + 32);
  if (rate.numerator > rate.denominator * BigInt(bits)) return { low: 0n, high: 1n };
  const x = (rate.numerator << guard) / (rate.denominator << BigInt(halvings));
  // Each term is off by less than 3 units: half the error of the last, the cut of x, its own cut; the tail by less than 4.
  let [sum, term] = [1n << guard, 1n << guard];
  let terms = 0n;
  for (let k = 1n; term > 0n; k++) {
    term = (term * x) / (k << guard);
    sum += k & 1n ? -term : term;
    terms++;
  }
  let [low, high] = [sum - 3n * terms - 4n, sum + 3n * terms + 4n];
  for (let step = 0; step < halvings; step++) {
    low = (low * low) >> guard;
    high = ((high * high) >> guard) + 1n;
  }
  const extra = guard - BigInt(bits);
  return { low: low >> extra, high: (high >> extra) + 1n };
}
