import { createFileSpill, openLeafFile } from '@bartizan/checks/datasets/read/index.ts';
import { compareHashes, diffByKey, leafHashes } from '@bartizan/checks/datasets/records/index.ts';
import type { DatasetDiffEntry } from '@bartizan/contracts';
import { openContent, type TaskHooks } from './content.ts';
import type { Compared, Task } from './protocol.ts';

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
