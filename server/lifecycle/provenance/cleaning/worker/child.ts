import { open, writeFile } from 'node:fs/promises';
import type { OpenDataset } from '@bartizan/checks/datasets/read/index.ts';
import { HASH_BYTES, recordHashes } from '@bartizan/checks/datasets/records/index.ts';
import { DatasetInputError } from '@bartizan/checks/datasets/types.ts';
import { answer, type Tell } from '../../confined/answering.ts';
import type { Limits } from '../../confined/limits.ts';
import { cellOf } from '../../datasets/cells.ts';
import { openContent } from '../../datasets/worker/content.ts';
import { copyArray } from './arrays.ts';
import { copyLines } from './lines.ts';
import { copyParquet } from './parquet.ts';
import type { CleaningContent, CleaningResults, CleaningTask } from './protocol.ts';
import { type RowSet, readRows, writeRows } from './rows.ts';

/** Most records that one quarantine takes out. */
const MOST_REMOVED = 5_000_000;
/** DuckDB's share of what the process may hold. */
const DUCKDB_SHARE = 0.5;

type Task<Is extends CleaningTask['is']> = Extract<CleaningTask, { is: Is }>;

/** Whether a value is one of those, as text or, of numbers, as a number; the empty text is a missing value too. */
function matcher(values: readonly string[]): (value: unknown) => boolean {
  const texts = new Set(values);
  const numbers = new Set(values.filter((value) => value.trim() !== '').map(Number));
  return (value) => {
    if (value === null || value === undefined) return texts.has('');
    if (typeof value === 'number') return numbers.has(value);
    return texts.has(typeof value === 'string' ? value : JSON.stringify(value));
  };
}

async function select(task: Task<'select'>, limits: Limits, tell: Tell): Promise<CleaningResults['select']> {
  const data = await openContent(task.content, limits);
  try {
    const at = data.schema.columns.findIndex(({ name }) => name === task.column);
    const type = data.schema.columns[at]?.type;
    if (type === undefined)
      throw new DatasetInputError(
        `There is no column ${JSON.stringify(task.column.slice(0, 100))}. There are: ${data.schema.columns
          .slice(0, 50)
          .map(({ name }) => name)
          .join(', ')}.`,
      );
    const matches = matcher(task.values);
    const rows: number[] = [];
    let first = 0;
    for await (const chunk of data.chunks()) {
      const column = chunk.columns[at];
      for (let row = 0; row < chunk.rows; row++)
        if (column !== undefined && matches(cellOf(column, row, type).value)) rows.push(first + row);
      first += chunk.rows;
      if (rows.length > MOST_REMOVED)
        throw new DatasetInputError(`More than ${MOST_REMOVED} records are meant; take out fewer at a time.`);
      tell('selecting', null);
    }
    await writeRows(task.rows, rows);
    return { rows: rows.length };
  } finally {
    await data.close();
  }
}

/** Paths of the files of a folder that stay. */
async function copyFolder(
  content: CleaningContent,
  out: string,
  drop: RowSet,
  limits: Limits,
): Promise<void> {
  const data = await openContent(content, limits);
  const stay: string[] = [];
  let first = 0;
  try {
    for await (const chunk of data.chunks()) {
      const [column] = chunk.columns;
      for (let row = 0; row < chunk.rows; row++) {
        if (drop.has(first + row) || column === undefined) continue;
        stay.push(String(cellOf(column, row, { kind: 'text' }).value));
      }
      first += chunk.rows;
    }
  } finally {
    await data.close();
  }
  await writeFile(out, JSON.stringify(stay), { flag: 'wx', mode: 0o600 });
}

async function delimiterOf({ options, format, path }: CleaningContent): Promise<Buffer | null> {
  if (format === 'jsonl') return null;
  if (format === 'tsv') return Buffer.from('\t');
  if (options.delimiter !== undefined) return Buffer.from(options.delimiter);
  const { delimiterOf: told, headOf } = await import('@bartizan/checks/datasets/read/dialect.ts');
  return Buffer.from(told(await headOf(path)));
}

async function copy(task: Task<'rewrite'>, drop: RowSet, limits: Limits): Promise<void> {
  const { content, out } = task;
  switch (content.format) {
    case 'csv':
    case 'tsv':
    case 'jsonl': {
      const delimiter = await delimiterOf(content);
      const header = content.format !== 'jsonl' && (content.options.header ?? true);
      return await copyLines(content.path, out, { delimiter, header }, drop);
    }
    case 'parquet':
      return await copyParquet(content.path, out, drop, {
        memoryBytes: Math.floor(limits.memoryBytes * DUCKDB_SHARE),
      });
    case 'npy':
      return await copyArray(content.path, out, drop);
    default:
      return await copyFolder(content, out, drop, limits);
  }
}

/** Hashes one after another, however the batches fall. */
async function* single(data: OpenDataset): AsyncGenerator<Buffer> {
  for await (const batch of recordHashes(data))
    for (let at = 0; at < batch.length; at += HASH_BYTES) yield batch.subarray(at, at + HASH_BYTES);
}

const differs = (): DatasetInputError =>
  new DatasetInputError(
    'The records that stay would not be the same as before, so nothing was taken out: the file has line ends or quotes ' +
      'that can be read in two ways. Take the records out at the source and push the rest.',
  );

/** Holds what came out against what went in: every record that stays has its hash, in its order. Writes what was removed. */
async function compare(
  was: OpenDataset,
  now: OpenDataset | null,
  { drop, path, tell }: { drop: RowSet; path: string; tell: Tell },
): Promise<CleaningResults['rewrite']> {
  const file = await open(path, 'wx', 0o600);
  const kept = now === null ? null : single(now);
  let [row, removed] = [0, 0];
  try {
    for await (const hash of single(was)) {
      if (drop.has(row)) {
        const entry = Buffer.alloc(4 + HASH_BYTES);
        entry.writeUInt32LE(row);
        hash.copy(entry, 4);
        await file.writeFile(entry);
        removed += 1;
      } else if (kept !== null) {
        const { value } = await kept.next();
        if (!value?.equals(hash)) throw differs();
      }
      row += 1;
      if (row % 10_000 === 0) tell('comparing', null);
    }
    if (kept !== null && (await kept.next()).done !== true) throw differs();
    await file.sync();
    return { kept: row - removed, removed };
  } finally {
    await file.close();
  }
}

/** What was written, to be read as the version of it will be. */
function written({ format, options, schema }: CleaningContent, out: string): CleaningContent {
  return { format, options, path: out, ...(schema === undefined || format === 'parquet' ? {} : { schema }) };
}

async function rewrite(
  task: Task<'rewrite'>,
  limits: Limits,
  tell: Tell,
): Promise<CleaningResults['rewrite']> {
  const drop = await readRows(task.rows);
  tell('writing', null);
  await copy(task, drop, limits);
  const { content, out } = task;
  const folder = content.format === 'texts' || content.format === 'images';
  const was = await openContent(content, limits);
  try {
    const now = folder ? null : await openContent(written(content, out), limits);
    try {
      return await compare(was, now, { drop, path: task.removed, tell });
    } finally {
      await now?.close();
    }
  } finally {
    await was.close();
  }
}

answer<CleaningTask>((task, limits, tell) =>
  task.is === 'select' ? select(task, limits, tell) : rewrite(task, limits, tell),
);
