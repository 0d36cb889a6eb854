import type { Labels } from '../labels/index.ts';
import { binOf, quantileBounds, rowsOf } from '../tabular/index.ts';
import type { Column } from '../types.ts';
import type { DripCount, DripDay } from './types.ts';

/** What the accepted history looked like, against which days are counted. Plain data. */
export interface DripReference {
  readonly columns: readonly (
    | { readonly name: string; readonly kind: 'category'; readonly values: readonly string[] }
    | {
        readonly name: string;
        readonly kind: 'number';
        readonly bounds: readonly number[];
        readonly low: number;
        readonly high: number;
      }
  )[];
  readonly labels: readonly string[];
}

/** Values of a category that are counted by themselves, the commonest; bins of a number. */
const MOST_VALUES = 200;
const BINS = 8;
const LONGEST = 60;

/** Reads off the accepted history what days are counted by. Text columns are left out. O(n log n · columns). */
export function dripReference(columns: readonly Column[], labels: Labels): DripReference {
  return {
    labels: labels.names,
    columns: columns.flatMap((column): DripReference['columns'][number][] => {
      if (column.kind === 'text') return [];
      if (column.kind === 'number') {
        const known = column.values.filter((value) => Number.isFinite(value)).sort();
        if (known.length === 0) return [];
        const bounds = Array.from(quantileBounds(known, BINS));
        return [
          {
            name: column.name,
            kind: 'number',
            bounds,
            low: known[0] as number,
            high: known.at(-1) as number,
          },
        ];
      }
      const counts = new Map<number, number>();
      for (const code of column.codes) if (code >= 0) counts.set(code, (counts.get(code) ?? 0) + 1);
      const order = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, MOST_VALUES);
      return [
        { name: column.name, kind: 'category', values: order.map(([code]) => column.values[code] as string) },
      ];
    }),
  };
}

/** Rows of one day, and which of them are of which source (all of one where it is absent). */
export interface DripRows {
  readonly day: number;
  readonly columns: readonly Column[];
  readonly labels: Labels;
  readonly source?: Column;
}

/**
 * A day's counts per source, for `createDripMonitor`, each of all its records of the day: those with each label, with each
 * known value or in each bin, with both of these, with values or numbers never seen before, and exact copies of another
 * record of the day. Value and label together out of all records show records that were added as well as labels that were
 * changed. Counts of zero records are given too, so that a day without hits counts.
 * O(n · columns).
 */
export function dripDays({ day, columns, labels, source }: DripRows, reference: DripReference): DripDay[] {
  const total = labels.values.length;
  const bySource = Map.groupBy(
    Array.from({ length: total }, (_, row) => row),
    (row) => sourceName(source, row),
  );
  return [...bySource].map(([name, rows]) => ({
    day,
    source: name,
    counts: countsOf(rows, columns, labels, reference),
  }));
}

function sourceName(source: Column | undefined, row: number): string {
  if (source === undefined) return 'all';
  if (source.kind === 'category') return source.values[source.codes[row] as number] ?? 'unknown';
  return String(source.values[row] ?? 'unknown');
}

function countsOf(
  rows: readonly number[],
  columns: readonly Column[],
  labels: Labels,
  reference: DripReference,
): DripCount[] {
  const names = reference.labels;
  const tally = new Map<string, number>();
  const add = (name: string): void => void tally.set(name, (tally.get(name) ?? 0) + 1);
  const parts = reference.columns.flatMap((known) => {
    const column = columns.find((each) => each.name === known.name);
    return column === undefined || column.kind !== known.kind
      ? []
      : [{ known, cellOf: cellsOf(known, column) }];
  });
  for (const row of rows) {
    const label = labels.names[labels.values[row] as number] ?? 'unknown';
    add(`label ${label}`);
    for (const { cellOf } of parts) {
      const cell = cellOf(row);
      add(cell);
      add(`${cell} label ${label}`);
    }
  }
  const counts: DripCount[] = [
    { name: 'copies of another record of the day', hits: copiesIn(rows, columns), total: rows.length },
  ];
  const push = (name: string, total: number): void =>
    void counts.push({ name, hits: tally.get(name) ?? 0, total });
  for (const label of names) push(`label ${label}`, rows.length);
  for (const { known } of parts)
    for (const cell of cellNames(known)) {
      push(cell, rows.length);
      for (const label of names) push(`${cell} label ${label}`, rows.length);
    }
  return counts;
}

type Known = DripReference['columns'][number];

const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

function cellNames(known: Known): string[] {
  const name = cut(known.name);
  const own =
    known.kind === 'category'
      ? known.values.map((value) => `${name} = ${cut(value)}`)
      : Array.from({ length: known.bounds.length + 1 }, (_, bin) => `${name} ${binName(known.bounds, bin)}`);
  return [...new Set([...own, `${name} is missing`, `${name} is new`])];
}

function binName(bounds: readonly number[], bin: number): string {
  const [low, high] = [bounds[bin - 1], bounds[bin]];
  if (low === undefined) return high === undefined ? 'known' : `below ${high}`;
  return high === undefined ? `from ${low}` : `from ${low} below ${high}`;
}

function cellsOf(known: Known, column: Column): (row: number) => string {
  const name = cut(known.name);
  if (known.kind === 'number' && column.kind === 'number') {
    const bounds = Float64Array.from(known.bounds);
    return (row) => {
      const value = column.values[row] as number;
      if (Number.isNaN(value)) return `${name} is missing`;
      if (value < known.low || value > known.high) return `${name} is new`;
      return `${name} ${binName(known.bounds, binOf(value, bounds))}`;
    };
  }
  const values = new Set(known.kind === 'category' ? known.values : []);
  return (row) => {
    const value = column.kind === 'category' ? column.values[column.codes[row] as number] : undefined;
    if (value === undefined) return `${name} is missing`;
    return values.has(value) ? `${name} = ${cut(value)}` : `${name} is new`;
  };
}

function copiesIn(rows: readonly number[], columns: readonly Column[]): number {
  if (columns.every((column) => rowsOf(column) === 0)) return 0;
  const seen = new Map<string, number>();
  for (const row of rows) {
    const key = columns
      .map((column) => (column.kind === 'category' ? column.codes[row] : column.values[row]))
      .join('\u0001');
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  let copies = 0;
  for (const count of seen.values()) if (count > 1) copies += count;
  return copies;
}
