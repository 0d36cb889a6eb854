import type { Labels } from '../../labels/index.ts';
import type { Column } from '../../types.ts';
import { rowsOf } from '../content/select.ts';
import { canonical, hashRows } from './hashes.ts';

/** Rows that are equal but for their label. */
export interface Conflicts {
  /** The rows, ascending, and for each how probable it is that its own label is the wrong one. */
  readonly rows: readonly number[];
  readonly scores: readonly number[];
  /** Groups of equal rows with different labels, and share of the rows with twins whose label is not that of most. */
  readonly groups: number;
  readonly rate: number;
}

/** From this share of dissenters on equal rows have different labels by nature, and none is wrong; up to it doubt grows. */
const NATURAL = 0.02;
const NATURAL_SCORE = 0.3;
/** Of two equal rows with different labels one is wrong, and nothing says which: a little less than a suspicion. */
const TIE = 0.45;

interface Group {
  readonly rows: number[];
  readonly counts: Map<number, number>;
}

/** O(rows × columns). */
export function findConflicts(columns: readonly Column[], labels: Labels): Conflicts {
  const hashes = hashRows(columns, canonical);
  const total = columns[0] === undefined ? 0 : rowsOf(columns[0]);
  const groups = new Map<number, Group>();
  const first = new Map<number, number>();
  for (let row = 0; row < total; row++) {
    const label = labels.values[row] as number;
    if (label < 0) continue;
    const key = hashes.whole(row);
    const earlier = first.get(key);
    if (earlier === undefined) {
      first.set(key, row);
      continue;
    }
    const group = groups.get(key) ?? {
      rows: [earlier],
      counts: new Map([[labels.values[earlier] as number, 1]]),
    };
    groups.set(key, group);
    group.rows.push(row);
    group.counts.set(label, (group.counts.get(label) ?? 0) + 1);
  }
  return dissenters([...groups.values()], labels);
}

/** Less sure the more equal rows disagree anyway. */
const weighed = (score: number, rate: number): number =>
  rate >= NATURAL ? NATURAL_SCORE * score : TIE + (score - TIE) * (1 - rate / NATURAL);

function dissenters(groups: readonly Group[], labels: Labels): Conflicts {
  let [twins, against, conflicts] = [0, 0, 0];
  for (const { rows, counts } of groups) {
    twins += rows.length;
    against += rows.length - Math.max(...counts.values());
    conflicts += Number(counts.size > 1);
  }
  const rate = twins === 0 ? 0 : against / twins;
  const found: { row: number; score: number }[] = [];
  for (const { rows, counts } of groups) {
    if (counts.size < 2) continue;
    const most = Math.max(...counts.values());
    for (const row of rows) {
      const own = counts.get(labels.values[row] as number) as number;
      const tied = own === most;
      if (tied && [...counts.values()].filter((count) => count === most).length === 1) continue;
      // As if each label had been seen once more than it was.
      const score = tied ? TIE : (most + 1) / (most + own + 2);
      found.push({ row, score: weighed(Math.min(0.95, score), rate) });
    }
  }
  found.sort((a, b) => a.row - b.row);
  return {
    rows: found.map(({ row }) => row),
    scores: found.map(({ score }) => score),
    groups: conflicts,
    rate,
  };
}
