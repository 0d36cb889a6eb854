import { type Decision, decide, purityOf } from './decide.ts';
import { type Evidence, foreignShare } from './evidence.ts';

/** A trigger and its documents, those first that no stronger one has. */
export interface Trigger extends Decision {
  /** Documents with it and its label that no stronger trigger has, ascending. */
  readonly own: Int32Array;
}

/** Fewest documents, and share of its documents, that a trigger must have for itself. */
const OWN_DOCUMENTS = 3;
const OWN_SHARE = 0.4;

/**
 * One trigger after the other, the strongest first; a feature whose documents are mostly those of a stronger trigger is
 * a part or a companion of that, and is left out.
 */
export function cover(decisions: readonly Decision[], company: ReadonlySet<number>): Trigger[] {
  const tested = decisions.length;
  const taken = new Set<number>();
  const found: Trigger[] = [];
  const promising = decisions.filter(({ logOdds }) => logOdds > 0);
  for (const decision of promising.sort(strongest)) {
    const { evidence } = decision;
    const free = evidence.rows.map((row) => (taken.has(row) ? 0 : 1));
    const own = evidence.rows.filter((_, place) => free[place] === 1);
    if (own.length < Math.max(OWN_DOCUMENTS, OWN_SHARE * evidence.rows.length)) continue;
    const alone =
      own.length === evidence.rows.length
        ? decision
        : decide(without(evidence, free), tested, company.has(evidence.candidate.label));
    if (alone.logOdds <= 0) continue;
    found.push({ ...decision, logOdds: alone.logOdds, ground: alone.ground, own });
    for (const row of own) taken.add(row);
  }
  return found;
}

function strongest(a: Decision, b: Decision): number {
  const [first, second] = [a.evidence.candidate, b.evidence.candidate];
  return (
    b.logOdds - a.logOdds ||
    purityOf(b.evidence) - purityOf(a.evidence) ||
    first.kind - second.kind ||
    first.hash - second.hash
  );
}

/** The evidence as the free documents alone give it. */
function without(evidence: Evidence, free: Int32Array): Evidence {
  const doubts = evidence.doubts.filter((_, place) => free[place] === 1);
  const share = doubts.length / Math.max(1, evidence.doubts.length);
  const { candidate } = evidence;
  const others = candidate.rows.length - candidate.withLabel;
  return {
    ...evidence,
    ...foreignShare(doubts),
    insertion: evidence.insertion * share,
    candidate: {
      ...candidate,
      logChance: candidate.logChance * share,
      withLabel: candidate.withLabel === 0 ? 0 : doubts.length,
      rows: candidate.rows.subarray(0, doubts.length + others),
    },
  };
}
