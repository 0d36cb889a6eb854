import type { ByteSource } from '../artifacts/types.ts';
import type { Dtype } from './dtypes.ts';

/** One file of a model. `path` is relative to the model's folder, with slashes. */
export interface WeightFile {
  readonly path: string;
  readonly source: ByteSource;
}

/** Where the numbers of one tensor lie. `length` in bytes, `offset` in `source`. */
export interface Tensor {
  readonly name: string;
  readonly file: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly source: ByteSource;
  readonly offset: number;
  readonly length: number;
}

/** Figures of one tensor; all but the counts are over its finite numbers, null where there are none or they overflow. */
export interface TensorFigures {
  readonly name: string;
  readonly file: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly offset: number;
  /** Numbers in it. */
  readonly count: number;
  readonly nan: number;
  readonly infinite: number;
  readonly zeros: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** Population standard deviation. */
  readonly std: number | null;
  /** Euclidean norm. */
  readonly l2: number | null;
  /** Excess kurtosis: 0 for a normal distribution; null for constant tensors. */
  readonly kurtosis: number | null;
  /** Different numbers among `sampled` ones taken evenly over the tensor (linear counting, about 1% off). */
  readonly distinct: { readonly sampled: number; readonly seen: number };
  /** Hex SHA-256 of the bytes. */
  readonly digest: string;
  readonly bits: BitFigures | null;
  readonly payloads: readonly TensorPayload[];
}

/** What the bits of the numbers look like; see docs/guide/weights.md for what can and cannot be told from them. */
export interface BitFigures {
  /** Windows into which the tensor was cut, and numbers in each (the last may be shorter). */
  readonly windows: number;
  readonly windowNumbers: number;
  /** Medians over the windows of the chi-square z-score against uniform bytes, for 1, 2, 4 and 8 low bits read in order. */
  readonly uniformity: Readonly<Record<PlaneName, number>>;
  /** Entropy of the uppermost byte of the numbers, median over windows, bits. */
  readonly topEntropyBits: number;
  /** Parts whose bits are of another kind than the rest of the tensor. */
  readonly parts: readonly OddPart[];
  /** Share of the numbers whose low bits look replaced, from the shape of the histogram; null where it cannot be told. */
  readonly replaced: { readonly bits: number; readonly share: number; readonly z: number } | null;
}

export type PlaneName = 'b1' | 'b2' | 'b4' | 'b8';

/** A contiguous run of windows; positions count numbers from the start of the tensor. */
export interface OddPart {
  readonly kind: 'structured-in-random' | 'random-in-structured' | 'flat-mantissa' | 'random-bytes';
  /** Which bits: low planes, or the byte counted from the lowest. */
  readonly where: string;
  readonly from: number;
  readonly to: number;
  readonly value: number;
  readonly usual: number;
}

export interface TensorPayload {
  readonly what: string;
  /** `bytes`, or the low bits that were read and in which order. */
  readonly where: string;
  /** First number of the tensor that carries it. */
  readonly at: number;
  readonly excerpt: string;
}

/** A tensor that stands out among those of its kind. */
export interface Outlier {
  readonly tensor: string;
  readonly file: string;
  readonly family: string;
  readonly members: number;
  readonly figure: 'rms' | 'kurtosis' | 'zeroShare' | 'meanOverStd' | 'maxOverRms';
  readonly value: number;
  readonly median: number;
  /** Robust z-score: .6745 × (value − median) / MAD, with a floor under the MAD. */
  readonly z: number;
  readonly threshold: number;
}

export interface WeightReport {
  readonly tensors: readonly TensorFigures[];
  readonly totals: {
    readonly tensors: number;
    readonly numbers: number;
    readonly bytes: number;
    /** Tensors left unmeasured: too many, or of a type without figures. */
    readonly unmeasured: number;
  };
  readonly families: readonly {
    readonly role: string;
    readonly members: number;
    readonly medianRms: number;
  }[];
  readonly outliers: readonly Outlier[];
  /** Groups of tensors with the same bytes. */
  readonly duplicates: readonly { readonly digest: string; readonly tensors: readonly string[] }[];
  /** Constant or all-zero tensors in families that are not. */
  readonly constants: readonly { readonly tensor: string; readonly family: string; readonly value: number }[];
  /** Files that hold no tensors this reader knows, or external data that are not there. */
  readonly notes: readonly string[];
}
