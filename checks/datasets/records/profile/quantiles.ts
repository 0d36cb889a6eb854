import type { Random } from '../../../statistics/random.ts';

/** Items of the largest level; the error of a rank is about 1.33% × 200/K at 99%: 0.33%. */
const K = 800;
const SHRINK = 2 / 3;
/** Of the lower levels: more than accuracy needs, since few large sorts take less time than many small ones. */
const LEAST = 256;

/** Quantiles of a stream of numbers; mergeable. */
export interface QuantileSketch {
  /** NaN is left out by the caller. */
  readonly add: (value: number) => void;
  readonly addAll: (values: Float64Array) => void;
  readonly merge: (other: QuantileSketch) => void;
  /** The value of which a share `p` (0..1) of all values is no larger; NaN where there are none. */
  readonly quantile: (p: number) => number;
  readonly levels: () => readonly (readonly number[])[];
}

/** KLL (Karnin, Lang, Liberty, 2016, arXiv 1603.05346): 3 K numbers and LEAST for each level, ranks within 0.33% at 99%, for any order of values. */
export function createQuantileSketch(random: Pick<Random, 'uint32'>): QuantileSketch {
  const levels: number[][] = [[]];
  const capacity = (level: number): number =>
    Math.max(LEAST, Math.ceil(K * SHRINK ** (levels.length - 1 - level)));

  /** Every second of a level's sorted items goes up, from the first or the second by chance; of an odd number one stays. */
  function compact(): void {
    for (let level = 0; level < levels.length; level++) {
      const items = levels[level] as number[];
      if (items.length < capacity(level)) continue;
      if (level + 1 === levels.length) levels.push([]);
      const sorted = new Float64Array(items).sort();
      const odd = sorted.length % 2;
      const first = odd === 1 && (random.uint32() & 1) === 1 ? 1 : 0;
      const end = first + sorted.length - odd;
      const above = levels[level + 1] as number[];
      for (let i = first + (random.uint32() & 1); i < end; i += 2) above.push(sorted[i] as number);
      levels[level] = odd === 0 ? [] : [sorted[first === 1 ? 0 : end] as number];
    }
  }

  return Object.freeze({
    addAll: (values: Float64Array) => {
      const lowest = levels[0] as number[];
      for (const value of values) lowest.push(value);
      if (lowest.length >= capacity(0)) compact();
    },
    add: (value: number) => {
      (levels[0] as number[]).push(value);
      if ((levels[0] as number[]).length >= capacity(0)) compact();
    },
    merge: (other: QuantileSketch) => {
      other.levels().forEach((items, level) => {
        while (levels.length <= level) levels.push([]);
        for (const item of items) (levels[level] as number[]).push(item);
      });
      compact();
    },
    quantile: (p: number) => {
      const weighted = levels.flatMap((items, level) =>
        items.map((value) => ({ value, weight: 2 ** level })),
      );
      weighted.sort((a, b) => a.value - b.value);
      const target = p * weighted.reduce((sum, { weight }) => sum + weight, 0);
      let rank = 0;
      for (const { value, weight } of weighted) {
        rank += weight;
        if (rank >= target) return value;
      }
      return weighted.at(-1)?.value ?? Number.NaN;
    },
    levels: () => levels,
  });
}
