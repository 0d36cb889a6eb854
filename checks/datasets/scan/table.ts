import type { Steps } from '../neighbours/index.ts';
import { tableFeatures } from '../tabular/index.ts';
import { DatasetInputError } from '../types.ts';
import { chosen, runPlans } from './run.ts';
import { asLabels, columnNamed, rowsOf } from './shape.ts';
import { judgement, labelPlan, once } from './shared.ts';
import type { CheckRun, PlannedCheck, ScanOptions, ScanReport, TableToScan } from './types.ts';

/** As `ScanTable` says. Memory and time are those of the checks, one after another. */
export function* scanTable(input: TableToScan, options: ScanOptions = {}): Steps<ScanReport> {
  const [first] = input.columns;
  if (first === undefined) throw new DatasetInputError('The table has no column that can be scanned.');
  const { plans, leftOut } = tablePlans(input, options);
  return yield* runPlans(chosen(plans, options, leftOut), rowsOf(first), leftOut);
}

function tablePlans(
  { columns, roles }: TableToScan,
  options: ScanOptions,
): { readonly plans: PlannedCheck[]; readonly leftOut: CheckRun[] } {
  const plans: PlannedCheck[] = [];
  if (roles.label !== null) {
    const labels = asLabels(columnNamed(columns, roles.label));
    const features = once(() =>
      tableFeatures(
        roles.features.map((name) => columnNamed(columns, name)),
        { seed: options.seed ?? 0 },
      ),
    );
    const steps = function* () {
      yield { stage: 'features', done: 0, total: 1 };
      return features();
    };
    plans.push(labelPlan(judgement({ labels, features: steps, metric: 'euclidean' }, options), labels));
  }
  return { plans, leftOut: [] };
}
