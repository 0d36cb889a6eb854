import { eachByOthers } from './reliability.ts';
import { counts, type Fit, normalise, type Votes } from './votes.ts';

/** Labels by which the share of an item's other labels is drawn to what annotators in general would give. */
const SHRINKAGE = 2;

/** One annotator's labels that can be judged by others' labels of the same items. */
export interface Judged {
  /** Per label: the class given, the one that others make likeliest and how likely that is. */
  readonly given: number[];
  readonly consensus: number[];
  readonly certainty: number[];
  /** p(true = given) by the others. */
  readonly right: number[];
  readonly items: number[];
  /** Mean p(true class) by the others, over these labels. */
  readonly truths: Float64Array;
}

/** All annotators' labels beside what the others say, and what annotators in general give. */
export interface Scene {
  readonly votes: Votes;
  readonly fit: Fit;
  readonly annotators: readonly Judged[];
  /** p(given | true) over all annotators, true × given. */
  readonly usual: Float64Array;
  /** Votes per item and class. */
  readonly shares: Float64Array;
}

export function sceneOf(votes: Votes, fit: Fit): Scene {
  const {
    annotations: { annotators: who, labels, annotatorNames },
    classes,
  } = votes;
  const annotators: Judged[] = annotatorNames.map(() => ({
    given: [],
    consensus: [],
    certainty: [],
    right: [],
    items: [],
    truths: new Float64Array(classes),
  }));
  const usual = new Float64Array(classes * classes).fill(0.5);
  eachByOthers(votes, fit, (place, others, item) => {
    const judged = annotators[who[place] as number] as Judged;
    const label = labels[place] as number;
    let best = 0;
    for (let c = 0; c < classes; c++) {
      if ((others[c] as number) > (others[best] as number)) best = c;
      (usual[c * classes + label] as number) += others[c] as number;
      (judged.truths[c] as number) += others[c] as number;
    }
    judged.given.push(label);
    judged.consensus.push(best);
    judged.certainty.push(others[best] as number);
    judged.right.push(others[label] as number);
    judged.items.push(item);
  });
  for (let from = 0; from < usual.length; from += classes) normalise(usual, from, classes);
  for (const { truths, given } of annotators)
    for (let c = 0; c < classes; c++) truths[c] = (truths[c] as number) / Math.max(1, given.length);
  return { votes, fit, annotators, usual, shares: counts(votes) };
}

/**
 * Chance that an annotator like the others gives class `label` to the item of this annotator's label `at`: what the
 * item's other labels say, or what annotators in general give for its class, whichever is more, so that a hard item
 * excuses an error.
 */
export function usualChance(
  { votes, usual, shares }: Scene,
  judged: Judged,
  at: number,
  label: number,
): number {
  const { classes, byItem } = votes;
  const item = judged.items[at] as number;
  const general = usual[(judged.consensus[at] as number) * classes + label] as number;
  const labels = (byItem.start[item + 1] as number) - (byItem.start[item] as number) - 1;
  const own = judged.given[at] === label ? 1 : 0;
  const same = (shares[item * classes + label] as number) - own;
  return Math.min(1, Math.max(general, (same + SHRINKAGE * general) / (labels + SHRINKAGE)));
}
