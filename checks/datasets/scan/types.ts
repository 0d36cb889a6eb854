import type { Labels } from '../labels/index.ts';
import type { Steps } from '../neighbours/index.ts';
import type { CheckOutcome, Column, DatasetReport, Images, Matrix } from '../types.ts';

/** What the columns of a table are to a scan; names of columns. */
export interface Roles {
  /** What the records are classified as. */
  readonly label: string | null;
  /** The text of a record, that a language model would be trained on or that would be retrieved. */
  readonly text: string | null;
  /** Everything that a model may learn from, the text left out. */
  readonly features: readonly string[];
  /** Which delivery a record came with; the order of its values is the order of time. */
  readonly batch: string | null;
  /** Who or what a record came from. */
  readonly source: string | null;
  /** Of fine-tuning pairs. */
  readonly prompt: string | null;
  readonly response: string | null;
  /** Who may read a record, of a knowledge base. */
  readonly access: string | null;
  /** Of a table with one annotator's label per row. */
  readonly annotators: AnnotatorColumns | null;
  /** Whether the records are documents that a language model will be given to read. */
  readonly knowledgeBase: boolean;
}

export interface AnnotatorColumns {
  readonly item: string;
  readonly annotator: string;
  readonly label: string;
}

/** A table in memory. Every column has the same number of rows; columns without a role are kept for the quality checks. */
export interface TableToScan {
  readonly columns: readonly Column[];
  readonly roles: Roles;
  /** Records that a model is tested on, with the same columns: what of them stands in the table already is a leak. */
  readonly test?: readonly Column[];
  /** Accepted earlier records with the same columns, oldest first. */
  readonly history?: readonly (readonly Column[])[];
  /** Rules as a document (JSON); judged by the check of rules. */
  readonly rules?: unknown;
}

export interface ScanOptions {
  /** Names of checks, with or without `datasets/`; all that apply when absent. */
  readonly checks?: readonly string[];
  /** 0..2⁵³−1; 0 when absent. */
  readonly seed?: number;
}

/** What became of one check. */
export interface CheckRun {
  /** Name without `datasets/`, as `--checks` takes it. */
  readonly name: string;
  readonly state: 'ran' | 'left-out' | 'failed';
  /** Why it was left out or failed; null where it ran. */
  readonly reason: string | null;
  /** Rows that it scored at .5 or more. */
  readonly suspects: number;
}

export interface ScanReport extends DatasetReport {
  /** Per row 0..1: how much speaks against it, all checks together. `records` are the rows at .5 or more. */
  readonly scores: Float64Array;
  readonly checks: readonly CheckRun[];
}

/**
 * What a check is for. What `poisoning` finds decides the ranking; `quality` (missing values, personal data, …) puts a
 * record on the list, behind all that poisoning put there.
 */
export type Purpose = 'poisoning' | 'quality';

/** One check with its inputs, ready to run. */
export interface PlannedCheck {
  /** Name without `datasets/`, as `--checks` takes it. */
  readonly name: string;
  readonly purpose: Purpose;
  /** The one whose order of the records holds where no check names any; the first such plan counts. */
  readonly leads?: boolean;
  /** Makes the outcome; DatasetInputError where these data cannot be judged by it. */
  readonly run: () => Steps<CheckOutcome>;
}

/**
 * Scans a table: label errors, triggers, slices, outliers, drift, quality, as far as the roles of the columns allow.
 * DatasetInputError where nothing can be judged, and for names of checks that do not apply.
 */
export type ScanTable = (input: TableToScan, options?: ScanOptions) => Steps<ScanReport>;

/** Scans pictures; without labels only for what needs none. Errors as `ScanTable`. */
export type ScanImages = (images: Images, labels: Labels | null, options?: ScanOptions) => Steps<ScanReport>;

/** Scans what a trained model makes of the records (rows × units), with their labels. Errors as `ScanTable`. */
export type ScanActivations = (
  activations: Matrix,
  labels: Labels,
  options?: ScanOptions,
) => Steps<ScanReport>;
