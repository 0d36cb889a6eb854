import type { ArtifactFinding, ScanOutcome } from '@bartizan/checks/artifacts/types.ts';
import type { DeltaSummary, TensorRows } from '@bartizan/checks/weights/index.ts';

/** A file that the process may read. Its number is its place in the list. */
export interface ToldFile {
  /** How the others name it: below the folder of the file that is judged, or below that of the model. */
  readonly path: string;
  readonly size: number;
}

/**
 * - `file`: judge the first file, alone. - `weights`: the weights of the first file, of which parts lie in the others.
 * - `compare`: the weights of all, of which the first `bases` are those of the base.
 */
export type Task =
  | { readonly is: 'file'; readonly files: readonly ToldFile[]; readonly weights: boolean }
  | { readonly is: 'weights'; readonly files: readonly ToldFile[] }
  | { readonly is: 'compare'; readonly files: readonly ToldFile[]; readonly bases: number };

/** What the server says to the process that reads files. Bytes come in answer to `read` only. */
export type ToWorker =
  | { readonly type: 'do'; readonly task: Task; readonly memoryBytes: number }
  | { readonly type: 'bytes'; readonly id: number; readonly bytes: Uint8Array };

/** What came of a task. */
export interface Judged {
  readonly outcome: ScanOutcome;
  /** Null where there are none. */
  readonly weights: (TensorRows & { readonly asked: readonly string[] }) | null;
  /** Null where nothing was, or could be, compared. */
  readonly delta: DeltaSummary | null;
}

export type FromWorker =
  | { readonly type: 'ready' }
  | {
      readonly type: 'read';
      readonly id: number;
      readonly file: number;
      readonly offset: number;
      readonly length: number;
    }
  | { readonly type: 'reached'; readonly offset: number }
  /** Found on the way: what counts where the task does not come to its end. */
  | { readonly type: 'found'; readonly finding: ArtifactFinding }
  | ({ readonly type: 'judged' } & Judged)
  /** The scanner itself broke off, by a fault of ours; `where` is the first line of its stack, without content. */
  | { readonly type: 'broken'; readonly where: string };

/** Findings that are told on the way, and kept, for one task. */
export const MOST_TOLD = 1_000;

/** The process ends with this when it has taken more memory than it may. */
export const EXIT_MEMORY = 76;
