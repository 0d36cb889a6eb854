import { auroc } from '../labels/measure.ts';

const MOST_FALSE = 0.02;

export interface Figures {
  readonly bad: number;
  readonly auroc: number | null;
  /** Recall where the ranking has 2% false positives. */
  readonly recallAt2: number | null;
  /** Of what scores above .5: how many, recall, and precision. */
  readonly named: number;
  readonly recall: number | null;
  readonly precision: number | null;
}

/** How well scores find the rows that are marked; what has no meaning where none is marked, or none named, is null. */
export function figures(scores: ArrayLike<number>, bad: Uint8Array): Figures {
  const count = bad.reduce((sum, mark) => sum + mark, 0);
  const rows = [...bad.keys()];
  const good = Float64Array.from(
    rows.filter((row) => bad[row] === 0),
    (row) => scores[row] as number,
  ).sort();
  const limit = good[Math.ceil((1 - MOST_FALSE) * good.length) - 1] as number;
  const above = (row: number, least: number): boolean => (scores[row] as number) > least;
  const found = rows.filter((row) => bad[row] === 1 && above(row, limit)).length;
  const named = rows.filter((row) => above(row, 0.5));
  const hits = named.filter((row) => bad[row] === 1).length;
  return {
    bad: count,
    auroc: count === 0 ? null : auroc(scores, bad),
    recallAt2: count === 0 ? null : found / count,
    named: named.length,
    recall: count === 0 ? null : hits / count,
    precision: named.length === 0 || count === 0 ? null : hits / named.length,
  };
}
