import type { FrameworkRef } from '../../define.ts';
import { LABEL_MAPS } from '../labels/index.ts';
import {
  allItems,
  associations,
  type CheckTable,
  outcomeOf,
  timelinesOf,
  unseenIn,
  usualOptions,
  workOf,
} from '../tabular/index.ts';

export const SLICES = 'datasets/slices';

const MAPS: readonly FrameworkRef[] = [
  ...LABEL_MAPS,
  { framework: 'NIST-100-2', edition: 'e2025', id: 'NISTAML.024', name: 'Targeted Poisoning' },
];

const LEAST_ROWS = 10;
const LARGEST_SHARE = 0.7;
const BINS = 16;

const BLIND = [
  'A slice of three and more columns together is seen only as far as one of its pairs shows it.',
  'Of a column with few values (a gender), only a change far beyond what its values may differ by anyway is told apart from a true difference, unless it came with one batch or source.',
  'Of numbers beside one another that were changed together, some may be missed.',
];
const BLIND_GROUPS =
  'No column of batches or sources was given: slices are not compared between those who brought them, and the order of the rows stands for time.';

/**
 * Slices whose label was changed: a value of a category (one zip code) or of a number with few enough values, a range of a number, a pair of those, or either
 * within one batch or source, or one within a stretch of time (batches that follow one another, or rows of the file), whose records have a class far more often than their other columns, judged by a model that
 * never saw them, explain.
 *
 * For each column, out-of-fold additive logistic models without it and without its stand-ins give every record's odds
 * (`screen`); a slice's shift is the log-odds by which it lies off. What a shift may be is learnt from the column itself:
 * its other values' spread (random effects; drawn to 1 for few values), of a number the shifts beside it, of a pair the
 * shifts of either value outside it. A slice is named when its exact binomial tail beyond three spreads (at least odds of
 * 1.5) holds by Holm's rule over all slices, both in the screen and by a model of all rows outside the slice. Rows are those
 * with the class, by the probability that they would have another. 100,000 × 10 in some seconds; memory O(n · columns).
 * DatasetInputError as `prepareTable` and `usualOptions`.
 */
export const checkSlices: CheckTable = function* (input, options = {}) {
  const usual = usualOptions(options);
  const { prepared, screenOf } = workOf(input);
  const items = allItems(prepared, { least: LEAST_ROWS, most: LARGEST_SHARE, numbers: BINS }, true);
  const searched = yield* associations(prepared.levels, items, input.labels, {
    ...usual,
    screenOf,
    least: LEAST_ROWS,
    accept: () => true,
    timelines: timelinesOf(prepared.groups, input.labels.values.length, prepared.columns.length),
  });
  return outcomeOf(
    searched.associations,
    input,
    {
      check: SLICES,
      maps: MAPS,
      title: (what, label) => `Too many are “${label}” where ${what}`,
      advice:
        'Either the slice truly differs in something that is not in the table, or its labels were changed.',
    },
    [
      ...BLIND,
      ...(prepared.groups.length === 0 ? [BLIND_GROUPS] : []),
      ...unseenIn(searched, prepared.unseen),
    ],
  );
};
