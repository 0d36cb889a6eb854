import { assertLabels } from '../labels/index.ts';
import { DatasetInputError } from '../types.ts';
import { type ItemRules, type Items, itemsOf } from './association/index.ts';
import { usableColumns } from './features.ts';
import { assertColumns, type Levels, levelsOf, type Usable } from './levels.ts';
import type { TableInput, TableOptions } from './types.ts';

/** Columns that a table may have before the first ones are looked at alone. */
const MOST_COLUMNS = 120;
const BINS = 16;
const MOST_LEVELS = 64;

export interface Prepared {
  readonly columns: readonly Usable[];
  readonly levels: readonly Levels[];
  readonly groups: readonly Usable[];
  /** Columns beyond those that are looked at. */
  readonly unseen: number;
}

/** Columns as levels for a model. DatasetInputError for labels or columns that do not fit together or tell nothing. */
export function prepareTable({ columns, labels, groups = [] }: TableInput): Prepared {
  assertLabels(labels, labels.values.length);
  const rows = labels.values.length;
  assertColumns([...columns, ...groups.map(({ column }) => column)], rows);
  const usable = usableColumns(columns);
  if (usable.length === 0)
    throw new DatasetInputError(
      'No column can be used: all are text, constant, or different in every row. Name other feature columns.',
    );
  const seen = usable.slice(0, MOST_COLUMNS);
  return {
    columns: seen,
    levels: seen.map((column) => levelsOf(column, BINS, MOST_LEVELS)),
    groups: usableColumns(groups.map(({ column }) => column)),
    unseen: usable.length - seen.length,
  };
}

/** Items of all columns under these rules, and of the groups where they are asked for. */
export function allItems({ columns, groups }: Prepared, rules: ItemRules, withGroups: boolean): Items[] {
  return [
    ...columns.flatMap((column, at) => itemsOf(column, { column: at, group: false }, rules)),
    ...(withGroups
      ? groups.flatMap((column) => itemsOf(column, { column: columns.length, group: true }, rules))
      : []),
  ];
}

export interface Usual {
  readonly seed: number;
  readonly level: number;
  readonly most: number;
}

/** The options with what holds when they are absent. DatasetInputError for a level or a number of findings out of range. */
export function usualOptions({ seed = 0, level = 0.01, findings = 20 }: TableOptions): Usual {
  if (!(level > 0 && level <= 0.2))
    throw new DatasetInputError(`The level is a probability up to .2, not ${String(level)}.`);
  if (!Number.isInteger(findings) || findings < 1 || findings > 100)
    throw new DatasetInputError(`Findings are 1 to 100, not ${String(findings)}.`);
  return { seed, level, most: findings };
}
