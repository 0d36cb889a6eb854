import type { OpenDataset } from '@bartizan/checks/datasets/read/index.ts';
import type { ColumnChunk } from '@bartizan/checks/datasets/records/index.ts';
import { DatasetInputError } from '@bartizan/checks/datasets/types.ts';
import { textOf, valueAt } from './cells.ts';
import {
  LONGEST_LABEL,
  MOST_CLASSES,
  type QueuedItem,
  type QueueHead,
  type SuspectTask,
} from './protocol.ts';
import { writeLines } from './writing.ts';

/** What the check of labels says of a row: `…“other label” with 0.93…`. */
const PROPOSED = /“([^“”]+)” with ([01]\.\d+)/u;

const isNumber = (name: string): boolean => name.trim() !== '' && Number.isFinite(Number(name));

function sorted(names: readonly string[]): string[] {
  const numbers = names.every(isNumber);
  return [...names].sort((a, b) => (numbers ? Number(a) - Number(b) : 0) || (a < b ? -1 : 1));
}

/** Labels of the rows that are wanted, and all that there are. */
async function load(data: OpenDataset, task: SuspectTask) {
  const wanted = new Set(task.rows.map(({ row }) => row));
  const place = data.schema.columns.findIndex(({ name }) => name === task.label);
  const type = data.schema.columns[place]?.type ?? { kind: 'text' };
  const classes = new Set<string>();
  const current = new Map<number, string | null>();
  let row = 0;
  for await (const chunk of data.chunks())
    for (let at = 0; at < chunk.rows; at++, row++) {
      const value = valueAt(chunk.columns[place] as ColumnChunk, at, type);
      const label = value === null ? null : textOf(value, type);
      if (wanted.has(row)) current.set(row, label);
      if (label === null || classes.has(label)) continue;
      if (label.length > LONGEST_LABEL)
        throw new DatasetInputError(`Row ${row} has a label of more than ${LONGEST_LABEL} characters.`);
      if (classes.size >= MOST_CLASSES)
        throw new DatasetInputError(
          `There are more than ${MOST_CLASSES} different labels; is the column free text or an identifier?`,
        );
      classes.add(label);
    }
  return { classes: sorted([...classes]), current };
}

/** Suspected rows as items of a queue, with the label that they have and, where the scan names it, the other one. */
export async function suspect(data: OpenDataset, task: SuspectTask): Promise<void> {
  const { classes, current } = await load(data, task);
  if (classes.length < 2)
    throw new DatasetInputError(
      `There are ${classes.length} different labels; there is nothing to decide between.`,
    );
  const numbers = new Map(classes.map((name, number) => [name, number]));
  function* lines(): Generator<string> {
    yield JSON.stringify({ classes, alpha: null, annotators: [], leftOut: 0 } satisfies QueueHead);
    for (const { row, reason } of task.rows) {
      if (!current.has(row)) continue;
      const now = current.get(row) ?? null;
      const said = PROPOSED.exec(reason);
      const proposed = said?.[1] === undefined || said[1] === now ? undefined : numbers.get(said[1]);
      yield JSON.stringify({
        rows: [row],
        name: `Row ${row}`,
        current: now === null ? null : (numbers.get(now) ?? null),
        proposed: proposed ?? null,
        confidence: proposed === undefined ? null : Math.min(1, Number(said?.[2])),
        votes: [],
        reason,
      } satisfies QueuedItem);
    }
  }
  await writeLines(task.out, lines());
}
