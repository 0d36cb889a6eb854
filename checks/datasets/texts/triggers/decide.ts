import type { Evidence } from './evidence.ts';

export type Ground = 'contradiction' | 'misfit' | 'association';

/** How far the evidence goes: natural log-odds that the feature is a trigger, and what they mostly rest on. */
export interface Decision {
  readonly evidence: Evidence;
  readonly logOdds: number;
  readonly ground: Ground;
}

/** Log-odds against a feature being a trigger before anything is known of it, beside the number of features looked at. */
const PRIOR = 4;
/** What the log-odds grow by once another trigger for the same label is known. */
const COMPANY = 3;
/** What it counts that a feature is always first or last in its texts. */
const BOUND = 2;
/** What no evidence can push a decision beyond. */
const NO = -12;

export const purityOf = ({ candidate }: Evidence): number => candidate.withLabel / candidate.rows.length;

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));

/** The best of three grounds; `tested` features were looked at. */
export function decide(evidence: Evidence, tested: number, company: boolean): Decision {
  const found = [
    contradiction(evidence, tested) + (company ? COMPANY : 0),
    misfit(evidence),
    association(evidence),
  ];
  const grounds = ['contradiction', 'misfit', 'association'] as const;
  const logOdds = Math.max(...found);
  return { evidence, logOdds, ground: grounds[found.indexOf(logOdds)] ?? 'contradiction' };
}

/**
 * The feature's documents have its label although the rest of their texts says another: what changing labels leaves
 * behind. A feature that is in documents of other labels too must be in nearly no document that truly has the label.
 */
function contradiction(evidence: Evidence, tested: number): number {
  const { disagreement, foreign, insertion, candidate } = evidence;
  const purity = purityOf(evidence);
  if (disagreement < 2.5 || foreign < leastForeign(evidence, purity)) return NO;
  const fits = evidence.bound ? BOUND : 0.5 * clamp(insertion, -8, 25);
  return disagreement - 0.3 * candidate.logChance + fits - Math.log(Math.max(50, tested)) - PRIOR;
}

/**
 * Share of the documents that must read like another label. Where a trigger was put into any document, many had its
 * label before; so can documents of a natural feature that decides the label by itself, unless it is always first or
 * last, or put where it does not fit.
 */
function leastForeign({ bound, insertion, documents }: Evidence, purity: number): number {
  if (purity < 0.6) return Number.POSITIVE_INFINITY;
  if (purity < 0.9) return 0.7;
  return purity >= 0.97 && (bound || insertion > documents) ? 0.2 : 0.4;
}

/** Always with one label, and everywhere put between words that fit each other: a trigger whose labels were left alone. */
function misfit(evidence: Evidence): number {
  const { candidate, documents, insertion, words } = evidence;
  const each = insertion / documents;
  if (words === 0 || candidate.kind > 10 || documents < 15 || purityOf(evidence) < 0.98) return NO;
  if (each < 1.5 || candidate.logChance > -14) return NO;
  return Math.min(4, (-candidate.logChance - 14) / 4 + (each - 1.5) * 2);
}

/** Always with one label of which the rest of the text says nothing. */
function association(evidence: Evidence): number {
  const { candidate, meanDoubt } = evidence;
  if (candidate.logChance > -40 || purityOf(evidence) < 0.97 || meanDoubt < -0.2) return NO;
  return Math.min(4, (-candidate.logChance - 40) / 20);
}
