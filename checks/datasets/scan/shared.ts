import type { Judgement } from '../labels/index.ts';
import { judgeLabels, type Labels, labelReport } from '../labels/index.ts';
import type { Steps } from '../neighbours/index.ts';
import type { Matrix } from '../types.ts';
import { labelOutcome } from './label-outcome.ts';
import type { PlannedCheck, ScanOptions } from './types.ts';

/** A value that is made when it is first asked for; what its making throws is thrown each time. */
export function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | { readonly error: unknown } | null = null;
  return () => {
    if (made === null) {
      try {
        made = { value: make() };
      } catch (error) {
        made = { error };
      }
    }
    if ('error' in made) throw made.error;
    return made.value;
  };
}

/** As `once`, for a value that is made in steps; nobody asks for it twice at the same time. */
export function onceInSteps<Value>(make: () => Steps<Value>): () => Steps<Value> {
  let made: { readonly value: Value } | { readonly error: unknown } | null = null;
  return function* () {
    if (made === null) {
      try {
        made = { value: yield* make() };
      } catch (error) {
        made = { error };
      }
    }
    if ('error' in made) throw made.error;
    return made.value;
  };
}

export interface Judging {
  readonly labels: Labels;
  readonly features: () => Steps<Matrix>;
  readonly metric: 'euclidean' | 'cosine';
}

/** The judgement of labels by features, made once for all checks that use it. */
export function judgement(input: Judging, { seed = 0 }: ScanOptions): () => Steps<Judgement> {
  return onceInSteps(function* () {
    const features = yield* input.features();
    return yield* judgeLabels({ features, labels: input.labels, metric: input.metric }, { seed });
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
