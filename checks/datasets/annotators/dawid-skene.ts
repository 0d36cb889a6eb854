import { DatasetInputError } from '../types.ts';
import { finished, majorityFit } from './majority.ts';
import { MOST_CONFUSIONS } from './reliability.ts';
import type { Aggregate, AggregateOptions, Annotations } from './types.ts';
import { type Fit, softmax, type Votes, votesOf } from './votes.ts';

const SMOOTHING = 0.01;
const ROUNDS = 100;
/** Mean change of a probability below which a fit is taken to have converged. */
const STILL = 1e-7;

export interface Fitted {
  readonly fit: Fit;
  readonly rounds: number;
  readonly converged: boolean;
}

export const fitsDawidSkene = ({ annotatorNames, classNames }: Annotations): boolean =>
  annotatorNames.length * classNames.length ** 2 <= MOST_CONFUSIONS;

/** Checked and filled in. DatasetInputError for numbers outside of their range. */
export function fitOptions({
  smoothing = SMOOTHING,
  rounds = ROUNDS,
}: AggregateOptions): Required<AggregateOptions> {
  if (!(smoothing > 0 && smoothing <= 1000))
    throw new DatasetInputError(`Smoothing is above 0 and at most 1000, not ${smoothing}.`);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1000)
    throw new DatasetInputError(`Rounds are a whole number from 1 to 1000, not ${rounds}.`);
  return { smoothing, rounds };
}

/** Log-probabilities of each label given each true class, per annotator (annotators × true × given), and log-shares. */
interface Model {
  readonly confusions: Float64Array;
  readonly prior: Float64Array;
}

function maximise(votes: Votes, posteriors: Float64Array, smoothing: number, model: Model): void {
  const {
    annotations: { items, annotators, labels },
    classes,
    byItem: { start },
  } = votes;
  const { confusions, prior } = model;
  confusions.fill(smoothing);
  for (let place = 0; place < items.length; place++) {
    const from = (items[place] as number) * classes;
    const to = (annotators[place] as number) * classes * classes + (labels[place] as number);
    for (let c = 0; c < classes; c++)
      (confusions[to + c * classes] as number) += posteriors[from + c] as number;
  }
  for (let row = 0; row < confusions.length; row += classes) {
    let sum = 0;
    for (let at = row; at < row + classes; at++) sum += confusions[at] as number;
    for (let at = row; at < row + classes; at++) confusions[at] = Math.log((confusions[at] as number) / sum);
  }
  prior.fill(smoothing);
  for (let item = 0; item < start.length - 1; item++)
    if (start[item] !== start[item + 1])
      for (let c = 0; c < classes; c++) (prior[c] as number) += posteriors[item * classes + c] as number;
  const sum = prior.reduce((total, value) => total + value, 0);
  for (let c = 0; c < classes; c++) prior[c] = Math.log((prior[c] as number) / sum);
}

/** New posteriors in place; gives their mean change. */
function expect(votes: Votes, model: Model, logs: Float64Array, posteriors: Float64Array): number {
  const {
    annotations: { items, annotators, labels },
    classes,
  } = votes;
  const { confusions, prior } = model;
  for (let at = 0; at < logs.length; at++) logs[at] = prior[at % classes] as number;
  for (let place = 0; place < items.length; place++) {
    const to = (items[place] as number) * classes;
    const from = (annotators[place] as number) * classes * classes + (labels[place] as number);
    for (let c = 0; c < classes; c++) (logs[to + c] as number) += confusions[from + c * classes] as number;
  }
  const fresh = new Float64Array(classes);
  let change = 0;
  for (let from = 0; from < logs.length; from += classes) {
    softmax(logs, from, fresh);
    for (let c = 0; c < classes; c++) {
      change += Math.abs((fresh[c] as number) - (posteriors[from + c] as number));
      posteriors[from + c] = fresh[c] as number;
    }
  }
  return change / logs.length;
}

/** The fit alone, from the majority's shares. */
export function fitDawidSkene(votes: Votes, options: AggregateOptions = {}): Fitted {
  const { smoothing, rounds: most } = fitOptions(options);
  const {
    annotations: { annotators, labels, annotatorNames },
    classes,
  } = votes;
  if (!fitsDawidSkene(votes.annotations))
    throw new DatasetInputError(
      `${annotatorNames.length} annotators with ${classes} classes are too many for a confusion of each ` +
        `(annotators × classes² ≤ ${MOST_CONFUSIONS}); use majority vote or GLAD, or fewer classes.`,
    );
  const { posteriors } = majorityFit(votes);
  const model: Model = {
    confusions: new Float64Array(annotatorNames.length * classes ** 2),
    prior: new Float64Array(classes),
  };
  const logs = new Float64Array(posteriors.length);
  let rounds = 0;
  let converged = false;
  while (rounds < most && !converged) {
    maximise(votes, posteriors, smoothing, model);
    converged = expect(votes, model, logs, posteriors) < STILL;
    rounds++;
  }
  const { confusions } = model;
  const add: Fit['add'] = (place, into, sign) => {
    const from = (annotators[place] as number) * classes * classes + (labels[place] as number);
    for (let c = 0; c < classes; c++)
      (into[c] as number) += sign * (confusions[from + c * classes] as number);
  };
  return { fit: { method: 'dawid-skene', posteriors, logs, add }, rounds, converged };
}

/**
 * Dawid and Skene (Applied Statistics 28, 1979): a confusion of each annotator and the true classes by expectation and
 * maximisation in log space, from the majority's shares; `smoothing` pseudo-counts keep a label that an annotator never
 * gave from ruling a class out. Time O(rounds × labels × classes), memory 8 × annotators × classes² bytes and
 * 16 × items × classes. DatasetInputError for annotations that do not hold together or annotators × classes² over
 * 20,000,000.
 */
export function dawidSkene(annotations: Annotations, options: AggregateOptions = {}): Aggregate {
  const votes = votesOf(annotations);
  const { fit, ...rest } = fitDawidSkene(votes, options);
  return finished(votes, fit, rest);
}
