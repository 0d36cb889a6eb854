import type { Labels } from '../../labels/index.ts';
import type { Group } from '../../tabular/index.ts';
import type { Column } from '../../types.ts';
import { asCategory, asLabels, asText, columnNamed } from '../shape.ts';
import type { CheckRun, PlannedCheck, Roles, ScanOptions, TableToScan } from '../types.ts';

/** A table with its columns by what they are. */
export interface TableContext {
  readonly input: TableToScan;
  readonly options: ScanOptions;
  readonly seed: number;
  readonly roles: Roles;
  readonly rows: number;
  readonly labels: Labels | null;
  readonly texts: readonly (string | null)[] | null;
  readonly features: readonly Column[];
  /** Where records came from: batch and source, as far as there are such columns. */
  readonly groups: readonly Group[];
}

/** What to run, and what not and why. */
export interface Plans {
  readonly plans: readonly PlannedCheck[];
  readonly leftOut: readonly CheckRun[];
}

export const leftOut = (name: string, reason: string): CheckRun => ({
  name,
  state: 'left-out',
  reason,
  suspects: 0,
});

/** DatasetInputError for a column that is not there, and for labels that are none. */
export function contextOf(input: TableToScan, options: ScanOptions, rows: number): TableContext {
  const { columns, roles } = input;
  const named = (name: string): Column => columnNamed(columns, name);
  const groups = [roles.batch, roles.source]
    .filter((name) => name !== null)
    .map((name) => ({ name, column: asCategory(named(name)) }));
  return {
    input,
    options,
    seed: options.seed ?? 0,
    roles,
    rows,
    labels: roles.label === null ? null : asLabels(named(roles.label)),
    texts: roles.text === null ? null : textsOf(named(roles.text)),
    features: roles.features.map(named),
    groups,
  };
}

export const textsOf = (column: Column): readonly (string | null)[] => asText(column).values;
