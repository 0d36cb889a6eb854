import { extname } from 'node:path';
import { openFolder } from './folder.ts';
import { openNpy } from './npy.ts';
import { openTable } from './table.ts';
import { type Format, type OpenDataset, ReadError, type ReadOptions } from './types.ts';

export { createLeafFile, type LeafFileWriter, openLeafFile } from './leaf-file.ts';
export { type NumberArray, readNpy } from './npy.ts';
export { createFileSpill } from './spill.ts';
export { type Format, type OpenDataset, ReadError, type ReadLimits, type ReadOptions } from './types.ts';

const ENDINGS: Readonly<Record<string, Format>> = Object.freeze({
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.tab': 'tsv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.parquet': 'parquet',
  '.npy': 'npy',
});

/** The format that the ending of a name stands for; null for others (folders have to be named as texts or images). */
export const formatOf = (path: string): Format | null => ENDINGS[extname(path).toLowerCase()] ?? null;

/**
 * Opens a file or folder as records. Memory is bounded whatever its size; `close` when done. ReadError, with line and
 * column where they are known, for what cannot be read, while opening or later from `chunks()`.
 */
export async function openDataset(path: string, options: ReadOptions = {}): Promise<OpenDataset> {
  const format = options.format ?? formatOf(path);
  switch (format) {
    case null:
      throw new ReadError(
        `The ending of the name is none of ${Object.keys(ENDINGS).join(' ')}: name the format.`,
      );
    case 'npy':
      return openNpy(path, options);
    case 'texts':
    case 'images':
      return openFolder(path, format, options);
    default:
      return openTable(path, format, options);
  }
}
