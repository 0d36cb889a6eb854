import { ANNOTATORS, buildAnnotations, checkAnnotators } from '../../annotators/index.ts';
import { type CheckOutcome, DatasetInputError, MAX_ROWS_NAMED, type Suspect } from '../../types.ts';
import { columnNamed, short } from '../shape.ts';
import type { PlannedCheck } from '../types.ts';
import { leftOut, type Plans, type TableContext, textsOf } from './context.ts';
import { atOnce } from './shared.ts';

/** Checks of what a model would learn from. */
const NO_FEATURES = ['label-errors', 'outliers', 'slices', 'table-triggers', 'availability-noise'];

/** Labels by several people: a record is one label, suspected where the others' say otherwise. */
export function annotatorPlans({ roles, input, seed }: TableContext): Plans {
  const { annotators } = roles;
  if (annotators === null) return { plans: [], leftOut: [] };
  const [items, people, labels] = [annotators.item, annotators.annotator, annotators.label].map((name) =>
    textsOf(columnNamed(input.columns, name)),
  ) as [readonly (string | null)[], readonly (string | null)[], readonly (string | null)[]];
  const plan: PlannedCheck = {
    name: 'annotators',
    purpose: 'poisoning',
    leads: true,
    run: () => atOnce(() => judge(items, people, labels, seed)),
  };
  const why = `each row is one annotator’s label (${short(annotators.item)}, ${short(annotators.annotator)}, ${short(annotators.label)}): labels are judged against each other, and names of items and people are no features.`;
  return { plans: [plan], leftOut: NO_FEATURES.map((name) => leftOut(name, why)) };
}

type Texts = readonly (string | null)[];

function judge(items: Texts, people: Texts, given: Texts, seed: number): CheckOutcome {
  const rows = items.map((item, row) => ({
    item: item ?? '',
    annotator: people[row] ?? '',
    label: given[row] ?? '',
  }));
  const annotations = buildAnnotations(rows, { repeats: 'keep' });
  const report = checkAnnotators(annotations, { seed });
  const { posteriors, classes } = report.aggregate;
  const scores = Float32Array.from(annotations.items, (item, row) => {
    const label = annotations.labels[row] as number;
    return 1 - (posteriors[item * classes + label] as number);
  });
  if (scores.some(Number.isNaN))
    throw new DatasetInputError('The annotators cannot be judged by these labels.');
  const reason = (row: number): string => {
    const item = annotations.items[row] as number;
    const line = posteriors.subarray(item * classes, (item + 1) * classes);
    const best = annotations.classNames[line.indexOf(Math.max(...line))] ?? '';
    return `“${short(people[row])}” gave “${short(given[row])}”; all labels of the item together say “${short(best)}” with ${Math.max(...line).toFixed(2)}`;
  };
  return {
    scores,
    suspects: suspectsOf(scores, reason),
    findings: report.findings.map((finding) => {
      const named = new Set(finding.rows);
      const own = [...scores.keys()].filter(
        (row) => (scores[row] as number) >= 0.5 && named.has(annotations.items[row] as number),
      );
      return { ...finding, rows: own.slice(0, MAX_ROWS_NAMED), count: own.length };
    }),
    blindSpots: report.blindSpots,
  };
}

function suspectsOf(scores: Float32Array, reason: (row: number) => string): Suspect[] {
  return [...scores.keys()]
    .filter((row) => (scores[row] as number) >= 0.5)
    .sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b)
    .map((row) => ({
      row,
      score: scores[row] as number,
      reasons: [{ check: ANNOTATORS, message: reason(row) }],
    }));
}
