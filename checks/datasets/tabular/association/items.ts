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
  /** Whether these are the exact values of numbers that are looked at in ranges too. */
  readonly exact: boolean;
}

export interface ItemRules {
  /** Fewest rows of an item. */
  readonly least: number;
  /** Largest share of the rows. */
  readonly most: number;
  /** Numbers by value; or in this many bins, and by value too where there are few enough values. */
  readonly numbers: 'values' | number;
}

/** Most different numbers that are looked at one by one beside their ranges, and the fewest rows of each on average. */
const MOST_EXACT = 2000;
const LEAST_MEAN = 5;
/** Columns whose numbers stand for something: these are looked at one by one, whatever their rows on average. */
const CODES =
  /(?:^|[_ .-])(?:zip|plz|post|postal|branch|region|district|county|state|country|area|tract|fips|store|site|agency|year)(?:[_ .-]?(?:codes?|ids?|nr|no|number))?$|codes?$/i;

interface Place {
  readonly column: number;
  readonly group: boolean;
}

/**
 * The items of a column under these rules, none where it has none: of a category its values, of numbers their values or
 * their ranges, and beside the ranges the exact values of numbers that stand for something or have no more than 2,000
 * values with 5 rows each on average (a zip code that was read as a number). O(n log n).
 */
export function itemsOf(column: Usable, place: Place, rules: ItemRules): Items[] {
  const items =
    column.kind === 'number' ? numberItems(column, place, rules) : [categoryItems(column, place, rules)];
  return items.filter(({ labels }) => labels.length > 0);
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
  return {
    ...place,
    name: column.name,
    codes,
    labels,
    sizes: Int32Array.from(sizes),
    order: null,
    exact: false,
  };
}

/** A run of the rows in ascending order of their number. */
interface Run {
  readonly from: number;
  readonly to: number;
  readonly label: string;
  /** All its rows have the same number, or none. */
  readonly single: boolean;
  readonly missing: boolean;
}

function numberItems(column: Numbers, place: Place, rules: ItemRules): Items[] {
  const { values } = column;
  const order = Int32Array.from(values.keys()).sort((a, b) =>
    ascending(values[a] as number, values[b] as number),
  );
  const runs = runsOf(column, order, rules.numbers);
  const items = itemsOfRuns(column, { order, runs, exact: false }, place, rules);
  if (rules.numbers === 'values' || runs.every(({ single }) => single)) return [items];
  const exact = runsOf(column, order, 'values').filter(({ missing }) => !missing);
  if (!isLimited(column, exact)) return [items];
  return [items, itemsOfRuns(column, { order, runs: exact, exact: true }, place, rules)];
}

type Numbers = Extract<Column, { kind: 'number' }>;

/** Whether numbers have few enough values for these to be looked at one by one. */
function isLimited({ name, values }: Numbers, exact: readonly Run[]): boolean {
  if (exact.length <= MOST_EXACT && exact.length * LEAST_MEAN <= values.length) return true;
  return exact.length <= values.length / 2 && CODES.test(name.trim());
}

function itemsOfRuns(
  { name, values }: Numbers,
  { order, runs, exact }: { order: Int32Array; runs: readonly Run[]; exact: boolean },
  place: Place,
  { least, most }: ItemRules,
): Items {
  const sized = runs.filter(({ from, to }) => to - from >= least && to - from <= most * values.length);
  const kept = exact ? largest(sized) : sized;
  const codes = new Int32Array(values.length).fill(-1);
  for (const [item, { from, to }] of kept.entries())
    for (let at = from; at < to; at++) codes[order[at] as number] = item;
  return {
    ...place,
    name,
    codes,
    labels: kept.map(({ label }) => label),
    sizes: Int32Array.from(kept, ({ from, to }) => to - from),
    order: { rows: order, starts: Int32Array.from(kept, ({ from }) => from) },
    exact,
  };
}

/** The 2,000 runs with the most rows, in their order. */
const largest = (runs: readonly Run[]): readonly Run[] =>
  runs.length <= MOST_EXACT
    ? runs
    : runs
        .toSorted((a, b) => b.to - b.from - (a.to - a.from))
        .slice(0, MOST_EXACT)
        .sort((a, b) => a.from - b.from);

/** NaN last. */
const ascending = (a: number, b: number): number =>
  Number.isNaN(a) || Number.isNaN(b)
    ? Number(Number.isNaN(a)) - Number(Number.isNaN(b))
    : a < b
      ? -1
      : a > b
        ? 1
        : 0;

const short = (value: number): string =>
  String(Number.isSafeInteger(value) ? value : Number(value.toPrecision(6)));

function runsOf({ name, values }: Numbers, order: Int32Array, numbers: 'values' | number): Run[] {
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
    const missing = Number.isNaN(first);
    const single = missing || first === last;
    const said = missing
      ? 'is missing'
      : single
        ? `= ${short(first)}`
        : `from ${short(first)} to ${short(last)}`;
    runs.push({ from, to, label: `${shown(name)} ${said}`, single, missing });
    from = to;
  }
  return runs;
}
