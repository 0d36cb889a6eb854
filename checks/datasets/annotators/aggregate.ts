import { dawidSkene, fitsDawidSkene } from './dawid-skene.ts';
import { glad } from './glad.ts';
import { type Comparison, compareMethods } from './held-out.ts';
import { majorityVote } from './majority.ts';
import { MOST_CONFUSIONS } from './reliability.ts';
import type { Aggregate, AggregateOptions, AggregateReport, Annotations, Method } from './types.ts';

/**
 * Nats per label by which Dawid–Skene must predict better than GLAD to be preferred. It has classes × (classes − 1)
 * parameters per annotator instead of one, and a gain this small can come from difficulty taken for a class.
 */
const MARGIN = 0.01;

const NAMES: Readonly<Record<Method, string>> = {
  majority: 'majority vote',
  'dawid-skene': 'Dawid–Skene',
  glad: 'GLAD',
};

const shown = (value: number): string => `${value >= 0 ? '+' : '−'}${Math.abs(value).toFixed(4)}`;

function choose({ heldOut, overGlad }: Comparison): Method {
  const better = (method: Method): boolean =>
    heldOut.some((entry) => entry.method === method && entry.gain.low > 0);
  if (overGlad !== null && overGlad.value > MARGIN && overGlad.low > 0 && better('dawid-skene'))
    return 'dawid-skene';
  return better('glad') ? 'glad' : 'majority';
}

function reasonOf(chosen: Method, { heldOut, overGlad }: Comparison, differ: number, items: number): string {
  const gains = heldOut
    .filter(({ method }) => method !== 'majority')
    .map(
      ({ method, gain }) =>
        `${NAMES[method]} ${shown(gain.value)} nats per label (${shown(gain.low)} to ${shown(gain.high)})`,
    )
    .join(', ');
  const sentences = [`Predicting labels it has not seen, against majority vote: ${gains}.`];
  if (chosen === 'majority') sentences.push('No method is surely better than majority vote, which is kept.');
  else sentences.push(`${NAMES[chosen]} is recommended.`);
  if (overGlad !== null && chosen === 'glad')
    sentences.push(
      `Dawid–Skene gains ${shown(overGlad.value)} over GLAD; ${MARGIN} would be needed to prefer it.`,
    );
  sentences.push(
    `The methods disagree on ${differ} of ${items} items (${((100 * differ) / Math.max(1, items)).toFixed(1)}%). ` +
      'This shows which method explains the annotators best, not that it is right where they share an error: ' +
      'a person should label some of the items on which the methods disagree.',
  );
  return sentences.join(' ');
}

/** Items with a label on which the methods' classes differ, ascending. */
function disagreementsOf(aggregates: readonly Aggregate[]): Int32Array {
  const [first] = aggregates as [Aggregate];
  return Int32Array.from(first.labels.keys()).filter((item) =>
    aggregates.some(({ labels }) => labels[item] !== first.labels[item]),
  );
}

/**
 * One class per item by majority vote, Dawid–Skene and GLAD, with the one to use: Dawid–Skene does worse than majority
 * vote where annotators gave few labels each or where items differ in difficulty, so it is taken only where its classes
 * predict unseen labels better than both others do. Deterministic for a seed. About six fits of each method.
 * DatasetInputError for annotations that do not hold together.
 */
export function aggregate(
  annotations: Annotations,
  options: AggregateOptions & { readonly seed?: number } = {},
): AggregateReport {
  const fits = fitsDawidSkene(annotations);
  const majority = majorityVote(annotations);
  const ability = glad(annotations, options);
  const confusion = fits ? dawidSkene(annotations, options) : null;
  const all = [majority, ability, ...(confusion === null ? [] : [confusion])];
  const disagreements = disagreementsOf(all);
  const labelled = majority.labels.filter((label) => label >= 0).length;
  if (!fits)
    return {
      majority,
      glad: ability,
      dawidSkene: null,
      recommended: 'majority',
      reason:
        `Dawid–Skene and the comparison need annotators × classes² of at most ${MOST_CONFUSIONS}; majority vote is ` +
        'kept, unchecked.',
      heldOut: [],
      disagreements,
    };
  const comparison = compareMethods(annotations, ['majority', 'dawid-skene', 'glad'], options.seed ?? 0);
  const recommended = choose(comparison);
  return {
    majority,
    glad: ability,
    dawidSkene: confusion,
    recommended,
    reason: reasonOf(recommended, comparison, disagreements.length, labelled),
    heldOut: comparison.heldOut,
    disagreements,
  };
}

/** The aggregate that a report recommends. */
export function recommendedOf(report: AggregateReport): Aggregate {
  if (report.recommended === 'dawid-skene' && report.dawidSkene !== null) return report.dawidSkene;
  return report.recommended === 'glad' ? report.glad : report.majority;
}
