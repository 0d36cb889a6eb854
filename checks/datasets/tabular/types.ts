import type { Labels } from '../labels/index.ts';
import type { Steps } from '../neighbours/index.ts';
import type { CheckOutcome, Column, Matrix } from '../types.ts';

/** A column that tells where records came from: an ingestion batch, a source, an annotator. Never a feature. */
export interface Group {
  readonly name: string;
  readonly column: Column;
}

/** A labelled table. All columns and the labels have the same number of rows. */
export interface TableInput {
  /** The features alone: without the label, without identifiers of records, without the groups. */
  readonly columns: readonly Column[];
  readonly labels: Labels;
  /** Where the records came from, when that is known. */
  readonly groups?: readonly Group[];
}

export interface TableOptions {
  /** 0..2⁵³−1; 0 when absent. */
  readonly seed?: number;
  /** Probability that a clean dataset gives any finding, under the check's own null, 0 < level ≤ .2; .01 when absent. */
  readonly level?: number;
  /** Most findings, 1..100; 20 when absent. */
  readonly findings?: number;
}

/** A check of a labelled table. DatasetInputError for columns or labels that cannot be judged. */
export type CheckTable = (input: TableInput, options?: TableOptions) => Steps<CheckOutcome>;

/** A table as numbers, rows × bounded width, all finite. DatasetInputError where no column can be used. */
export type TableFeatures = (columns: readonly Column[], options?: { readonly seed?: number }) => Matrix;
