import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Schema } from '@bartizan/checks/datasets/records/index.ts';
import { runTask, type Stage } from '../confined/task.ts';
import type { LaidVersion } from '../ports.ts';
import type { CleaningResults, CleaningTask } from './worker/protocol.ts';

const CHILD = fileURLToPath(new URL('./worker/child.ts', import.meta.url));
const MEMORY_BYTES = 2 * 2 ** 30;

export interface Place {
  readonly laid: LaidVersion;
  readonly path: (name: string) => string;
  readonly content: CleaningTask['content'];
}

/** Whether its records have columns whose types a reader is told. */
export const isTable = ({ format }: Pick<LaidVersion, 'format'>): boolean =>
  format === 'csv' || format === 'tsv' || format === 'jsonl' || format === 'parquet';

/** Where a version is laid out, with names for what the process writes. */
export function placeOf(laid: LaidVersion): Place {
  const folder = dirname(laid.path);
  const { path, format, options, schema } = laid;
  return {
    laid,
    path: (name) => join(folder, `cleaning-${name}`),
    // Arrays and folders have a schema of their own.
    content: { path, format, options, ...(isTable(laid) ? { schema: schema as Schema } : {}) },
  };
}

/** Has a task done in a process of its own; errors as `runTask`. */
export async function workOn<Is extends CleaningTask['is']>(
  task: Extract<CleaningTask, { is: Is }>,
  options: {
    readonly config: { readonly maxUploadBytes: number };
    readonly timeMs: number;
    readonly signal: AbortSignal;
    readonly onProgress?: (stage: Stage) => void;
  },
): Promise<CleaningResults[Is]> {
  const { config, timeMs, signal, onProgress } = options;
  const result = await runTask({
    entry: CHILD,
    task,
    folder: dirname(task.content.path),
    limits: { memoryBytes: MEMORY_BYTES, contentBytes: Math.max(1, config.maxUploadBytes), timeMs },
    signal,
    ...(onProgress ? { onProgress } : {}),
  });
  return result as CleaningResults[Is];
}
