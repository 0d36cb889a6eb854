import type { Dtype } from '../dtypes.ts';

/** How one tensor differs from the base's tensor of the same name. */
export interface TensorDelta {
  readonly name: string;
  readonly state: 'unchanged' | 'changed' | 'added' | 'removed' | 'reshaped';
  readonly dtype: Dtype;
  /** Shape in the model; in the base where it was removed. */
  readonly shape: readonly number[];
  /** Null unless changed. */
  readonly change: Change | null;
}

/** Figures of the difference `model − base`, over the rows that both have. */
export interface Change {
  readonly numbers: number;
  readonly changed: number;
  /** Euclidean norm of the difference over that of the base; null for a base of zeros. */
  readonly relative: number | null;
  readonly l2: number;
  readonly maxAbs: number;
  /** Rows and columns (all further dimensions together) that differ, and the share of the squared norm in the top one. */
  readonly rows: {
    readonly of: number;
    readonly changed: number;
    readonly topShare: number;
    readonly top: number;
  };
  readonly columns: {
    readonly of: number;
    readonly changed: number;
    readonly topShare: number;
    readonly top: number;
  };
  /** Share of the squared norm that rounding to the model's type alone explains. */
  readonly roundingShare: number;
  /** Null for vectors, small matrices and those too large to sketch. */
  readonly rank: RankFigures | null;
}

export interface RankFigures {
  /** Singular values that were looked for. */
  readonly sketch: number;
  /** Singular values above what noise of the rest's energy gives; `sketch` means at least that many. */
  readonly signal: number;
  /** Share of the squared norm in these. */
  readonly signalShare: number;
  /** Squared norm over the square of the largest singular value. */
  readonly stable: number;
  /** The largest singular values, falling. */
  readonly values: readonly number[];
  readonly isLow: boolean;
}

/**
 * - `identical`: nothing differs. - `conversion`: only rounding to another type. - `fine-tune`: most matrices, at high
 * rank. - `adapter`: low rank in many layers, as a merged LoRA. - `low-rank-edit`: low rank in one or few matrices, as
 * ROME and MEMIT make. - `rows`: single rows of a table, as of token embeddings. - `neurons`: single rows or columns of
 * a layer. - `last-layer`: only the head. - `partial`: some of the layers. - `different`: other tensors.
 */
export type DeltaKind =
  | 'identical'
  | 'conversion'
  | 'fine-tune'
  | 'adapter'
  | 'low-rank-edit'
  | 'rows'
  | 'neurons'
  | 'last-layer'
  | 'partial'
  | 'different';

export interface DeltaReport {
  readonly kind: DeltaKind;
  readonly tensors: readonly TensorDelta[];
  readonly counts: Readonly<Record<TensorDelta['state'], number>>;
  /** Tensors that carry the difference, largest first, at most 20. */
  readonly top: readonly string[];
  readonly notes: readonly string[];
}
