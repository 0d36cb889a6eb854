import type { Column } from '../../types.ts';
import { binOf, quantileBounds, type Usable, valueCounts } from '../levels.ts';

/** Values of one column (or bins of its numbers) that are looked at one by one. */
export interface Items {
  readonly name: string;
  /** Place of the column among the features, which says what its model leaves out; their number for a group. */
  readonly column: number;
  readonly group: boolean;
  /** Item of each row, −1 where it has none. */
  readonly codes: Int32Array;
  /** What to call each item. */
  readonly labels: readonly string[];
  /** Rows of each item. */
  readonly sizes: Int32Array;
  /** Of numbers: the rows in ascending order, and where each item begins there; neighbours there are alike. */
  readonly order: { readonly rows: Int32Array; readonly starts: Int32Array } | null;
}

export interface ItemRules {
  /** Fewest rows of an item. */
  readonly least: number;
  /** Largest share of the rows. */
  readonly most: number;
  /** Numbers by value, or in this many bins. */
  readonly numbers: 'values' | number;
}

interface Place {
  readonly column: number;
  readonly group: boolean;
}

/** The items of a column under these rules; null where it has none. O(n log n). */
export function itemsOf(column: Usable, place: Place, rules: ItemRules): Items | null {
  const items =
    column.kind === 'number' ? numberItems(column, place, rules) : categoryItems(column, place, rules);
  return items.labels.length > 0 ? items : null;
}

const LONGEST = 60;

/** A value as it may be shown: one line, without control characters, at most 60 characters. */
export function shown(value: string): string {
  const clean = [...value.slice(0, 4 * LONGEST).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')];
  return clean.length > LONGEST ? `${clean.slice(0, LONGEST - 1).join('')}…` : clean.join('');
}

function categoryItems(column: Extract<Column, { kind: 'category' }>, place: Place, rules: ItemRules): Items {
  const counts = valueCounts(column);
  const rows = column.codes.length;
  const places = new Int32Array(counts.length).fill(-1);
  const [labels, sizes]: [string[], number[]] = [[], []];
  for (const [code, count] of counts.entries()) {
    if (count < rules.least || count > rules.most * rows) continue;
    places[code] = labels.length;
    const value = column.values[code];
    labels.push(`${shown(column.name)} ${value === undefined ? 'is missing' : `= ${shown(value)}`}`);
    sizes.push(count);
  }
  const codes = column.codes.map((code) => places[code < 0 ? column.values.length : code] as number);
  return { ...place, name: column.name, codes, labels, sizes: Int32Array.from(sizes), order: null };
}

/** A run of the rows in ascending order of their number. */
interface Run {
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

function numberItems(column: Extract<Column, { kind: 'number' }>, place: Place, rules: ItemRules): Items {
  const { values } = column;
  const order = Int32Array.from(values.keys()).sort((a, b) =>
    ascending(values[a] as number, values[b] as number),
  );
  const runs = runsOf(column, order, rules.numbers).filter(
    ({ from, to }) => to - from >= rules.least && to - from <= rules.most * values.length,
  );
  const codes = new Int32Array(values.length).fill(-1);
  for (const [item, { from, to }] of runs.entries())
    for (let at = from; at < to; at++) codes[order[at] as number] = item;
  return {
    ...place,
    name: column.name,
    codes,
    labels: runs.map(({ label }) => label),
    sizes: Int32Array.from(runs, ({ from, to }) => to - from),
    order: { rows: order, starts: Int32Array.from(runs, ({ from }) => from) },
  };
}

/** NaN last. */
const ascending = (a: number, b: number): number =>
  Number.isNaN(a) || Number.isNaN(b)
    ? Number(Number.isNaN(a)) - Number(Number.isNaN(b))
    : a < b
      ? -1
      : a > b
        ? 1
        : 0;

const short = (value: number): string => String(Number(value.toPrecision(6)));

function runsOf(
  { name, values }: Extract<Column, { kind: 'number' }>,
  order: Int32Array,
  numbers: 'values' | number,
): Run[] {
  const bounds = numbers === 'values' ? null : quantileBounds(values, numbers);
  const keyOf = (value: number): number =>
    Number.isNaN(value) ? Number.NaN : bounds === null ? value : binOf(value, bounds);
  const runs: Run[] = [];
  for (let from = 0; from < order.length; ) {
    const first = values[order[from] as number] as number;
    const key = keyOf(first);
    let to = from;
    while (to < order.length && Object.is(keyOf(values[order[to] as number] as number), key)) to++;
    const last = values[order[to - 1] as number] as number;
    const said = Number.isNaN(first)
      ? 'is missing'
      : first === last
        ? `= ${short(first)}`
        : `from ${short(first)} to ${short(last)}`;
    runs.push({ from, to, label: `${shown(name)} ${said}` });
    from = to;
  }
  return runs;
}
