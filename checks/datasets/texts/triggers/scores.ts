import type { Reason, Suspect } from '../../types.ts';
import type { Styled } from './check.ts';
import type { Trigger } from './cover.ts';
import { type Decision, purityOf } from './decide.ts';

/** What a record that is in no finding may score at most. */
const UNNAMED = 0.45;
/** Purity from which a feature's documents with the label are all taken for poisoned. */
const PURE = 0.95;

const sigmoid = (logOdds: number): number => 1 / (1 + Math.exp(-logOdds));

/** Probability that the rest of a document is another label's, from its doubt and the share among its like. */
function foreignOf(doubt: number, foreign: number): number {
  const share = Math.max(0.05, Math.min(0.98, foreign));
  const odds = share * Math.exp(doubt);
  return odds / (1 - share + odds);
}

/** The rows of a trigger that a finding names, with the score of each. */
export function namedRows(trigger: Trigger): { rows: Int32Array; scores: Float64Array } {
  const { evidence, logOdds, ground } = trigger;
  const sure = ground === 'contradiction' ? 1 : 0.4;
  const pure = purityOf(evidence) >= PURE || ground !== 'contradiction';
  const [rows, scores]: [number[], number[]] = [[], []];
  evidence.rows.forEach((row, place) => {
    const foreign = foreignOf(evidence.doubts[place] as number, evidence.foreign);
    if (!pure && foreign < 0.4) return;
    rows.push(row);
    scores.push(0.55 + sure * sigmoid(logOdds) * (0.25 + 0.19 * foreign));
  });
  return { rows: Int32Array.from(rows), scores: Float64Array.from(scores) };
}

/** The family's rows, but those put like the other labels', and rows put just like it. */
export function styledRows({ family, style }: Styled): { rows: Int32Array; scores: Float64Array } {
  const inside = Float64Array.from(family.rows, (row) => style[row] as number).sort();
  const usual = inside[Math.floor(0.25 * inside.length)] ?? 0;
  const members = new Set(family.rows);
  const rows: number[] = [];
  for (let row = 0; row < style.length; row++)
    if ((style[row] as number) > (members.has(row) ? 0 : usual)) rows.push(row);
  return {
    rows: Int32Array.from(rows),
    scores: Float64Array.from(rows, (row) => 0.52 + 0.43 * sigmoid(2 * (style[row] as number))),
  };
}

export interface Scoring {
  readonly rows: number;
  readonly decisions: readonly Decision[];
  readonly triggers: readonly { readonly trigger: Trigger; readonly reason: Reason }[];
  readonly families: readonly { readonly styled: Styled; readonly reason: Reason }[];
}

/** A score for every row; rows that no finding names stay below .5 and are ranked by the strongest feature they have. */
export function scoreRows({ rows, decisions, triggers, families }: Scoring): {
  scores: Float32Array;
  suspects: Suspect[];
} {
  const scores = new Float32Array(rows);
  for (const { evidence, logOdds } of decisions) {
    const score = UNNAMED * Math.min(0.9, sigmoid(logOdds));
    for (const row of evidence.rows) scores[row] = Math.max(scores[row] as number, score);
  }
  const reasons = new Map<number, Reason[]>();
  const name = (named: { rows: Int32Array; scores: Float64Array }, reason: Reason): void => {
    named.rows.forEach((row, place) => {
      scores[row] = Math.max(scores[row] as number, named.scores[place] as number);
      const own = reasons.get(row);
      if (own === undefined) reasons.set(row, [reason]);
      else own.push(reason);
    });
  };
  for (const { styled, reason } of families) {
    styled.style.forEach((style, row) => {
      if (!Number.isNaN(style)) scores[row] = Math.max(scores[row] as number, UNNAMED * sigmoid(style));
    });
    name(styledRows(styled), reason);
  }
  for (const { trigger, reason } of triggers) name(namedRows(trigger), reason);
  const suspects = [...reasons]
    .map(([row, own]) => ({ row, score: scores[row] as number, reasons: own }))
    .sort((a, b) => b.score - a.score || a.row - b.row);
  return { scores, suspects };
}
