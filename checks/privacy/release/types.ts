import type { Neighbours, PrivacyCost, RandomBits } from '../types.ts';

export type ReleaseValues =
  /** NaN where missing. */
  | { readonly kind: 'number'; readonly values: Iterable<number> }
  /** null where missing. */
  | { readonly kind: 'category'; readonly values: Iterable<string | null> };

export interface ReleaseOptions {
  readonly random: RandomBits;
  readonly neighbours: Neighbours;
}

/** What the noise alone does to a value; no more than the parameters of the release say, so it costs nothing. */
export interface NoiseUncertainty {
  /** Standard deviation of the noise, in the unit of the value; null where it cannot be said without the data. */
  readonly standardError: number | null;
  /** 95% interval for the value without noise (of the clamped, rounded data); null likewise. */
  readonly interval: readonly [low: number, high: number] | null;
}

export interface ReleasedBin extends NoiseUncertainty {
  readonly category: string;
  readonly value: number;
}

export type ReleasedValue =
  | ({ readonly kind: 'count' | 'sum' | 'mean'; readonly value: number } & NoiseUncertainty)
  | {
      readonly kind: 'histogram';
      readonly bins: readonly ReleasedBin[];
      /** Bins that come out below it are left out; null where the categories were given. */
      readonly threshold: number | null;
    }
  | ({
      readonly kind: 'quantile';
      readonly value: number;
      /** With 95% probability the value is off by at most so many ranks; says nothing of distance. */
      readonly rankError: number;
    } & NoiseUncertainty);

export type Release = ReleasedValue & {
  readonly column: string | null;
  readonly neighbours: Neighbours;
  readonly spent: PrivacyCost;
  /** What the reader must know: rounding, clamping, what the guarantee is about. */
  readonly notes: readonly string[];
};
