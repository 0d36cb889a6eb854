import {
  type DripCount,
  type DripReference,
  dripDays,
  dripReference,
} from '@bartizan/checks/datasets/drift/index.ts';
import type { Labels } from '@bartizan/checks/datasets/labels/index.ts';
import { asCategory, columnNamed, rowsOf } from '@bartizan/checks/datasets/scan/shape.ts';
import { type Column, DatasetInputError } from '@bartizan/checks/datasets/types.ts';

import { asGroups, type Grouping } from './groups.ts';

type Category = Extract<Column, { readonly kind: 'category' }>;

/** Records as the watch takes them. */
export interface WatchRows {
  readonly rows: number;
  readonly columns: readonly Column[];
  readonly labels: Labels;
  readonly batch: Category | null;
  readonly source: Category | null;
}

const LONGEST_LABEL = 60;
/** More classes are no classes, but numbers or names. */
const MOST_CLASSES = 100;
/** Labels that are counted by themselves, the commonest. */
const MOST_LABELS = 10;
/** Counts of one source. */
const MOST_COUNTS = 3_000;
const LEAST_CELLS = 10;

/** Labels short enough for the names of counts; what is alike when cut is one. */
function labelsOf(column: Column): Labels {
  const { codes, values } = asCategory(column);
  if (new Set(codes).size > MOST_CLASSES)
    throw new DatasetInputError(
      `The column “${column.name}” has more than ${MOST_CLASSES} different values: it is no class, so nothing is counted by it. Name another column as the label of the dataset.`,
    );
  const names = [...new Set(values.map((value) => value.slice(0, LONGEST_LABEL).toWellFormed()))];
  const codeOf = values.map((value) => names.indexOf(value.slice(0, LONGEST_LABEL).toWellFormed()));
  return { names, values: codes.map((code) => (code < 0 ? -1 : (codeOf[code] as number))) };
}

/** DatasetInputError where the label, or a column that the settings name, is not there or tells no groups. */
export function watchRows(
  columns: readonly Column[],
  named: { readonly label: string; readonly batch: string | null; readonly source: string | null },
): WatchRows {
  const { label, batch, source } = named;
  const groups = (name: string | null, is: Grouping): Category | null =>
    name === null ? null : asGroups(asCategory(columnNamed(columns, name)), is);
  const given = columnNamed(columns, label);
  const apart = new Set([label, batch, source]);
  return {
    rows: rowsOf(given),
    labels: labelsOf(given),
    columns: columns.filter(({ name, kind }) => kind !== 'text' && !apart.has(name)),
    batch: groups(batch, 'batch'),
    source: groups(source, 'source'),
  };
}

/** Columns of only these rows. */
function taken(columns: readonly Column[], rows: Int32Array): Column[] {
  return columns.map((column): Column => {
    if (column.kind === 'category')
      return { ...column, codes: rows.map((row) => column.codes[row] as number) };
    if (column.kind === 'number')
      return { ...column, values: Float64Array.from(rows, (row) => column.values[row] as number) };
    return { ...column, values: Array.from(rows, (row) => column.values[row] ?? null) };
  });
}

const takenLabels = ({ names, values }: Labels, rows: Int32Array): Labels => ({
  names,
  values: rows.map((row) => values[row] as number),
});

/** Names of records, and numbers of them, tell nothing by their share. */
function isName(column: Column, rows: number): boolean {
  return column.kind === 'category' && column.values.length > Math.max(50, rows / 2);
}

/** Whole numbers that are codes, as zip codes and terms are: few different ones, each of many rows. */
const MOST_CODES = 100;
const LEAST_OF_CODE = 10;

function isCode(column: Column, rows: Int32Array): boolean {
  if (column.kind !== 'number') return false;
  const seen = new Set<number>();
  for (const row of rows) {
    const value = column.values[row] as number;
    if (Number.isNaN(value)) continue;
    if (!Number.isInteger(value)) return false;
    seen.add(value);
    if (seen.size > MOST_CODES) return false;
  }
  return seen.size * LEAST_OF_CODE <= rows.length;
}

/** The column as the reference counts it; undefined where it cannot be. */
function asKnown(column: Column | undefined, kind: 'category' | 'number'): Column | undefined {
  if (column === undefined || column.kind === kind) return column;
  return kind === 'category' && column.kind === 'number' ? asCategory(column) : undefined;
}

/** Columns that the reference counts, as it counts them, and the names of those that are not there or are other values. */
export function knownColumns(
  columns: readonly Column[],
  reference: DripReference,
): { readonly columns: readonly Column[]; readonly gone: readonly string[] } {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const found = reference.columns.map(({ name, kind }) => asKnown(byName.get(name), kind));
  return {
    columns: found.filter((column) => column !== undefined),
    gone: reference.columns.filter((_, at) => found[at] === undefined).map(({ name }) => name),
  };
}

/**
 * What days are counted by, read off these rows: the commonest ten labels, and so many values of each column that a source
 * has at most 3,000 counts. `left`: columns that there was no room for.
 */
export function referenceOf(
  { columns, labels }: WatchRows,
  rows: Int32Array,
): { readonly reference: DripReference; readonly left: readonly string[] } {
  const own = takenLabels(labels, rows);
  const tally = new Map<number, number>();
  for (const code of own.values) if (code >= 0) tally.set(code, (tally.get(code) ?? 0) + 1);
  const common = [...tally].toSorted((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, MOST_LABELS);
  const names = common.map(([code]) => labels.names[code] as string);
  const cells = Math.floor(MOST_COUNTS / (names.length + 1));
  // Two names that are alike when they are cut would be counted as one.
  const distinct = [...new Map(columns.map((column) => [column.name.slice(0, 60), column])).values()];
  const useful = distinct.filter((column) => !isName(column, rows.length));
  const room = Math.max(1, Math.floor(cells / LEAST_CELLS));
  const watched = useful.slice(0, room);
  const each = Math.max(LEAST_CELLS, Math.floor(cells / Math.max(1, watched.length))) - 2;
  const shaped = watched.map((column) => (isCode(column, rows) ? asCategory(column) : column));
  const found = dripReference(taken(shaped, rows), own);
  return {
    left: useful.slice(room).map(({ name }) => name),
    reference: {
      labels: names,
      columns: found.columns.map((column) =>
        column.kind === 'category' ? { ...column, values: column.values.slice(0, each) } : column,
      ),
    },
  };
}

/** Counts of the same things added up; of two in one list with the same name the first. */
export function addCounts(lists: readonly (readonly DripCount[])[]): DripCount[] {
  const sums = new Map<string, { hits: number; total: number }>();
  for (const list of lists)
    for (const { name, hits, total } of new Map(list.map((count) => [count.name, count])).values()) {
      const sum = sums.get(name) ?? { hits: 0, total: 0 };
      sums.set(name, { hits: sum.hits + hits, total: sum.total + total });
    }
  return [...sums].map(([name, sum]) => ({ name, ...sum }));
}

/**
 * What rows of one source count to. They are dealt out in turn over parts of about `chunk` rows, in each of which copies
 * are looked for.
 */
export function countRows(
  { columns, labels }: WatchRows,
  rows: Int32Array,
  { reference, chunk }: { readonly reference: DripReference; readonly chunk: number },
): DripCount[] {
  const { columns: own } = knownColumns(columns, reference);
  const parts = Math.max(1, Math.round(rows.length / Math.max(1, chunk)));
  const lists = Array.from({ length: parts }, (_, part) => {
    const some = rows.filter((_row, at) => at % parts === part);
    const [report] = dripDays(
      { day: 0, columns: taken(own, some), labels: takenLabels(labels, some) },
      reference,
    );
    return report?.counts ?? [];
  });
  return addCounts(lists);
}
