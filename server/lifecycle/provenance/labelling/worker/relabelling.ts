import { type OpenDataset, openDataset } from '@bartizan/checks/datasets/read/index.ts';
import {
  type ColumnChunk,
  createRecordEncoder,
  HASH_BYTES,
  hashRecords,
} from '@bartizan/checks/datasets/records/index.ts';
import { DatasetInputError } from '@bartizan/checks/datasets/types.ts';
import { jsonOf, valueAt } from './cells.ts';
import type { RelabelTask } from './protocol.ts';
import { writeLines } from './writing.ts';

async function* relabelled(data: OpenDataset, task: RelabelTask, changes: ReadonlyMap<number, string>) {
  const { columns } = data.schema;
  const names = columns.map(({ name }) => JSON.stringify(name));
  const place = columns.findIndex(({ name }) => name === task.label);
  let row = 0;
  for await (const chunk of data.chunks())
    for (let at = 0; at < chunk.rows; at++, row++) {
      const label = changes.get(row);
      const cells = columns.map(({ type }, index) => {
        if (index === place && label !== undefined)
          return type.kind === 'boolean' ? label : JSON.stringify(label);
        return jsonOf(valueAt(chunk.columns[index] as ColumnChunk, at, type), type);
      });
      yield `{${cells.map((cell, index) => `${names[index]}:${cell}`).join(',')}}`;
    }
}

/** Hashes of records one by one, however they come in chunks. */
async function* hashesOf(data: OpenDataset): AsyncGenerator<Buffer> {
  const encoder = createRecordEncoder(data.schema);
  for await (const chunk of data.chunks()) {
    const hashes = hashRecords(encoder.encode(chunk));
    for (let at = 0; at < chunk.rows; at++) yield hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
  }
}

/** Every record whose label was to stay is the same, every other one is not, and none was added or lost. */
async function compare(before: OpenDataset, after: OpenDataset, changes: ReadonlyMap<number, string>) {
  const now = hashesOf(after);
  let row = 0;
  for await (const was of hashesOf(before)) {
    const is = await now.next();
    if (is.done || was.equals(is.value) === changes.has(row))
      throw new DatasetInputError(
        `Record ${row} could not be written again as it was; change the labels where the data come from and push them.`,
      );
    row++;
  }
  if (!(await now.next()).done) throw new DatasetInputError('More records were written than there were.');
}

/** Writes the records with their new labels and compares what was written with what was read. */
export async function relabel(
  data: OpenDataset,
  task: RelabelTask,
  tell: (stage: string) => void,
): Promise<void> {
  const changes = new Map(task.changes);
  await writeLines(task.out, relabelled(data, task, changes));
  tell('comparing');
  const written = await openDataset(task.out, { format: 'jsonl', schema: data.schema });
  try {
    await compare(data, written, changes);
  } finally {
    await written.close();
  }
}
