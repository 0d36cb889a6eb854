import { checkImageTriggers, imageFeatureSteps } from '../images/index.ts';
import type { Labels, Probabilities } from '../labels/index.ts';
import type { Steps } from '../neighbours/index.ts';
import { DatasetInputError, type Images } from '../types.ts';
import { givenPlan, judgement, labelPlan, once } from './plans/shared.ts';
import { chosen, runPlans } from './run.ts';
import type { PlannedCheck, ScanOptions, ScanReport } from './types.ts';

/**
 * Scans labels by out-of-sample probabilities that the user gives: the order of all records is that of
 * `checkGivenProbabilities`. O(n log n · classes). DatasetInputError for what those refuse.
 */
export function* scanProbabilities(
  probabilities: Probabilities,
  labels: Labels,
  options: ScanOptions = {},
): Steps<ScanReport> {
  const plans = [givenPlan(probabilities, labels)];
  return yield* runPlans(chosen(plans, options, []), probabilities.rows);
}

/** As `ScanImages` says. */
export function* scanImages(
  images: Images,
  labels: Labels | null,
  options: ScanOptions = {},
): Steps<ScanReport> {
  const features = once(() => imageFeatureSteps(images));
  const plans: PlannedCheck[] = [];
  const seed = options.seed ?? 0;
  if (labels !== null) {
    if (labels.values.length !== images.rows)
      throw new DatasetInputError(`There are ${labels.values.length} labels for ${images.rows} pictures.`);
    const judged = judgement({ labels, features, metric: 'euclidean' }, options);
    plans.push(labelPlan(judged, labels), {
      name: 'image-triggers',
      purpose: 'poisoning',
      run: () => checkImageTriggers(images, labels, { seed }),
    });
  }
  return yield* runPlans(chosen(plans, options, []), images.rows);
}
