import {
  type DatasetDiff,
  type DatasetDiffEntry,
  type DatasetDiffRecords,
  datasetDiffRoutes,
  MAX_DIFF_RECORDS,
} from '@bartizan/contracts';
import type { Client } from '@bartizan/contracts/client.ts';

/** A record by its columns, as JSON has its values. */
export type RecordValues = Readonly<Record<string, unknown>>;

/** A place that differs, with what lies there; null where the version has no such record. */
export interface ValuedEntry extends DatasetDiffEntry {
  readonly before: RecordValues | null;
  readonly after: RecordValues | null;
}

type Side = 'was' | 'now';
type Found = Map<number, RecordValues>;

/** Keeps what was sent, and gives the rows that did not fit into the answer. */
function keep(side: DatasetDiffRecords[Side], asked: readonly number[], found: Found): number[] {
  if (side === null) return [];
  const names = side.schema.columns.map(({ name }) => name);
  for (const { row, values } of side.items)
    found.set(row, Object.fromEntries(names.map((name, at) => [name, values[at] ?? null])));
  if (side.complete || side.items.length === 0) return [];
  return asked.filter((row) => !found.has(row));
}

/**
 * Reads what lies at the places of a diff, {@link MAX_DIFF_RECORDS} of each version at a time; each such reading is
 * recorded with `purpose`. Values that are very long are cut by the server.
 */
export async function withValues(
  api: Client,
  diff: DatasetDiff,
  purpose: string,
): Promise<readonly ValuedEntry[]> {
  const places = (side: Side): number[] =>
    diff.entries.flatMap((entry) => (entry[side] === null ? [] : [entry[side]])).toSorted((a, b) => a - b);
  const left = { was: places('was'), now: places('now') };
  const found = { was: new Map() as Found, now: new Map() as Found };
  while (left.was.length + left.now.length > 0) {
    const [was, now] = [left.was.splice(0, MAX_DIFF_RECORDS), left.now.splice(0, MAX_DIFF_RECORDS)];
    const records = await api.call(datasetDiffRoutes.records, {
      params: { dataset: diff.from.datasetId },
      query: {
        from: String(diff.from.number),
        to: String(diff.to.number),
        was: was.join(','),
        now: now.join(','),
      },
      purpose,
    });
    left.was.unshift(...keep(records.was, was, found.was));
    left.now.unshift(...keep(records.now, now, found.now));
  }
  return diff.entries.map((entry) => ({
    ...entry,
    before: entry.was === null ? null : (found.was.get(entry.was) ?? null),
    after: entry.now === null ? null : (found.now.get(entry.now) ?? null),
  }));
}
