import type { Steps } from '../neighbours/index.ts';
import { type CheckOutcome, DatasetInputError, type DatasetSeverity } from '../types.ts';
import { fuse, type Judged, NAMED } from './fuse.ts';
import type { CheckRun, PlannedCheck, ScanOptions, ScanReport } from './types.ts';

const PREFIX = 'datasets/';
const SEVERITIES: readonly DatasetSeverity[] = ['critical', 'high', 'medium', 'low', 'info'];

/** The plans that were asked for by name. DatasetInputError for names that none of the plans has. */
export function chosen(
  plans: readonly PlannedCheck[],
  { checks }: ScanOptions,
  leftOut: readonly CheckRun[],
): PlannedCheck[] {
  if (checks === undefined) return [...plans];
  const names = new Set(checks.map((name) => (name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name)));
  for (const name of names) {
    if (plans.some((plan) => plan.name === name)) continue;
    const why = leftOut.find((each) => each.name === name)?.reason;
    throw new DatasetInputError(
      why
        ? `The check “${name}” does not apply: ${why}`
        : `There is no check “${name}” for these data; there are ${plans.map((plan) => plan.name).join(', ')}.`,
    );
  }
  return plans.filter(({ name }) => names.has(name));
}

/**
 * Runs checks one after another and fuses what they say. A check whose inputs it cannot judge is left out with its
 * reason, one that breaks is named as failed: both stand in the blind spots. DatasetInputError where none could run.
 */
export function* runPlans(
  plans: readonly PlannedCheck[],
  rows: number,
  leftOut: readonly CheckRun[] = [],
): Steps<ScanReport> {
  const judged: Judged[] = [];
  const runs: CheckRun[] = [];
  for (const plan of plans) {
    try {
      const outcome = yield* staged(plan);
      if (outcome.scores.length !== rows)
        throw new Error(`${outcome.scores.length} scores for ${rows} records`);
      judged.push({
        name: plan.name,
        purpose: plan.purpose,
        leads: plan.leads === true && !judged.some(({ leads }) => leads),
        outcome,
        ...('order' in outcome ? { order: outcome.order as Float32Array } : {}),
      });
      const suspects = outcome.scores.reduce((sum, score) => sum + Number(score >= NAMED), 0);
      runs.push({ name: plan.name, state: 'ran', reason: null, suspects });
    } catch (error) {
      const state = error instanceof DatasetInputError ? 'left-out' : 'failed';
      runs.push({ name: plan.name, state, reason: (error as Error).message, suspects: 0 });
    }
  }
  if (judged.length === 0)
    throw new DatasetInputError(
      `None of the checks could run. ${runs.map(({ name, reason }) => `${name}: ${reason}`).join(' ')}`,
    );
  yield { stage: 'ranking', done: 0, total: 1 };
  return reportOf(judged, [...runs, ...leftOut], rows);
}

function* staged(plan: PlannedCheck): Steps<CheckOutcome> {
  yield { stage: plan.name, done: 0, total: 1 };
  const steps = plan.run();
  try {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      yield { ...step.value, stage: `${plan.name}: ${step.value.stage}` };
    }
  } finally {
    steps.return(undefined as never);
  }
}

function reportOf(judged: readonly Judged[], runs: readonly CheckRun[], rows: number): ScanReport {
  const { scores, records } = fuse(judged, rows);
  const findings = judged
    .flatMap(({ outcome }) => outcome.findings)
    .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.count - a.count);
  const missed = runs
    .filter(({ state }) => state !== 'ran')
    .map(({ name, state, reason }) =>
      state === 'failed'
        ? `The check “${name}” failed, so nothing is known of what it looks for: ${reason}`
        : `The check “${name}” was left out: ${reason}`,
    );
  const blindSpots = [...new Set([...judged.flatMap(({ outcome }) => outcome.blindSpots), ...missed])];
  return { scores, records, findings, blindSpots, checks: runs };
}
