import type { Schema } from '@bartizan/checks/datasets/records/index.ts';
import type { DatasetFinding, Suspect } from '@bartizan/checks/datasets/types.ts';
import type { DataFormat, DataReadOptions, DataScanOptions } from '@bartizan/contracts';

/** What the process scans. */
export interface ScanTask {
  readonly content: {
    readonly path: string;
    readonly format: DataFormat;
    readonly options: DataReadOptions;
    readonly schema: Schema;
  };
  readonly options: DataScanOptions;
  /** Column with the label that the dataset names; null where it names none. */
  readonly label: string | null;
  /** What brought the records in, where there is more than one; null otherwise. */
  readonly origins: RecordedOrigins | null;
  /** File that the result is written to; must not exist. */
  readonly out: string;
  readonly maxRecords: number;
  readonly maxFindings: number;
}

/** Where each record came from, as far as the server knows by itself. */
export interface RecordedOrigins {
  /** File with a number (i32, little-endian) for each record: a place in the lists below; -1 where it is not known. */
  readonly path: string;
  /** In the order in which they came in. */
  readonly batches: readonly string[];
  readonly sources: readonly (string | null)[];
}

/** A finding with all its rows, where the check or its reasons name them all. */
export interface ScannedFinding extends DatasetFinding {
  /** Rows from 0, ascending. */
  readonly allRows: readonly number[];
}

/** What the result file holds, as JSON. */
export interface Scanned {
  readonly rows: number;
  /** Rows at .5 or more; `records` has the first of them. */
  readonly suspected: number;
  readonly records: readonly Suspect[];
  readonly findings: readonly ScannedFinding[];
  readonly blindSpots: readonly string[];
  /** Names of columns as the scan took them. */
  readonly columns: readonly string[];
}
