import type { RecordStream, Schema } from '../records/index.ts';

/** A file, or the part of one, that cannot be read as what it claims to be. The message says where and what to do. */
export class ReadError extends Error {
  /** Line of the file, from 1, where that is known. */
  readonly line: number | null;
  /** Name of the column, where that is known. */
  readonly column: string | null;
  /** The message for those who may not read the file's records: without what stands in it. */
  readonly shown: string;
  constructor(
    message: string,
    where: {
      readonly line?: number | null;
      readonly column?: string | null;
      readonly shown?: string;
    } & ErrorOptions = {},
  ) {
    super(message, where);
    this.shown = where.shown ?? message;
    this.name = 'ReadError';
    this.line = where.line ?? null;
    this.column = where.column ?? null;
  }
}

export type TableFormat = 'csv' | 'tsv' | 'jsonl' | 'parquet';
export type Format = TableFormat | 'npy' | 'texts' | 'images';

export interface ReadLimits {
  /** Bytes of the file, or of all files of a folder. Default 1 TiB. */
  readonly fileBytes?: number;
  /** Wall-clock time from opening to the last chunk, ms. Default 6 hours. */
  readonly timeoutMs?: number;
  /** What DuckDB may hold, bytes. Default 512 MiB. */
  readonly memoryBytes?: number;
  /** Threads of DuckDB. Default 2. */
  readonly threads?: number;
}

export interface ReadOptions {
  /** By the ending of the name where left out. */
  readonly format?: Format;
  /**
   * Names and types that are read, in this order; the file may hold more columns. Left out, they are inferred: of CSV
   * and TSV from the values, where whole numbers with leading zeros (postcodes, account numbers) stay text.
   */
  readonly schema?: Schema;
  /** CSV only: the character between columns. Inferred from the first line where left out; a tab in TSV. */
  readonly delimiter?: string;
  /** CSV and TSV only: whether the first line names the columns. Default true. */
  readonly header?: boolean;
  /**
   * CSV, TSV and JSONL only: records that cannot be read are left out (of JSONL, what cannot be read of them is
   * missing), so that the others can still be looked at. Default false: they are a ReadError.
   */
  readonly skipsUnreadable?: boolean;
  readonly limits?: ReadLimits;
}

/** A dataset that was opened; every `chunks()` reads it from the start. Chunks are good until the next one. */
export interface OpenDataset extends RecordStream {
  readonly format: Format;
  /** Bytes of the file or files. */
  readonly bytes: number;
  readonly close: () => Promise<void>;
}
