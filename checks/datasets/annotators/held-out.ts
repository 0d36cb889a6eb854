import { createRandom } from '../../statistics/random.ts';
import { byItem, subset } from './annotations.ts';
import { fitDawidSkene } from './dawid-skene.ts';
import { fitGlad } from './glad.ts';
import type { Annotations, HeldOut, Method } from './types.ts';
import { counts, normalise, type Votes, votesOf } from './votes.ts';

const FOLDS = 5;
const ROUNDS = 50;
/** Pseudo-labels by which a rarely seen annotator's confusion is drawn to that of all. */
const SHRINKAGE = 4;
/** Most labels that are judged by: of more, whole items are drawn. */
const MOST_LABELS = 60_000;
const Z = 1.959_963_984_540_054;

/** Whole items drawn by lot until there are enough labels. */
function sampled(annotations: Annotations, seed: number): Annotations {
  if (annotations.items.length <= MOST_LABELS) return annotations;
  const { start, order } = byItem(annotations);
  const places: number[] = [];
  for (const item of createRandom(seed).shuffle(Int32Array.from(annotations.itemNames.keys()))) {
    const own = order.subarray(start[item], start[item + 1]);
    if (places.length + own.length > MOST_LABELS) break;
    for (const place of own) places.push(place);
  }
  return subset(annotations, Int32Array.from(places));
}

/** p(true class) by one method; the majority's shares with one vote more, spread over all classes. */
function posteriorsOf(votes: Votes, method: Method): Float64Array {
  if (method === 'glad') return fitGlad(votes, { rounds: ROUNDS }).fit.posteriors;
  if (method === 'dawid-skene') return fitDawidSkene(votes, { rounds: ROUNDS }).fit.posteriors;
  const shares = counts(votes).map((times) => times + 1 / votes.classes);
  for (let from = 0; from < shares.length; from += votes.classes) normalise(shares, from, votes.classes);
  return shares;
}

/** p(given | true) of all annotators together and of each, drawn to that of all; annotators × true × given. */
function confusionsOf(votes: Votes, posteriors: Float64Array): Float64Array {
  const { annotations, classes } = votes;
  const cells = classes * classes;
  const all = new Float64Array(cells).fill(0.5);
  const each = new Float64Array(annotations.annotatorNames.length * cells);
  for (let place = 0; place < annotations.items.length; place++) {
    const [item, label] = [annotations.items[place] as number, annotations.labels[place] as number];
    const to = (annotations.annotators[place] as number) * cells + label;
    for (let c = 0; c < classes; c++) {
      const weight = posteriors[item * classes + c] as number;
      (each[to + c * classes] as number) += weight;
      (all[c * classes + label] as number) += weight;
    }
  }
  for (let from = 0; from < cells; from += classes) normalise(all, from, classes);
  for (let at = 0; at < each.length; at++) (each[at] as number) += SHRINKAGE * (all[at % cells] as number);
  for (let from = 0; from < each.length; from += classes) normalise(each, from, classes);
  return each;
}

/** Log-probability of every label by the labels of the other folds. */
function predicted(annotations: Annotations, method: Method, fold: Int32Array): Float64Array {
  const logs = new Float64Array(annotations.items.length);
  const classes = annotations.classNames.length;
  for (let held = 0; held < FOLDS; held++) {
    const places = Int32Array.from(fold.keys()).filter((place) => fold[place] !== held);
    if (places.length === 0) continue;
    const votes = votesOf(subset(annotations, places));
    const posteriors = posteriorsOf(votes, method);
    const confusions = confusionsOf(votes, posteriors);
    fold.forEach((own, place) => {
      if (own !== held) return;
      const from = (annotations.items[place] as number) * classes;
      const at =
        (annotations.annotators[place] as number) * classes ** 2 + (annotations.labels[place] as number);
      let p = 0;
      for (let c = 0; c < classes; c++)
        p += (posteriors[from + c] as number) * (confusions[at + c * classes] as number);
      logs[place] = Math.log(Math.max(p, 1e-300));
    });
  }
  return logs;
}

/** Mean of a − b per label with its 95% interval; the labels of an item count as one draw. */
export function gainOf(items: Int32Array, count: number, a: Float64Array, b: Float64Array): HeldOut['gain'] {
  const [sums, sizes] = [new Float64Array(count), new Int32Array(count)];
  items.forEach((item, place) => {
    (sums[item] as number) += (a[place] as number) - (b[place] as number);
    (sizes[item] as number)++;
  });
  const value = sums.reduce((total, sum) => total + sum, 0) / items.length;
  let squares = 0;
  sums.forEach((sum, item) => {
    squares += (sum - value * (sizes[item] as number)) ** 2;
  });
  const half = (Z * Math.sqrt(squares)) / items.length;
  return { value, low: value - half, high: value + half };
}

export interface Comparison {
  readonly heldOut: readonly HeldOut[];
  /** How much better Dawid–Skene predicts than GLAD; null where it was not fitted. */
  readonly overGlad: HeldOut['gain'] | null;
}

/**
 * How well the classes that each method finds predict labels that it has not seen: labels in 5 folds by lot; what a
 * method finds from four of them, with confusions estimated in one way for all methods, predicts the fifth. It tells
 * which method explains the annotators, not which is right: errors that all of them share look like the truth. On
 * more than 60,000 labels, items are drawn by lot.
 */
export function compareMethods(all: Annotations, methods: readonly Method[], seed: number): Comparison {
  const annotations = sampled(all, seed);
  const { items, itemNames } = annotations;
  const fold = createRandom(seed).shuffle(Int32Array.from(items, (_, place) => place % FOLDS));
  const logs = new Map(methods.map((method) => [method, predicted(annotations, method, fold)] as const));
  const [base, ours, theirs] = [logs.get('majority'), logs.get('dawid-skene'), logs.get('glad')];
  const heldOut = [...logs].map(([method, own]) => ({
    method,
    logLikelihood: own.reduce((sum, log) => sum + log, 0) / own.length,
    gain: gainOf(items, itemNames.length, own, base ?? own),
  }));
  const overGlad =
    ours === undefined || theirs === undefined ? null : gainOf(items, itemNames.length, ours, theirs);
  return { heldOut, overGlad };
}
