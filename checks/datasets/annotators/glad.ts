import { byAnnotator, type Grouping } from './annotations.ts';
import { type Fitted, fitOptions } from './dawid-skene.ts';
import { finished, majorityFit } from './majority.ts';
import type { Aggregate, AggregateOptions, Annotations } from './types.ts';
import { type Fit, softmax, type Votes, votesOf } from './votes.ts';

const STILL = 1e-6;
/** Steps of Fisher's scoring in each maximisation, the step from which no other follows, and the longest. */
const STEPS = 3;
const SMALL_STEP = 1e-3;
const LONGEST_STEP = 1;
/** Both priors are normal with mean 1 and variance 1, as in the paper's code; ease is the exponential of its own. */
const PRIOR = 1;
/** Ease is kept within e^±6: beyond, a label says no more. */
const EASE_RANGE = 6;

const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

interface Parameters {
  readonly ability: Float64Array;
  /** Logarithm of ease. */
  readonly ease: Float64Array;
}

/**
 * One parameter per group moved towards where the expected log-likelihood with its prior is highest. The argument of a
 * label's sigmoid is its factor times the parameter, or times its exponential where `logarithm`.
 */
interface Climb extends Grouping {
  readonly values: Float64Array;
  readonly logarithm: boolean;
  readonly factors: Float64Array;
  readonly right: Float64Array;
}

function climb({ values, start, order, logarithm, factors, right }: Climb): void {
  for (let group = 0; group < values.length; group++) {
    let value = values[group] as number;
    for (let step = 0; step < STEPS; step++) {
      const scale = logarithm ? Math.exp(value) : value;
      let gradient = PRIOR - value;
      let information = 1;
      for (let at = start[group] as number; at < (start[group + 1] as number); at++) {
        const place = order[at] as number;
        const factor = factors[place] as number;
        const slope = logarithm ? factor * scale : factor;
        const expected = sigmoid(factor * scale);
        gradient += ((right[place] as number) - expected) * slope;
        information += expected * (1 - expected) * slope * slope;
      }
      const move = Math.max(-LONGEST_STEP, Math.min(LONGEST_STEP, gradient / information));
      value += move;
      if (Math.abs(move) < SMALL_STEP) break;
    }
    values[group] = value;
  }
}

function maximise(votes: Votes, mine: Grouping, { ability, ease }: Parameters, right: Float64Array): void {
  const { items, annotators } = votes.annotations;
  const eases = ease.map(Math.exp);
  const factors = Float64Array.from(items, (item) => eases[item] as number);
  climb({ ...mine, values: ability, logarithm: false, factors, right });
  for (let place = 0; place < items.length; place++)
    factors[place] = ability[annotators[place] as number] as number;
  climb({ ...votes.byItem, values: ease, logarithm: true, factors, right });
  for (let item = 0; item < ease.length; item++)
    ease[item] = Math.max(-EASE_RANGE, Math.min(EASE_RANGE, ease[item] as number));
}

/** The fit alone. */
export function fitGlad(votes: Votes, options: AggregateOptions = {}): Fitted & Parameters {
  const { rounds: most } = fitOptions(options);
  const { annotations, classes } = votes;
  const { items, annotators, labels, itemNames, annotatorNames } = annotations;
  const { posteriors } = majorityFit(votes);
  const ability = new Float64Array(annotatorNames.length).fill(PRIOR);
  const ease = new Float64Array(itemNames.length).fill(PRIOR);
  const logs = new Float64Array(posteriors.length);
  const right = new Float64Array(items.length);
  const mine = byAnnotator(annotations);
  const add: Fit['add'] = (place, into, sign) => {
    const argument =
      (ability[annotators[place] as number] as number) * Math.exp(ease[items[place] as number] as number);
    const wrong = Math.log(Math.max(sigmoid(-argument), 1e-300) / (classes - 1));
    const label = labels[place] as number;
    for (let c = 0; c < classes; c++) if (c !== label) (into[c] as number) += sign * wrong;
    (into[label] as number) += sign * Math.log(Math.max(sigmoid(argument), 1e-300));
  };
  const line = new Float64Array(classes);
  const expect = (): number => {
    let change = 0;
    for (let item = 0; item < itemNames.length; item++) {
      const from = item * classes;
      line.fill(0);
      for (let at = votes.byItem.start[item] as number; at < (votes.byItem.start[item + 1] as number); at++)
        add(votes.byItem.order[at] as number, line, 1);
      logs.set(line, from);
      softmax(line, 0, line);
      for (let c = 0; c < classes; c++)
        change += Math.abs((line[c] as number) - (posteriors[from + c] as number));
      posteriors.set(line, from);
    }
    return change / posteriors.length;
  };
  let rounds = 0;
  let converged = false;
  while (rounds < most && !converged) {
    for (let place = 0; place < items.length; place++)
      right[place] = posteriors[(items[place] as number) * classes + (labels[place] as number)] as number;
    maximise(votes, mine, { ability, ease }, right);
    converged = expect() < STILL;
    rounds++;
  }
  return { fit: { method: 'glad', posteriors, logs, add }, rounds, converged, ability, ease };
}

/**
 * GLAD (Whitehill et al., NIPS 2009): the chance that annotator j is right on item i is σ(α_j β_i), ability times ease;
 * errors fall on the other classes alike and all classes are equally likely beforehand. Expectation and maximisation
 * from the majority's shares; α and ln β have normal priors (1, 1) and are found by Fisher's scoring, one at a time.
 * Time O(rounds × labels × (classes + 10)). DatasetInputError for annotations that do not hold together.
 */
export function glad(annotations: Annotations, options: AggregateOptions = {}): Aggregate {
  const votes = votesOf(annotations);
  const { fit, ease, ability, ...rest } = fitGlad(votes, options);
  return finished(votes, fit, { ...rest, ease: ease.map(Math.exp), ability });
}
