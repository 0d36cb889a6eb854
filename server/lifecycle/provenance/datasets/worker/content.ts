import { open } from 'node:fs/promises';
import { type OpenDataset, openDataset } from '@bartizan/checks/datasets/read/index.ts';
import type { DatasetProfile, Schema } from '@bartizan/checks/datasets/records/index.ts';
import { DatasetInputError } from '@bartizan/checks/datasets/types.ts';
import type { Limits } from '../../confined/limits.ts';
import type { FromWorker, Readable } from './protocol.ts';

export interface TaskHooks {
  readonly limits: Limits;
  readonly progress: (rows: number, stage: string) => void;
  readonly say: (message: FromWorker) => void;
  /** Resolves when another chunk is asked for. */
  readonly wanted: () => Promise<void>;
}

/** DuckDB's share of what the process may hold. */
const DUCKDB_SHARE = 0.4;

/** Opens content within the limits of the process. */
export function openContent(
  { path, format, options, schema }: Readable,
  limits: Limits,
  { skipsUnreadable = false } = {},
): Promise<OpenDataset> {
  const { contentBytes: fileBytes, timeMs: timeoutMs, memoryBytes } = limits;
  const folder = format === 'texts' || format === 'images';
  const wanted = folder ? undefined : (schema ?? options.schema);
  return openDataset(path, {
    format,
    ...(options.delimiter === undefined ? {} : { delimiter: options.delimiter }),
    ...(options.header === undefined ? {} : { header: options.header }),
    ...(wanted === undefined ? {} : { schema: wanted }),
    skipsUnreadable,
    limits: { fileBytes, timeoutMs, memoryBytes: Math.floor(memoryBytes * DUCKDB_SHARE) },
  });
}

export function demandLabel({ columns }: Schema, label: string | null): void {
  if (label === null || columns.some(({ name }) => name === label)) return;
  throw new DatasetInputError(
    `There is no column ${JSON.stringify(label.slice(0, 100))} for the label. Name one of its columns, or none.`,
  );
}

/** So many records are all profiled; of what comes after them, every eighth chunk. */
const PROFILE_ALL_ROWS = 250_000;
const PROFILE_EVERY = 8;

/** Which chunks of a dataset are profiled: profiling takes several times as long as hashing. */
export function createSampling() {
  let [rows, sampled, chunks] = [0, 0, 0];
  return Object.freeze({
    /** Asked once for each chunk, in their order. */
    takes(count: number): boolean {
      const taken = rows < PROFILE_ALL_ROWS || chunks++ % PROFILE_EVERY === 0;
      rows += count;
      if (taken) sampled += count;
      return taken;
    },
    /** The profile of what was taken, as one of all. */
    profile: (profile: DatasetProfile): DatasetProfile & { readonly sampledRows?: number } =>
      sampled === rows ? profile : { ...profile, rows, sampledRows: sampled },
  });
}

export async function writeBlocks(path: string, blocks: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(blocks);
    await file.sync();
  } finally {
    await file.close();
  }
}
