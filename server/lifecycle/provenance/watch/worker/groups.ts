import { type Column, DatasetInputError } from '@bartizan/checks/datasets/types.ts';

type Category = Extract<Column, { readonly kind: 'category' }>;
export type Grouping = 'batch' | 'source';

/** Different values that a column of batches (days of some years) or of sources has at most. */
export const MOST_GROUPS: Readonly<Record<Grouping, number>> = Object.freeze({ batch: 4_000, source: 400 });
/** Records of a batch or source, from which it tells nothing of one of them. */
export const LEAST_OF_GROUP = 10;
/** So many may be smaller: a first day has few records. */
export const FEW_GROUPS = 20;

export const NO_GROUPS = (name: string, is: Grouping): string =>
  `the column “${name}” cannot tell ${is === 'batch' ? 'batches' : 'sources'}: it has more than ${MOST_GROUPS[is].toLocaleString('en')} different values, or most of them occur in fewer than ${LEAST_OF_GROUP} records`;

/** The column itself. DatasetInputError where it names records, not batches or sources. */
export function asGroups(column: Category, is: Grouping): Category {
  const tally = new Map<number, number>();
  for (const code of column.codes) if (code >= 0) tally.set(code, (tally.get(code) ?? 0) + 1);
  const small = [...tally.values()].filter((count) => count < LEAST_OF_GROUP).length;
  if (tally.size > MOST_GROUPS[is] || (tally.size > FEW_GROUPS && 2 * small > tally.size))
    throw new DatasetInputError(
      `Nothing is watched, for ${NO_GROUPS(column.name, is)}. Name another one in the settings of the watch.`,
    );
  return column;
}
