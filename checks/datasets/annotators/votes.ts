import { DatasetInputError } from '../types.ts';
import { assertAnnotations, byItem, type Grouping } from './annotations.ts';
import type { Aggregate, Annotations, Method } from './types.ts';

/** Most items × classes: 800 MB of posteriors. */
const MOST_CELLS = 100_000_000;

/** Closer than this, two probabilities of one item tie. */
const TIE = 1e-9;

/** Checked annotations with their labels by item. */
export interface Votes {
  readonly annotations: Annotations;
  readonly classes: number;
  readonly byItem: Grouping;
}

/** DatasetInputError for annotations that do not hold together, or too many items × classes. */
export function votesOf(annotations: Annotations): Votes {
  assertAnnotations(annotations);
  const classes = annotations.classNames.length;
  if (annotations.itemNames.length * classes > MOST_CELLS)
    throw new DatasetInputError(
      `${annotations.itemNames.length} items of ${classes} classes are too many at once; split them by item.`,
    );
  return { annotations, classes, byItem: byItem(annotations) };
}

/** Votes per item and class, items × classes. */
export function counts({ annotations: { items, labels, itemNames }, classes }: Votes): Float64Array {
  const votes = new Float64Array(itemNames.length * classes);
  for (let place = 0; place < items.length; place++)
    (votes[(items[place] as number) * classes + (labels[place] as number)] as number)++;
  return votes;
}

/** Makes a slice of weights ≥ 0 sum to 1, all equal where they are all 0. */
export function normalise(values: Float64Array, from: number, classes: number): void {
  let sum = 0;
  for (let at = from; at < from + classes; at++) sum += values[at] as number;
  for (let at = from; at < from + classes; at++)
    values[at] = sum > 0 ? (values[at] as number) / sum : 1 / classes;
}

/** Turns the log-weights from `from` on into probabilities in `out`, as many as `out` is long. */
export function softmax(logs: Float64Array, from: number, out: Float64Array): void {
  let most = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < out.length; c++) most = Math.max(most, logs[from + c] as number);
  let sum = 0;
  for (let c = 0; c < out.length; c++) {
    const weight = Math.exp((logs[from + c] as number) - most);
    out[c] = weight;
    sum += weight;
  }
  for (let c = 0; c < out.length; c++) out[c] = (out[c] as number) / sum;
}

/** The likeliest class of every item with a label, and where several tie. */
export function decide(votes: Votes, posteriors: Float64Array): Pick<Aggregate, 'labels' | 'ties'> {
  const { classes, byItem: grouping } = votes;
  const count = votes.annotations.itemNames.length;
  const labels = new Int32Array(count).fill(-1);
  const ties = new Uint8Array(count);
  for (let item = 0; item < count; item++) {
    if (grouping.start[item] === grouping.start[item + 1]) continue;
    let best = 0;
    for (let c = 1; c < classes; c++)
      if ((posteriors[item * classes + c] as number) > (posteriors[item * classes + best] as number) + TIE)
        best = c;
    labels[item] = best;
    for (let c = 0; c < classes; c++)
      if (
        c !== best &&
        (posteriors[item * classes + c] as number) >= (posteriors[item * classes + best] as number) - TIE
      )
        ties[item] = 1;
  }
  return { labels, ties };
}

/**
 * What a method's fit says about single labels: `logs` is the evidence of all labels for each class of each item, and
 * `add` adds `sign` times the evidence of one label. Without `logs` every label is one vote.
 */
export interface Fit {
  readonly method: Method;
  readonly posteriors: Float64Array;
  readonly logs: Float64Array | null;
  readonly add: (place: number, into: Float64Array, sign: number) => void;
}

/** Labels of one annotator for an item: `from`..`to` − 1 in the order of `byItem`. */
export interface Own {
  readonly item: number;
  readonly from: number;
  readonly to: number;
}

/** p(true class) of an item by the other annotators' labels, into `out`; false, and nothing said, without any. */
export function byOthers(votes: Votes, fit: Fit, { item, from, to }: Own, out: Float64Array): boolean {
  const {
    classes,
    byItem: { start, order },
  } = votes;
  const [first, end] = [start[item] as number, start[item + 1] as number];
  if (to - from === end - first) return false;
  if (fit.logs === null) {
    out.fill(0);
    for (let at = first; at < end; at++) if (at < from || at >= to) fit.add(order[at] as number, out, 1);
    normalise(out, 0, classes);
    return true;
  }
  for (let c = 0; c < classes; c++) out[c] = fit.logs[item * classes + c] as number;
  for (let at = from; at < to; at++) fit.add(order[at] as number, out, -1);
  softmax(out, 0, out);
  return true;
}
