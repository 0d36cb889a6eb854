import type { Schema } from '@bartizan/checks/datasets/records/index.ts';
import type { DataFormat, DataReadOptions } from '@bartizan/contracts';

export interface CleaningContent {
  readonly path: string;
  readonly format: DataFormat;
  readonly options: DataReadOptions;
  /** The one that records are hashed under; absent where the format has its own. */
  readonly schema?: Schema;
}

/** Files of rows hold u32, little-endian, ascending. All paths are ours; those that are written must not exist. */
export type CleaningTask =
  /** Rows whose column has one of the values. */
  | {
      readonly is: 'select';
      readonly content: CleaningContent;
      readonly column: string;
      readonly values: readonly string[];
      readonly rows: string;
    }
  /** The content without the rows. */
  | {
      readonly is: 'rewrite';
      readonly content: CleaningContent;
      readonly rows: string;
      /** File of the new content; of folders a list (JSON) of the paths that stay. */
      readonly out: string;
      /** File of what was removed: for each record its row (u32, little-endian) and its hash (32 bytes). */
      readonly removed: string;
    };

export interface CleaningResults {
  readonly select: { readonly rows: number };
  readonly rewrite: { readonly kept: number; readonly removed: number };
}
