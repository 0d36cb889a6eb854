import { wilson } from '../../statistics/wilson.ts';
import type { Share } from '../types.ts';
import type { Reliability } from './types.ts';
import { byOthers, type Fit, type Votes } from './votes.ts';

/** Most annotators × classes² for which a confusion of each is kept. */
export const MOST_CONFUSIONS = 20_000_000;

export function share(hits: number, total: number): Share {
  const [low, high] = wilson(hits, total);
  return { value: total === 0 ? Number.NaN : hits / total, low, high };
}

/** Calls `visit` for each label with p(true class) by the labels of the other annotators of its item. */
export function eachByOthers(
  votes: Votes,
  fit: Fit,
  visit: (place: number, others: Float64Array, item: number) => void,
): void {
  const {
    annotations: { annotators, itemNames },
    byItem: { start, order },
  } = votes;
  const others = new Float64Array(votes.classes);
  for (let item = 0; item < itemNames.length; item++) {
    const end = start[item + 1] as number;
    let from = start[item] as number;
    while (from < end) {
      let to = from + 1;
      while (to < end && annotators[order[to] as number] === annotators[order[from] as number]) to++;
      if (byOthers(votes, fit, { item, from, to }, others))
        for (let at = from; at < to; at++) visit(order[at] as number, others, item);
      from = to;
    }
  }
}

/**
 * Each annotator against what the others make of the same items, so that nobody is their own witness. An annotator whom
 * nobody shares an item with has `labels` 0, accuracy NaN from 0 to 1. Confusions are empty where annotators × classes²
 * are more than 20,000,000. Time O(labels × classes).
 */
export function reliabilities(votes: Votes, fit: Fit): readonly Reliability[] {
  const {
    annotations: { annotators, labels, annotatorNames },
    classes,
  } = votes;
  const cells = classes * classes;
  const keep = annotatorNames.length * cells <= MOST_CONFUSIONS;
  const judged = new Int32Array(annotatorNames.length);
  const right = new Float64Array(annotatorNames.length);
  const confusions = new Float64Array(keep ? annotatorNames.length * cells : 0);
  eachByOthers(votes, fit, (place, others) => {
    const [annotator, label] = [annotators[place] as number, labels[place] as number];
    (judged[annotator] as number)++;
    (right[annotator] as number) += others[label] as number;
    if (keep)
      for (let c = 0; c < classes; c++)
        (confusions[annotator * cells + c * classes + label] as number) += others[c] as number;
  });
  return Array.from(judged, (total, annotator) => ({
    annotator,
    labels: total,
    accuracy: share(right[annotator] as number, total),
    confusion: keep ? confusions.subarray(annotator * cells, (annotator + 1) * cells) : new Float64Array(0),
  }));
}
