import type { Judgement, Labels } from '../../labels/index.ts';
import type { Steps } from '../../neighbours/index.ts';
import { checkAvailability, checkOutliers } from '../../outliers/index.ts';
import { checkSlices } from '../../slices/index.ts';
import { checkTableTriggers, tableFeatures } from '../../tabular/index.ts';
import type { Matrix } from '../../types.ts';
import type { PlannedCheck } from '../types.ts';
import { leftOut, type Plans, type TableContext } from './context.ts';
import { judgement, labelPlan, once } from './shared.ts';

const NEED_LABELS = ['label-errors', 'slices', 'table-triggers', 'availability-noise'];

/** Checks of the columns that a model learns from. */
export function featurePlans(context: TableContext): Plans {
  const { labels, features, texts, seed } = context;
  if (features.length === 0) return { plans: [], leftOut: [] };
  const matrix = numbersOf(context);
  if (labels === null)
    return {
      plans: [outlierPlan(context, matrix, null)],
      leftOut: (context.roles.knowledgeBase ? [] : NEED_LABELS).map((name) =>
        leftOut(name, 'the records have no label; name it with --label.'),
      ),
    };
  const judged = judgement({ labels, features: matrix, metric: 'euclidean' }, context.options);
  const input = { columns: features, labels, groups: context.groups };
  return {
    plans: [
      // The words of a record say more of its label than what stands beside them.
      ...(texts === null ? [labelPlan(judged, labels)] : []),
      { name: 'slices', purpose: 'poisoning', run: () => checkSlices(input, { seed }) },
      { name: 'table-triggers', purpose: 'poisoning', run: () => checkTableTriggers(input, { seed }) },
      ...(texts === null ? [availabilityPlan(context, labels, matrix, judged)] : []),
      outlierPlan(context, matrix, texts === null ? judged : null),
    ],
    leftOut: [],
  };
}

function numbersOf({ features, seed }: TableContext): () => Steps<Matrix> {
  return once(function* () {
    yield { stage: 'features', done: 0, total: 1 };
    return tableFeatures(features, { seed });
  });
}

/** Noise of whole batches, sources and classes; by the judgement of the labels that is there already. */
export function availabilityPlan(
  { groups, seed }: TableContext,
  labels: Labels,
  matrix: () => Steps<Matrix>,
  judged: () => Steps<Judgement>,
): PlannedCheck {
  return {
    name: 'availability-noise',
    purpose: 'poisoning',
    *run() {
      const { probabilities, neighbours } = yield* judged();
      const features = yield* matrix();
      const known = neighbours === null ? {} : { neighbours };
      return yield* checkAvailability({ features, labels, probabilities, groups, ...known }, { seed });
    },
  };
}

function outlierPlan(
  { features, seed }: TableContext,
  matrix: () => Steps<Matrix>,
  judged: (() => Steps<Judgement>) | null,
): PlannedCheck {
  return {
    name: 'outliers',
    purpose: 'poisoning',
    *run() {
      const neighbours = judged === null ? null : (yield* judged()).neighbours;
      const known = neighbours === null ? {} : { neighbours };
      return yield* checkOutliers({ features: yield* matrix(), columns: features, ...known }, { seed });
    },
  };
}
