import type { Chunk, DatasetProfile, Schema } from '@bartizan/checks/datasets/records/index.ts';
import type {
  DataFormat,
  DataReadOptions,
  DatasetDiff,
  DatasetDiffEntry,
  DataTampering,
} from '@bartizan/contracts';
import type { Limits } from '../../confined/limits.ts';
import type { Ending } from '../../confined/start.ts';

/** Content that the process may read. */
export interface Readable {
  /** A file, or a folder of texts or images. */
  readonly path: string;
  readonly format: DataFormat;
  readonly options: DataReadOptions;
  /** The schema that records are hashed under; inferred where absent, and of folders their own. */
  readonly schema?: Schema;
}

/** What was kept of a version; digests in lower-case hexadecimal. */
export interface Kept {
  readonly rows: number;
  readonly root: string;
  readonly schemaDigest: string;
  /** Files; null where they are not there. */
  readonly leaves: string | null;
  readonly blocks: string | null;
}

/**
 * What the process is asked for. Paths of files that it writes must not exist; all lie in its folder.
 * - `hash`: read content, hash every record. - `reference`: hold a leaf file against what a client says of it.
 * - `origins`: where the records of a later version came from, given those of the one before. - `returns`: how many records
 *   of refused versions stand in another one. - `compare`, `keyed`: what differs. - `verify`: hold content against what was kept. - `stream`: the records from `from` on, chunk by chunk.
 * - `pick`: the records at a few places.
 */
export type Task =
  | {
      readonly is: 'hash';
      readonly content: Readable;
      readonly label: string | null;
      readonly leaves: string;
      readonly blocks: string;
    }
  | {
      readonly is: 'reference';
      readonly manifest: string;
      readonly leaves: string;
      readonly label: string | null;
      readonly blocks: string;
    }
  | {
      readonly is: 'origins';
      readonly was: string;
      readonly now: string;
      /** File with a number (u32, little-endian) for each earlier record; null: all are 0. */
      readonly wasOrigins: string | null;
      /** Number that stands for what is new. */
      readonly fresh: number;
      readonly out: string;
    }
  | {
      readonly is: 'returns';
      readonly now: string;
      /** Leaf files. */
      readonly files: readonly string[];
      /** `was`: place in `files` of a refused version; `known`: of versions whose records are accepted. */
      readonly refused: readonly { readonly was: number; readonly known: readonly number[] }[];
    }
  | { readonly is: 'compare'; readonly was: string; readonly now: string; readonly limit: number }
  | {
      readonly is: 'keyed';
      readonly was: Readable;
      readonly now: Readable;
      readonly keys: readonly string[];
      readonly limit: number;
    }
  | { readonly is: 'verify'; readonly content: Readable | null; readonly kept: Kept; readonly limit: number }
  | { readonly is: 'stream'; readonly content: Readable; readonly from: number }
  | { readonly is: 'pick'; readonly content: Readable; readonly rows: readonly number[] };

/** What content came to. Digests in lower-case hexadecimal. */
export interface Hashed {
  readonly rows: number;
  /** Of what was read. */
  readonly bytes: number;
  readonly root: string;
  readonly schemaDigest: string;
  readonly schema: Schema;
  readonly profile: DatasetProfile;
}

export interface Referred extends Hashed {
  readonly location: string;
}

export interface Origins {
  /** Records by number, of those that occur. */
  readonly counts: readonly (readonly [number, number])[];
}

/** In the order of `refused`. Records that are accepted count in neither; copies count one by one. */
export interface Returns {
  readonly counts: readonly {
    /** Records that the refused version has beyond what is accepted. */
    readonly own: number;
    /** Of these, how many the later version has again. */
    readonly back: number;
  }[];
}

export interface Compared {
  readonly same: boolean;
  readonly counts: DatasetDiff['counts'];
  readonly schema: DatasetDiff['schema'];
  readonly entries: readonly DatasetDiffEntry[];
}

/** Records as people are shown them, ascending by row. */
export interface Picked {
  readonly schema: Schema;
  readonly items: readonly {
    readonly row: number;
    readonly values: readonly unknown[];
    readonly cut: readonly string[];
  }[];
  /** False where the answer is as long as it may be. */
  readonly complete: boolean;
}

export interface Verified {
  /** Records of what lies there now; of a reference, leaves. */
  readonly rows: number;
  readonly tamperings: readonly DataTampering[];
  readonly counts: Readonly<Record<string, number>>;
}

export interface Results {
  readonly hash: Hashed;
  readonly reference: Referred;
  readonly origins: Origins;
  readonly returns: Returns;
  readonly compare: Compared;
  readonly keyed: Compared;
  readonly verify: Verified;
  readonly stream: { readonly schema: Schema; readonly bytes: number };
  readonly pick: Picked;
}

/** What the server says to the process. */
export type ToWorker =
  | { readonly type: 'do'; readonly task: Task; readonly limits: Limits }
  /** Asks for a chunk, of `stream`. */
  | { readonly type: 'next' };

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'progress'; readonly rows: number; readonly stage: string }
  | { readonly type: 'opened'; readonly schema: Schema; readonly bytes: number }
  /** `first`: place of its first record; null: there is no more. */
  | { readonly type: 'chunk'; readonly first: number; readonly chunk: Chunk | null }
  | { readonly type: 'done'; readonly result: Results[keyof Results] }
  | Ending;
