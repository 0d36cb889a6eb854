import type { Labels } from '../../labels/index.ts';
import { type DatasetFinding, MAX_ROWS_NAMED, type Reason, type Suspect } from '../../types.ts';
import type { DuplicateOutcome, TextInput } from '../types.ts';
import { POISON_MAPS } from '../words/maps.ts';
import { shownText } from '../words/shown.ts';

export const NEAR_DUPLICATES = 'datasets/near-duplicates';

/** A group of so many is a flood where few texts are in such groups, or where it is so many times the usual size. */
const FLOOD = 8;
const FEW = 0.3;
const TIMES_USUAL = 4;
const MOST_FINDINGS = 30;

interface Grouped {
  readonly input: TextInput;
  readonly clusters: readonly Int32Array[];
  readonly loose: readonly Int32Array[];
  readonly exact: readonly Int32Array[];
  readonly threshold: number;
  readonly cut: boolean;
}

export function duplicateOutcome(grouped: Grouped): DuplicateOutcome {
  const { clusters, exact, input, threshold } = grouped;
  const floods = floodsOf(grouped.loose, input.texts.length);
  const conflicts = input.labels === null ? [] : conflictsOf(exact, input.labels);
  const scores = new Float32Array(input.texts.length);
  for (const cluster of clusters)
    raise(scores, cluster, Math.min(0.4, 0.12 + 0.06 * Math.log2(cluster.length)));
  const reasons = new Map<number, Reason[]>();
  const name = (rows: Int32Array, score: number, message: string): void => {
    raise(scores, rows, score);
    for (const row of rows)
      reasons.set(row, [...(reasons.get(row) ?? []), { check: NEAR_DUPLICATES, message }]);
  };
  for (const flood of floods)
    name(flood, 0.95 - 1 / Math.sqrt(flood.length), `one of ${flood.length} near-copies of one text`);
  for (const rows of conflicts)
    name(rows, 0.6, `the same text is here ${rows.length} times, with different labels`);
  const suspects: Suspect[] = [...reasons]
    .map(([row, own]) => ({ row, score: scores[row] as number, reasons: own }))
    .sort((a, b) => b.score - a.score || a.row - b.row);
  const findings = floods.slice(0, MOST_FINDINGS).map((flood) => floodFinding(flood, grouped));
  if (conflicts.length > 0) findings.push(conflictFinding(conflicts));
  const rest = clusters.filter((cluster) => !reasons.has(cluster[0] as number));
  if (rest.length > 0) findings.push(usualFinding(rest, threshold));
  return {
    scores,
    suspects,
    findings,
    blindSpots: blindSpotsOf(grouped, floods.length),
    clusters,
    exact: exact.reduce((sum, group) => sum + group.length, 0),
  };
}

function raise(scores: Float32Array, rows: Int32Array, score: number): void {
  for (const row of rows) scores[row] = Math.max(scores[row] as number, score);
}

/** The largest groups, as `clusters` are sorted. */
function floodsOf(clusters: readonly Int32Array[], all: number): readonly Int32Array[] {
  const large = clusters.filter(({ length }) => length >= FLOOD);
  const inLarge = large.reduce((sum, { length }) => sum + length, 0);
  if (inLarge <= FEW * all) return large;
  const usual = clusters[clusters.length >> 1]?.length ?? 0;
  return large.filter(({ length }) => length >= TIMES_USUAL * usual);
}

const conflictsOf = (exact: readonly Int32Array[], { values }: Labels): Int32Array[] =>
  exact.filter((rows) => rows.some((row) => values[row] !== values[rows[0] as number]));

function floodFinding(flood: Int32Array, { input, threshold }: Grouped): DatasetFinding {
  const first = flood[0] as number;
  const text = shownText(input.texts[first] ?? '');
  const most = input.labels === null ? null : mostLabel(flood, input.labels);
  return {
    check: NEAR_DUPLICATES,
    title: `${flood.length} near-copies of one text`,
    severity: flood.length >= 50 ? 'high' : 'medium',
    message:
      `${flood.length} records are near-copies of one text (Jaccard of about ${threshold} to it), ` +
      `such as record ${first}: “${text}”.${most === null ? '' : ` ${most.count} of them are labelled “${most.name}”.`}`,
    rows: Array.from(flood.subarray(0, MAX_ROWS_NAMED)),
    count: flood.length,
    precision: null,
    evidence: {
      copies: flood.length,
      threshold,
      example: text,
      ...(most === null ? {} : { label: most.name, withLabel: most.count }),
    },
    maps: POISON_MAPS,
  };
}

function mostLabel(rows: Int32Array, { values, names }: Labels): { name: string; count: number } {
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(values[row] as number, (counts.get(values[row] as number) ?? 0) + 1);
  const [label, count] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [0, 0];
  return { name: shownText(names[label] ?? String(label), 60), count };
}

function conflictFinding(conflicts: readonly Int32Array[]): DatasetFinding {
  const rows = Int32Array.from(conflicts.flatMap((group) => Array.from(group))).sort();
  return {
    check: NEAR_DUPLICATES,
    title: 'The same texts with different labels',
    severity: 'medium',
    message: `${conflicts.length} texts are in the dataset more than once with different labels; at most one of the labels is right.`,
    rows: Array.from(rows.subarray(0, MAX_ROWS_NAMED)),
    count: rows.length,
    precision: null,
    evidence: { texts: conflicts.length, records: rows.length },
    maps: POISON_MAPS,
  };
}

function usualFinding(clusters: readonly Int32Array[], threshold: number): DatasetFinding {
  const rows = Int32Array.from(clusters.flatMap((group) => Array.from(group))).sort();
  return {
    check: NEAR_DUPLICATES,
    title: 'Texts that are in the dataset more than once',
    severity: 'info',
    message: `${rows.length} records are in ${clusters.length} small groups of near-copies (Jaccard ${threshold} or more); keep them on one side of a split.`,
    rows: Array.from(rows.subarray(0, MAX_ROWS_NAMED)),
    count: rows.length,
    precision: null,
    evidence: { groups: clusters.length, records: rows.length, threshold },
    maps: [],
  };
}

function blindSpotsOf({ threshold, cut }: Grouped, floods: number): string[] {
  const spots = [
    `Copies that are less alike than Jaccard ${threshold} (other words, another order, a translation) are not found.`,
    'Texts of fewer than ten words are compared by characters, and not with longer ones.',
  ];
  if (cut) spots.push('Only the first words of very long texts are compared.');
  if (floods > MOST_FINDINGS)
    spots.push(`Only the ${MOST_FINDINGS} largest of ${floods} floods are named as findings.`);
  return spots;
}
