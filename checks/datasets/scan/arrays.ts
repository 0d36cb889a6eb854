import { activationClustering, spectralSignatures } from '../activations/index.ts';
import { checkImageDuplicates, checkImageTriggers, imageFeatureSteps } from '../images/index.ts';
import type { Labels, Probabilities } from '../labels/index.ts';
import type { Steps } from '../neighbours/index.ts';
import { checkOutliers } from '../outliers/index.ts';
import { DatasetInputError, type Images, type Matrix } from '../types.ts';
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
  plans.push(
    {
      name: 'image-duplicates',
      purpose: 'poisoning',
      run: () => checkImageDuplicates(images, labels, { seed }),
    },
    {
      name: 'outliers',
      purpose: 'poisoning',
      *run() {
        return yield* checkOutliers({ features: yield* features() }, { seed });
      },
    },
  );
  return yield* runPlans(chosen(plans, options, []), images.rows);
}

/** As `ScanActivations` says. */
export function* scanActivations(
  activations: Matrix,
  labels: Labels,
  options: ScanOptions = {},
): Steps<ScanReport> {
  const seed = options.seed ?? 0;
  const plans: PlannedCheck[] = [
    {
      name: 'spectral-signatures',
      purpose: 'poisoning',
      run: () => spectralSignatures(activations, labels, { seed }),
    },
    {
      name: 'activation-clusters',
      purpose: 'poisoning',
      run: () => activationClustering(activations, labels, { seed }),
    },
  ];
  return yield* runPlans(chosen(plans, options, []), activations.rows);
}
