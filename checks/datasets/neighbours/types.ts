import type { Matrix, Share } from '../types.ts';

/** How far a long computation has come. `done` and `total` count the work of this stage, in units of its own. */
export interface Progress {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
}

/**
 * A computation cut into slices of about a hundredth of a second to a few tenths. Each `next()` does one slice; to
 * abort is to call it no more. `finish` runs it to its end, `finishAsync` lets other work in between.
 */
export type Steps<Result> = Generator<Progress, Result, void>;

/** `euclidean` on numbers of different units wants `standardised` first; `cosine` is for embeddings. */
export type Metric = 'euclidean' | 'cosine';

export interface NeighbourOptions {
  /** Neighbours of each row, 1..1,000; fewer where there are fewer other rows. */
  readonly k: number;
  /** `euclidean` when absent. */
  readonly metric?: Metric;
  /** `auto` (when absent): exact up to `EXACT_ROWS` rows, above them by an approximate search. */
  readonly search?: 'auto' | 'exact' | 'approximate';
  /** Seed of the approximate search, 0..2⁵³−1; 0 when absent. */
  readonly seed?: number;
}

/** The nearest other rows of every row, nearest first, equal distances by row. */
export interface Neighbours {
  readonly rows: number;
  readonly k: number;
  /** `rows` × `k` rows from 0, never the row itself. */
  readonly indices: Int32Array;
  /** `rows` × `k` Euclidean distances, or cosine distances 0..2. */
  readonly distances: Float32Array;
  readonly metric: Metric;
  /**
   * Share of the true nearest neighbours that were found, measured on rows drawn by lot against an exact search;
   * 1 without an interval where the search was exact. A neighbour as near as the k-th true one counts as found.
   */
  readonly recall: Share;
}

export type FindNeighbours = (matrix: Matrix, options: NeighbourOptions) => Steps<Neighbours>;
