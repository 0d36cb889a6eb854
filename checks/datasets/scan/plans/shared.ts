import {
  checkGivenProbabilities,
  type Judgement,
  judgeLabels,
  type Labels,
  labelReport,
  type Probabilities,
} from '../../labels/index.ts';
import { findNeighbours, type Steps } from '../../neighbours/index.ts';
import type { CheckOutcome, Matrix } from '../../types.ts';
import { labelOutcome } from '../label-outcome.ts';
import type { PlannedCheck, ScanOptions } from '../types.ts';

type Made<Value> = { readonly value: Value } | { readonly error: unknown };

function valueOf<Value>(made: Made<Value>): Value {
  if ('error' in made) throw made.error;
  return made.value;
}

/** A value that is made when it is first asked for; what its making throws is thrown each time. One asks at a time. */
export function once<Value>(make: () => Steps<Value>): () => Steps<Value> {
  let made: Made<Value> | null = null;
  return function* () {
    if (made === null) {
      try {
        made = { value: yield* make() };
      } catch (error) {
        made = { error };
      }
    }
    return valueOf(made);
  };
}

/** Steps of a check that gives its outcome at once. */
export function* atOnce(check: () => CheckOutcome): Steps<CheckOutcome> {
  yield { stage: 'all records', done: 0, total: 1 };
  return check();
}

/** Neighbours whose votes judge a label; other checks use the same. */
const NEIGHBOURS = 20;

export interface Judging {
  readonly labels: Labels;
  /** Of comparable scale; not standardised again for the neighbours. */
  readonly features: () => Steps<Matrix>;
  readonly metric: 'euclidean' | 'cosine';
}

/** The judgement of labels by features, made once for all checks that use it. */
export function judgement(
  { labels, features, metric }: Judging,
  { seed = 0 }: ScanOptions,
): () => Steps<Judgement> {
  return once(function* () {
    const matrix = yield* features();
    const k = Math.min(NEIGHBOURS, matrix.rows - 1);
    const neighbours = yield* findNeighbours(matrix, { k, metric, seed });
    return yield* judgeLabels({ features: matrix, labels, metric, neighbours }, { seed });
  });
}

/** The check of labels, which leads the ranking. */
export function labelPlan(judged: () => Steps<Judgement>, labels: Labels): PlannedCheck {
  return {
    name: 'label-errors',
    purpose: 'poisoning',
    leads: true,
    *run() {
      return labelOutcome(labelReport(yield* judged(), labels), labels);
    },
  };
}

/** As `labelPlan`, by probabilities that the user gives. */
export const givenPlan = (probabilities: Probabilities, labels: Labels): PlannedCheck => ({
  name: 'label-errors',
  purpose: 'poisoning',
  leads: true,
  run: () => atOnce(() => labelOutcome(checkGivenProbabilities(probabilities, labels), labels)),
});
