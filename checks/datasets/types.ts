import type { FrameworkRef } from '../define.ts';

/** Numbers of rows × columns, row by row. `values.length` is `rows * columns`. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array | Float64Array;
}

/** A column of a dataset in memory; all columns of a dataset have the same number of rows. */
export type Column =
  /** NaN where the value is missing. */
  | { readonly kind: 'number'; readonly name: string; readonly values: Float64Array }
  /** Row i has the value `values[codes[i]]`; -1 where it is missing. */
  | {
      readonly kind: 'category';
      readonly name: string;
      readonly codes: Int32Array;
      readonly values: readonly string[];
    }
  | { readonly kind: 'text'; readonly name: string; readonly values: readonly (string | null)[] };

/** Pictures of one size: rows × height × width × channels, row by row; 0..255, or 0..1 in floats. */
export interface Images {
  readonly rows: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly values: Uint8Array | Float32Array;
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

/** What one check makes of a dataset. */
export interface CheckOutcome {
  /**
   * Per row 0..1: how probable it is that the record is bad, as far as this check can tell. Comparable between checks:
   * what a check has nothing against stays below 0.5, what it would name in a finding is above.
   */
  readonly scores: Float32Array;
  /** The rows above 0.5 with their reasons, most suspicious first; equal scores by row. */
  readonly suspects: readonly Suspect[];
  readonly findings: readonly DatasetFinding[];
  /** What this check, with these inputs, cannot see. */
  readonly blindSpots: readonly string[];
}

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
