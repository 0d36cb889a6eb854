import type { CheckOutcome, Reason, Suspect } from '../types.ts';
import type { Purpose } from './types.ts';

export interface Judged {
  readonly name: string;
  readonly purpose: Purpose;
  /** Its order of the records holds where no check names any; at most one does. */
  readonly leads: boolean;
  readonly outcome: CheckOutcome;
  /** Finer order of the records than its scores tell, per row, higher for more suspicious; the scores when absent. */
  readonly order?: Float32Array | Float64Array;
}

export interface Fused {
  /** Per row 0..1; .5 and above is named by some check. */
  readonly scores: Float64Array;
  /** Rows at .5 and above with all reasons, most suspicious first; equal scores by row. */
  readonly records: readonly Suspect[];
}

export const NAMED = 0.5;
/** Highest score of a record that no check names. */
const UNNAMED = 0.4999;
/** Scores below this are the noise of a check and say nothing together with others. */
const NOISE = 0.2;
/** What a score below .5 counts of a check that named other records, beside the leading check. */
const BESIDE = 0.8;
/** Where records stand that only the quality of the data speaks against: from .5 up to this. */
const QUALITY = 0.55;
/** Share of the scale that breaks ties. */
const TIE = 1e-6;

/**
 * One score per record from those of several checks, each a probability that the record is bad.
 *
 * - Named by a check (.5 and above): 1 − Π(1 − s) over the checks that say more than noise, the noisy-or of independent
 *   causes (Pearl, Probabilistic Reasoning, 1988, section 4.3.2), so that checks which agree count for more.
 * - Not named: the leading check's score, or the score of another check where that is higher, provided that it named
 *   other records: only then is what it looks for there at all. Equal scores in the leading check's order.
 * - Named by checks of quality alone: between .5 and .55, behind the rest.
 *
 * O(n · checks). A score that is not a number counts as 0.
 */
export function fuse(judged: readonly Judged[], rows: number): Fused {
  const poisoning = judged.filter(({ purpose }) => purpose === 'poisoning');
  const parts = poisoning.map(({ outcome, leads, order }) => ({
    scores: outcome.scores,
    leads,
    active: leads || outcome.suspects.length > 0,
    order: order ?? outcome.scores,
  }));
  const leader = parts.find(({ leads }) => leads);
  const tie = leader === undefined ? parts.map(({ order }) => order) : [leader.order];
  const quality = judged.filter(({ purpose }) => purpose === 'quality').map(({ outcome }) => outcome.scores);
  const scores = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let [left, named, below] = [1, 0, 0];
    for (const part of parts) {
      const score = probability(part.scores[row]);
      named = Math.max(named, score);
      if (score >= NOISE) left *= 1 - score;
      if (score < NAMED && (part.active || leader === undefined))
        below = Math.max(below, part.leads || leader === undefined ? score : BESIDE * score);
    }
    const order = tie.reduce((sum, each) => sum + probability(each[row]), 0) / Math.max(1, tie.length);
    if (named >= NAMED) scores[row] = finer(Math.max(named, 1 - left), order);
    else scores[row] = unnamed(Math.min(UNNAMED, below), highest(quality, row), order);
  }
  return { scores, records: namedRecords(judged, scores) };
}

const probability = (score: number | undefined): number =>
  score !== undefined && score > 0 ? Math.min(1, score) : 0;

const highest = (all: readonly Float32Array[], row: number): number =>
  all.reduce((most, scores) => Math.max(most, probability(scores[row])), 0);

/** Ties broken within what is at .5 and above, without passing 1. */
const finer = (score: number, order: number): number => NAMED + (score - NAMED) * (1 - 2 * TIE) + TIE * order;

function unnamed(score: number, quality: number, order: number): number {
  if (quality >= NAMED) return NAMED + (quality - NAMED) * 2 * (QUALITY - NAMED) + TIE * order;
  return score * (1 - 2 * TIE) + TIE * order;
}

function namedRecords(judged: readonly Judged[], scores: Float64Array): Suspect[] {
  const reasons = new Map<number, (Reason & { readonly weight: number })[]>();
  for (const { outcome } of judged)
    for (const { row, score, reasons: own } of outcome.suspects) {
      const told = own.map(({ check, message }) => ({ check, message, weight: score }));
      const before = reasons.get(row);
      if (before === undefined) reasons.set(row, told);
      else before.push(...told);
    }
  const rows: number[] = [];
  for (let row = 0; row < scores.length; row++) if ((scores[row] as number) >= NAMED) rows.push(row);
  return rows
    .sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b)
    .map((row) => ({
      row,
      score: scores[row] as number,
      reasons: (reasons.get(row) ?? [])
        .sort((a, b) => b.weight - a.weight)
        .map(({ check, message }) => ({ check, message })),
    }));
}
