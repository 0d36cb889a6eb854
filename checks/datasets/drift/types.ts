import type { Steps } from '../neighbours/index.ts';
import type { CheckOutcome, Column, Share } from '../types.ts';

/** Batches of one table: each incoming one is compared with the accepted rows of its source. */
export interface ShiftInput {
  /** Features and, if it is to be watched, the label as a category. */
  readonly columns: readonly Column[];
  /** Batch of each row. */
  readonly batch: Column;
  /** Source of each row; absent: all rows are of one. */
  readonly source?: Column;
  /** Batches that are accepted history. Absent: each batch is compared with all others of its source. */
  readonly accepted?: readonly string[];
}

export interface ShiftOptions {
  readonly seed?: number;
  /** Probability of any finding where nothing has shifted, over all columns and batches; .01 when absent. */
  readonly level?: number;
  /** Least distance worth telling: KS and Jensen–Shannon distance, 0..1; .1 when absent. */
  readonly distance?: number;
}

/** How one column of a batch lies to its history. */
export interface ColumnShift {
  readonly column: string;
  readonly test: 'kolmogorov-smirnov' | 'g-test';
  /** KS distance or Jensen–Shannon distance (base 2), 0..1. */
  readonly distance: number;
  /** Wasserstein-1 in standard deviations of the history; null for categories. */
  readonly wasserstein: number | null;
  /** Before correction for many columns. */
  readonly p: number;
  /** `p` as an e-value: its betting calibration ½ p^−½; comparable and averageable between columns and days. */
  readonly e: number;
  readonly shifted: boolean;
}

/** Verdict on a batch. */
export interface BatchShift {
  readonly batch: string;
  readonly source: string | null;
  readonly rows: number;
  readonly history: number;
  readonly columns: readonly ColumnShift[];
  /** How well a model tells batch from history out of fold: AUC with its 95% interval; null for too few rows. */
  readonly auc: Share | null;
  readonly shifted: boolean;
}

export interface ShiftOutcome extends CheckOutcome {
  readonly batches: readonly BatchShift[];
}

export type CheckBatchShift = (input: ShiftInput, options?: ShiftOptions) => Steps<ShiftOutcome>;

/** So many of so many records of a day show something: a label, a slice's label, a novelty, a near-duplicate. */
export interface DripCount {
  /** What is counted, the same name every day, e.g. `zip=60601 rejected`. At most 200 characters. */
  readonly name: string;
  readonly hits: number;
  readonly total: number;
}

/** What a source brought on a day (or in a batch). */
export interface DripDay {
  /** Ascending whole numbers per source. */
  readonly day: number;
  readonly source: string;
  readonly counts: readonly DripCount[];
}

export interface DripOptions {
  /** False alarms a year over all sources and counts together, when each source reports once a day; 1 when absent. */
  readonly falseAlarmsPerYear?: number;
  /** Days that a source's count is only learnt from where no history was given; 30 when absent. */
  readonly learningDays?: number;
  /** Most counts watched; 20,000 when absent. Further ones are refused, so that an attacker cannot fill memory. */
  readonly mostCounts?: number;
  /**
   * Standard errors by which a learnt share is taken to be larger than it was; 2 when absent. Of many counts some are
   * learnt far too low: whoever watches hundreds for longer than they were learnt needs 3.5 or so.
   */
  readonly caution?: number;
}

export interface DripAlarm {
  readonly day: number;
  readonly source: string;
  /** The counts that carry the alarm, strongest first; at most 10. */
  readonly counts: readonly {
    readonly name: string;
    /** Share before the change, as learnt. */
    readonly usual: number;
    /** Share since the change, as estimated. */
    readonly now: number;
    /** Records more than usual since the estimated start. */
    readonly excess: number;
    /** Day on which the change most likely began. */
    readonly since: number;
  }[];
  /** Value of the e-detector and the threshold it passed. */
  readonly evidence: number;
  readonly threshold: number;
}

/** Plain data: what a monitor remembers, to be kept as JSON between days. */
export interface DripState {
  readonly version: 1;
  readonly streams: readonly DripStream[];
}

export interface DripStream {
  readonly source: string;
  readonly name: string;
  readonly lastDay: number;
  /** Accepted history: days, records, hits, and Σ hits² / records of the days, for their spread beyond chance. */
  readonly days: number;
  readonly total: number;
  readonly hits: number;
  readonly squares: number;
  /** Logarithms of the e-detectors, one for each share that is bet on; null for −∞. */
  readonly logs: readonly (number | null)[];
  /** What came since the share last looked usual. */
  readonly run: {
    readonly since: number;
    readonly hits: number;
    readonly total: number;
    readonly gain: number;
  };
}

export interface DripMonitor {
  /** Takes the sources' reports of a day; gives the alarms. DatasetInputError for a count that is none or a day twice. */
  readonly observe: (reports: readonly DripDay[]) => readonly DripAlarm[];
  /** Learns accepted history without watching it. */
  readonly learn: (reports: readonly DripDay[]) => void;
  /** Starts a source's detectors anew, after its alarm has been dealt with. */
  readonly reset: (source: string) => void;
  readonly state: () => DripState;
}

export type CreateDripMonitor = (options?: DripOptions, state?: DripState) => DripMonitor;
