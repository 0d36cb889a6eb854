import { wilson } from '../../statistics/wilson.ts';
import { LABEL_MAPS } from '../labels/index.ts';
import { findNeighbours, type Progress } from '../neighbours/index.ts';
import {
  type DatasetFinding,
  DatasetInputError,
  MAX_ROWS_NAMED,
  type Matrix,
  type Suspect,
} from '../types.ts';
import { logDistances, logLocalFactors, NEAREST, upperTails } from './distances.ts';
import { isolationScores } from './forest.ts';
import { type Impossible, impossibleValues } from './impossible.ts';
import type { CheckOutliers, OutlierInput } from './types.ts';

export const OUTLIERS = 'datasets/outliers';

/** Expected share of false ones among the rows named (Benjamini and Hochberg, JRSS B 57, 1995). */
const FALSE_SHARE = 0.02;
const IMPOSSIBLE_SCORE = 0.9;
/** The highest score of a row that is not named. */
const MOST_UNNAMED = 0.45;

const BLIND = [
  'Outliers are rare or odd records, which need not be bad; poisoned records that look like the others are not outliers.',
  'Groups of more than ten records that are alike are not outliers to each other; near-duplicates are another check.',
];

/**
 * Records that lie apart: by the mean distance to their ten nearest records, by that distance beside their neighbours'
 * own (a local outlier factor), and by an isolation forest; each against a tail fitted to the bulk of its values, the
 * least of the three kept (times three), and named at a false-discovery share of .02. Numbers that cannot well belong to
 * their column are named whatever the rest says. 100,000 × 20 in some seconds, most of them the search for neighbours;
 * memory O(n · (columns + k)). DatasetInputError for a matrix that is empty or not finite.
 */
export const checkOutliers: CheckOutliers = function* (input, { seed = 0 } = {}) {
  const { features, columns = [] } = input;
  for (const column of columns) {
    const rows = column.kind === 'category' ? column.codes.length : column.values.length;
    if (rows !== features.rows)
      throw new DatasetInputError(
        `Column “${column.name}” has ${rows} rows; the features have ${features.rows}.`,
      );
  }
  const tails = yield* tailsOf(input, seed);
  const impossible = impossibleValues(columns);
  const limit = cutOff(tails, FALSE_SHARE);
  const scores = Float32Array.from(tails, (p) => scoreOf(p, limit, tails.length));
  const reasons = new Map<number, string>();
  for (const [row, p] of tails.entries())
    if (p <= limit) reasons.set(row, `lies apart from all records: one in ${oneIn(p)} would by chance`);
  for (const { row, message } of impossible) {
    reasons.set(row, message);
    scores[row] = Math.max(scores[row] as number, IMPOSSIBLE_SCORE);
  }
  const suspects = [...reasons]
    .map(
      ([row, message]): Suspect => ({
        row,
        score: scores[row] as number,
        reasons: [{ check: OUTLIERS, message }],
      }),
    )
    .sort((a, b) => b.score - a.score || a.row - b.row);
  return { scores, suspects, findings: findingsOf(tails, limit, impossible), blindSpots: BLIND };
};

/** Per row: how probable a record at least so far apart is, by the strongest of three measures. */
export function* tailsOf(input: OutlierInput, seed: number): Generator<Progress, Float64Array, void> {
  const { features } = input;
  if (features.rows < 2 || constant(features)) {
    assertFinite(features);
    return new Float64Array(features.rows).fill(1);
  }
  const k = Math.min(NEAREST, features.rows - 1);
  const metric = input.metric ?? 'euclidean';
  const neighbours = input.neighbours ?? (yield* findNeighbours(features, { k, metric, seed }));
  if (neighbours.rows !== features.rows)
    throw new DatasetInputError(
      `There are neighbours of ${neighbours.rows} rows and features of ${features.rows}.`,
    );
  const logs = logDistances(neighbours);
  const measures = [upperTails(logs), upperTails(logLocalFactors(neighbours, logs))];
  if (metric === 'euclidean') measures.push(upperTails(yield* isolationScores(features, seed)));
  return Float64Array.from(logs, (_, row) =>
    Math.min(1, measures.length * Math.min(...measures.map((tails) => tails[row] as number))),
  );
}

function assertFinite({ rows, columns, values }: Matrix): void {
  if (rows < 1 || values.length !== rows * columns)
    throw new DatasetInputError(`${rows} rows of ${columns} columns are not ${values.length} numbers.`);
  if (!values.every((value) => Number.isFinite(value)))
    throw new DatasetInputError('The features hold numbers that are not finite; fill or drop them first.');
}

const constant = ({ columns, values }: Matrix): boolean =>
  values.every((value, at) => value === values[at % columns]);

/** Largest p that is named at this share of false ones; 0 for none. */
export function cutOff(tails: Float64Array, share: number): number {
  const sorted = Float64Array.from(tails).sort();
  for (let rank = sorted.length; rank >= 1; rank--)
    if ((sorted[rank - 1] as number) <= (share * rank) / sorted.length) return sorted[rank - 1] as number;
  return 0;
}

function scoreOf(p: number, limit: number, rows: number): number {
  const depth = Math.log(1 / Math.max(1e-300, Math.min(1, p)));
  if (p <= limit) return 0.55 + 0.4 * (1 - Math.exp(-(depth - Math.log(1 / limit)) / 8));
  const named = Math.log(Math.max(20, rows) / FALSE_SHARE);
  return MOST_UNNAMED * Math.min(1, depth / named) ** 2;
}

const oneIn = (p: number): string => (p < 1e-9 ? 'over a billion' : Math.round(1 / p).toLocaleString('en'));

function findingsOf(tails: Float64Array, limit: number, impossible: readonly Impossible[]): DatasetFinding[] {
  const findings: DatasetFinding[] = [];
  const apart = [...tails.keys()].filter((row) => (tails[row] as number) <= limit);
  if (apart.length > 0) {
    const expected = Math.min(apart.length, tails.length * limit);
    const [low, high] = wilson(apart.length - expected, apart.length);
    findings.push({
      check: OUTLIERS,
      title: 'Records that lie apart from all others',
      severity: 'low',
      message: `${apart.length} of ${tails.length} records lie further from the others than the others' own distances explain. Rare records look so too; look at them before you drop them.`,
      rows: apart.slice(0, MAX_ROWS_NAMED),
      count: apart.length,
      precision: { value: 1 - expected / apart.length, low, high },
      evidence: { rows: tails.length, named: apart.length, largestP: limit },
      maps: LABEL_MAPS,
    });
  }
  for (const [column, values] of Map.groupBy(impossible, (value) => value.column)) {
    const rows = values.map(({ row }) => row);
    findings.push({
      check: OUTLIERS,
      title: `Numbers in ${column.slice(0, 60)} that cannot well be`,
      severity: 'medium',
      message: `${rows.length} records have such a number, e.g. ${values[0]?.message}. It may stand for a missing value, be an error, or be a trigger.`,
      rows: rows.slice(0, MAX_ROWS_NAMED),
      count: rows.length,
      precision: null,
      evidence: { column: column.slice(0, 60), records: rows.length },
      maps: LABEL_MAPS,
    });
  }
  return findings;
}
