import type { Steps } from '../neighbours/index.ts';
import { DatasetInputError } from '../types.ts';
import { annotatorPlans } from './plans/annotators.ts';
import { contextOf, type Plans } from './plans/context.ts';
import { driftPlans } from './plans/drift.ts';
import { qualityPlans } from './plans/quality.ts';
import { featurePlans } from './plans/table.ts';
import { textPlans } from './plans/text.ts';
import { chosen, runPlans } from './run.ts';
import { rowsOf } from './shape.ts';
import type { ScanOptions, ScanReport, TableToScan } from './types.ts';

/** As `ScanTable` says. Memory and time are those of the checks, one after another. */
export function* scanTable(input: TableToScan, options: ScanOptions = {}): Steps<ScanReport> {
  const [first] = input.columns;
  if (first === undefined) throw new DatasetInputError('The table has no column that can be scanned.');
  const context = contextOf(input, options, rowsOf(first));
  const parts: Plans[] = [
    annotatorPlans(context),
    textPlans(context),
    // With one label per person the same item comes again and again.
    ...(input.roles.annotators === null ? [featurePlans(context)] : []),
    driftPlans(context),
    qualityPlans(context),
  ];
  const plans = parts.flatMap((part) => part.plans);
  const ran = new Set(plans.map(({ name }) => name));
  const leftOut = parts.flatMap((part) => part.leftOut).filter(({ name }) => !ran.has(name));
  return yield* runPlans(chosen(plans, options, leftOut), context.rows, leftOut);
}
