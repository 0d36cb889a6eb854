import type { FrameworkRef } from '../../define.ts';
import { LABEL_MAPS } from '../labels/index.ts';
import { associations, outcomeOf, type Searched } from './association/index.ts';
import { allItems, usualOptions } from './prepare.ts';
import type { CheckTable } from './types.ts';
import { workOf } from './work.ts';

export const TABLE_TRIGGERS = 'datasets/table-triggers';

const MAPS: readonly FrameworkRef[] = [
  ...LABEL_MAPS.filter(({ framework }) => framework !== 'NIST-100-2'),
  { framework: 'NIST-100-2', edition: 'e2025', id: 'NISTAML.023', name: 'Backdoor Poisoning' },
];

/** A trigger is rare among all records, and nearly all that carry it have its label. */
const LEAST_ROWS = 5;
const LARGEST_SHARE = 0.1;
const LEAST_PURITY = 0.8;
const LARGEST_PART = 0.6;

const BLIND = [
  'Triggers of three and more values together, and those of numbers changed by a small amount, are not looked for.',
  'A trigger whose records have the label that their other columns suggest (clean-label) shows no surplus of that label; of a label that most records have, the surplus is small and takes many records to show.',
];

/** What a search could not look at, in words. */
export function unseenIn({ left, skipped }: Searched, unseen: number): string[] {
  return [
    ...(left > 0
      ? [`${left} pairs of columns were not looked at: the table has too many for its rows.`]
      : []),
    ...(skipped > 0 ? [`${skipped} of the rarest classes were not looked at.`] : []),
    ...(unseen > 0
      ? [`The last ${unseen} columns were not looked at: a table is looked at up to 120 columns.`]
      : []),
  ];
}

/**
 * Backdoor triggers of tables: rare values of a category, exact values of a number (a constant such as 999, a missing
 * value), and pairs of values, at least 4 in 5 of whose records have one label although the rest of their columns says
 * otherwise. A value's records are judged by an additive logistic model that never saw them; a number's value also by the
 * values next to it, a category's by how far its other values go. Exact binomial tails, Holm's rule over all values and
 * pairs. 100,000 × 10 in some seconds; memory O(n · columns). DatasetInputError as `prepareTable` and `usualOptions`.
 */
export const checkTableTriggers: CheckTable = function* (input, options = {}) {
  const usual = usualOptions(options);
  const { prepared, screenOf } = workOf(input);
  const rows = input.labels.values.length;
  const rules = { least: LEAST_ROWS, most: LARGEST_PART, numbers: 'values' } as const;
  const searched = yield* associations(prepared.levels, allItems(prepared, rules, false), input.labels, {
    ...usual,
    screenOf,
    least: LEAST_ROWS,
    accept: ({ rows: size, hits }, { direction }) => {
      const own = direction.marked ? hits : size - hits;
      return size <= LARGEST_SHARE * rows && own >= LEAST_PURITY * size;
    },
  });
  return outcomeOf(
    searched.associations,
    input,
    {
      check: TABLE_TRIGGERS,
      maps: MAPS,
      title: (what, label) => `“${label}” goes with ${what} as with a trigger`,
      advice:
        'A model that learns from them answers by that value alone; look at where these records came from.',
    },
    [...BLIND, ...unseenIn(searched, prepared.unseen)],
  );
};
