import type { FrameworkRef } from '../define.ts';

/** Numbers of rows × columns, row by row. `values.length` is `rows * columns`. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array | Float64Array;
}

export type DatasetSeverity = 'info' | 'low' | 'medium' | 'high' | 'critical';

/** Why a record is suspected. `check` is the id of the check, e.g. `datasets/label-errors`. */
export interface Reason {
  readonly check: string;
  /** One sentence for the person who decides; parts of the record are cut to a bounded length and may hold anything. */
  readonly message: string;
}

/** A record and how much speaks against it, 0 (nothing) to 1. */
export interface Suspect {
  /** Place in the dataset, from 0. */
  readonly row: number;
  readonly score: number;
  readonly reasons: readonly Reason[];
}

/** A share with its 95% interval (Wilson), 0..1. */
export interface Share {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Something about a dataset, or a group of its records, that a person should decide on. */
export interface DatasetFinding {
  readonly check: string;
  readonly title: string;
  readonly severity: DatasetSeverity;
  readonly message: string;
  /** Rows from 0, ascending; at most `MAX_ROWS_NAMED`, `count` says how many there are. */
  readonly rows: readonly number[];
  readonly count: number;
  /** Share of the rows that are truly bad, as far as the check can tell; null where it cannot. */
  readonly precision: Share | null;
  /** What it rests on: short names, counts and statistics. */
  readonly evidence: Readonly<Record<string, string | number | boolean>>;
  readonly maps: readonly FrameworkRef[];
}

export const MAX_ROWS_NAMED = 10_000;

/** What a scan of a dataset gives. */
export interface DatasetReport {
  /** Most suspicious first; equal scores by row. */
  readonly records: readonly Suspect[];
  readonly findings: readonly DatasetFinding[];
  /** What this scan, with these inputs, cannot see; said to the reader every time. */
  readonly blindSpots: readonly string[];
}

/** Input that cannot be scanned as it is; the message says what to do. */
export class DatasetInputError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DatasetInputError';
  }
}
