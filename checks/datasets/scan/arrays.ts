import { checkGivenProbabilities, type Labels, type Probabilities } from '../labels/index.ts';
import type { Steps } from '../neighbours/index.ts';
import { labelOutcome } from './label-outcome.ts';
import { atOnce, chosen, runPlans } from './run.ts';
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
  const plans: PlannedCheck[] = [
    {
      name: 'label-errors',
      purpose: 'poisoning',
      leads: true,
      run: () => atOnce(() => labelOutcome(checkGivenProbabilities(probabilities, labels), labels)),
    },
  ];
  return yield* runPlans(chosen(plans, options, []), probabilities.rows);
}
