import type { Labels, Probabilities } from '../labels/index.ts';
import type { Neighbours, Steps } from '../neighbours/index.ts';
import type { Group } from '../tabular/index.ts';
import type { CheckOutcome, Column, Matrix } from '../types.ts';

export interface OutlierInput {
  /** Numbers of comparable scale per column (`tableFeatures`, an embedding). */
  readonly features: Matrix;
  /** Of these features, when they are known already; at least 10 of each row. */
  readonly neighbours?: Neighbours;
  /** The table behind the features: numbers that lie apart from all others of their column are named too. */
  readonly columns?: readonly Column[];
  /** `cosine` for embeddings; `euclidean` when absent. */
  readonly metric?: 'euclidean' | 'cosine';
}

export interface OutlierOptions {
  /** 0..2⁵³−1; 0 when absent. */
  readonly seed?: number;
}

/** Records that lie apart from all others. DatasetInputError for a matrix that is empty or not finite. */
export type CheckOutliers = (input: OutlierInput, options?: OutlierOptions) => Steps<CheckOutcome>;

export interface AvailabilityInput {
  readonly features: Matrix;
  readonly labels?: Labels;
  /** Out-of-sample class probabilities of the rows, when they are known already (`judgeLabels`). */
  readonly probabilities?: Probabilities;
  readonly neighbours?: Neighbours;
  /** Batches and sources, whose noise is compared. */
  readonly groups?: readonly Group[];
  readonly metric?: 'euclidean' | 'cosine';
}

/** Noise that ruins a model as a whole: a batch, source or class full of wrong labels or of noise, empty rows. */
export type CheckAvailability = (input: AvailabilityInput, options?: OutlierOptions) => Steps<CheckOutcome>;
