import type { DatasetFinding, Suspect } from '../../types.ts';
import type { NamedRoles } from '../roles.ts';
import type { Roles, ScanReport } from '../types.ts';

export type { NamedRoles } from '../roles.ts';

export type TableFormat = 'csv' | 'tsv' | 'jsonl' | 'parquet';

export interface TableFile {
  readonly path: string;
  /** By the ending of the name when absent. */
  readonly format?: TableFormat;
}

/** What to scan; paths of files that the worker may read. Plain JSON. */
export type ScanSource =
  | {
      readonly kind: 'table';
      readonly file: TableFile;
      readonly roles: NamedRoles;
      readonly test?: TableFile;
      readonly history?: readonly TableFile[];
      /** A JSON document of rules. */
      readonly rules?: string;
    }
  /** npy files: pictures as rows × height × width (× channels), labels as whole numbers. */
  | { readonly kind: 'images'; readonly images: string; readonly labels: string | null }
  /** npy files: out-of-sample probabilities as rows × classes. */
  | { readonly kind: 'probabilities'; readonly probabilities: string; readonly labels: string }
  /** npy files: a model's activations as rows × units. */
  | { readonly kind: 'activations'; readonly activations: string; readonly labels: string };

export interface ScanLimits {
  /** Most rows; 2,000,000 when absent, and never more. */
  readonly rows?: number;
  /** Wall-clock time of the whole scan; an hour when absent. */
  readonly timeoutMs?: number;
  /** Memory for values on the heap of the worker, MiB; 4,096 when absent. */
  readonly heapMiB?: number;
}

export interface ScanJob {
  readonly source: ScanSource;
  readonly checks?: readonly string[];
  readonly seed?: number;
  readonly limits?: ScanLimits;
}

/** How far a scan is: a stage in words, and its part that is done, 0..1 (null where unknown). */
export interface ScanProgress {
  readonly stage: string;
  readonly part: number | null;
}

/** The whole result, as JSON in the result file; the scores of all rows lie beside it as float64, little-endian. */
export interface ScanResult {
  readonly rows: number;
  /** What the columns were taken for; null for arrays. */
  readonly roles: Roles | null;
  /** Rows at .5 or more, most suspicious first. */
  readonly records: readonly Suspect[];
  readonly findings: readonly DatasetFinding[];
  readonly blindSpots: readonly string[];
  readonly checks: ScanReport['checks'];
}

/** Why there is no result: `input` is for the user to mend, `fault` is ours, `limit` is time, memory or size. */
export type ScanFailureKind = 'input' | 'limit' | 'fault' | 'stopped';
