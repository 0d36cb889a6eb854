import type { ScanTask } from '../../scans/worker/protocol.ts';
import type { WatchMemory } from '../memory.ts';
import type { Observed } from './watching.ts';

/** What the process counts. */
export interface WatchTask {
  /** `learn`: all records are accepted history. `observe`: records of `fresh` are held against it. */
  readonly is: 'learn' | 'observe';
  readonly content: ScanTask['content'];
  readonly label: string;
  readonly batch: string | null;
  readonly source: string | null;
  readonly falseAlarmsPerYear: number;
  /** Where each record came from: a place in `sources` (i32, little-endian), by record. */
  readonly origins: { readonly path: string; readonly sources: readonly (string | null)[] } | null;
  /** Source of the records where `origins` is null. */
  readonly sourceName: string | null;
  /** Place of the records that are watched; null: all are. */
  readonly fresh: number | null;
  /** Name of the day where no column tells batches. */
  readonly date: string;
  /** Rows in which records will come, as far as that is known; for `learn`. */
  readonly size: number;
  /** File with the memory, for `observe`. */
  readonly memory: string | null;
  /** File that the result is written to; must not exist. */
  readonly out: string;
}

/** What the result file holds, as JSON. */
export interface Watched {
  /** Null where there are too few records to learn from. */
  readonly memory: WatchMemory | null;
  readonly observed: readonly Observed[];
  readonly notes: readonly string[];
}
