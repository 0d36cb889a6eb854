import { createFileSpill, openLeafFile } from '@bartizan/checks/datasets/read/index.ts';
import {
  type Chunk,
  type ColumnChunk,
  compareHashes,
  diffByKey,
  leafHashes,
  type Schema,
} from '@bartizan/checks/datasets/records/index.ts';
import type { DatasetDiffEntry } from '@bartizan/contracts';
import { cellOf } from '../cells.ts';
import { openContent, type TaskHooks } from './content.ts';
import type { Compared, Picked, Task } from './protocol.ts';

type Kind = DatasetDiffEntry['kind'];

/** Counts what differs and keeps the first `limit` of each kind. */
function createTally(limit: number) {
  const counts: Record<Kind, number> = { added: 0, removed: 0, changed: 0, moved: 0 };
  const entries: DatasetDiffEntry[] = [];
  return Object.freeze({
    counts,
    entries,
    add(entry: DatasetDiffEntry): void {
      counts[entry.kind] += 1;
      if (counts[entry.kind] <= limit) entries.push(entry);
    },
  });
}

/** What differs between two leaf files, by place and content. */
export async function compare(
  { was, now, limit }: Extract<Task, { is: 'compare' }>,
  { progress }: TaskHooks,
): Promise<Compared> {
  const [before, after] = [await openLeafFile(was), await openLeafFile(now)];
  const spill = await createFileSpill();
  try {
    progress(0, 'comparing');
    const comparison = await compareHashes(leafHashes(before), leafHashes(after), { spill });
    const tally = createTally(limit);
    for await (const change of comparison.changes()) {
      const place = {
        was: 'was' in change ? change.was : null,
        now: 'now' in change ? change.now : null,
        columns: [],
      };
      tally.add({ kind: change.kind === 'altered' ? 'changed' : change.kind, ...place });
    }
    const { added, removed, changed, moved } = tally.counts;
    return {
      same: comparison.same,
      counts: { added, removed, changed, moved, unchanged: before.size - removed - changed - moved },
      schema: { added: [], removed: [], retyped: [] },
      entries: tally.entries,
    };
  } finally {
    await before.close();
    await after.close();
    await spill.close();
  }
}

/** What differs between two versions whose records are told apart by key columns; order plays no part. */
export async function compareKeyed(
  { was, now, keys, limit }: Extract<Task, { is: 'keyed' }>,
  { limits, progress }: TaskHooks,
): Promise<Compared> {
  const before = await openContent(was, limits);
  try {
    const after = await openContent(now, limits);
    const spill = await createFileSpill();
    try {
      progress(0, 'comparing');
      const diff = await diffByKey({ was: () => before, now: () => after, keys, spill });
      const tally = createTally(limit);
      for await (const change of diff.changes())
        tally.add({
          kind: change.kind,
          was: 'was' in change ? change.was : null,
          now: 'now' in change ? change.now : null,
          columns: change.kind === 'changed' ? [...change.columns] : [],
        });
      const { added, removed, changed } = tally.counts;
      const { schema } = diff;
      const same =
        added + removed + changed + schema.added.length + schema.removed.length + schema.retyped.length === 0;
      return {
        same,
        // Rows are known where the versions are.
        counts: { ...tally.counts, unchanged: 0 },
        schema: { added: [...schema.added], removed: [...schema.removed], retyped: [...schema.retyped] },
        entries: tally.entries,
      };
    } finally {
      await after.close();
      await spill.close();
    }
  } finally {
    await before.close();
  }
}

/** An answer holds no more than about this much text, in characters; one record is always shown. */
const MOST_CHARS = 8 * 1024 * 1024;

function recordOf({ columns }: Chunk, at: number, schema: Schema): Omit<Picked['items'][number], 'row'> {
  const cells = schema.columns.map(({ name, type }, column) => ({
    name,
    ...cellOf(columns[column] as ColumnChunk, at, type),
  }));
  return {
    values: cells.map(({ value }) => value),
    cut: cells.filter(({ cut }) => cut).map(({ name }) => name),
  };
}

/** The records at a few places, as people are shown them; reads no further than the last of them. */
export async function pick(
  { content, rows }: Extract<Task, { is: 'pick' }>,
  { limits }: TaskHooks,
): Promise<Picked> {
  const data = await openContent(content, limits);
  const { schema } = data;
  const wanted = [...new Set(rows)].toSorted((a, b) => a - b);
  const items: Picked['items'][number][] = [];
  let [first, chars] = [0, 0];
  try {
    for await (const chunk of data.chunks()) {
      for (; items.length < wanted.length; ) {
        const row = wanted[items.length] as number;
        if (row >= first + chunk.rows) break;
        const record = recordOf(chunk, row - first, schema);
        chars += JSON.stringify(record.values).length;
        if (items.length > 0 && chars > MOST_CHARS) return { schema, items, complete: false };
        items.push({ row, ...record });
      }
      if (items.length === wanted.length) break;
      first += chunk.rows;
    }
    return { schema, items, complete: true };
  } finally {
    await data.close();
  }
}
