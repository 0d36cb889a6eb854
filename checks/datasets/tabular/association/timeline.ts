import type { Usable } from '../levels.ts';
import { type Items, shown } from './items.ts';

/** Records in an order that stands for time, in parts that follow one another. */
export interface Timeline {
  readonly name: string;
  readonly parts: number;
  /** Part of each row, −1 where it has none. */
  readonly codes: Int32Array;
  /** The records from part `from` to before part `to` as the only item of a column. */
  readonly itemsOf: (from: number, to: number) => Items;
}

const MOST_PARTS = 24;
/** Fewest parts that tell one stretch from another, and fewest records of a table. */
const LEAST_PARTS = 3;
const LEAST_ROWS = 100;
/** Fewest values of a group that is no run of rows for their names to be taken as an order. */
const LEAST_NAMES = 6;
/** Runs of equal values up to which a group's values follow one another in the file, times their number. */
const RUNS = 2;

/**
 * Orders of the records that may be those of time: the groups (batches) whose values follow one another in the file, in
 * that order, or have many values, by their names; where there is no such group, the order of the rows. Long ones in
 * 24 parts. `column` is the place of a column that no model knows. O(n + values log values).
 */
export function timelinesOf(groups: readonly Usable[], rows: number, column: number): Timeline[] {
  if (rows < LEAST_ROWS) return [];
  const told = groups.flatMap((group) => groupTimeline(group, column) ?? []);
  return told.length > 0 ? told : [rowTimeline(rows, column)];
}

function rowTimeline(rows: number, column: number): Timeline {
  const codes = Int32Array.from({ length: rows }, (_, row) => Math.floor((row * MOST_PARTS) / rows));
  const start = (part: number): number => Math.ceil((part * rows) / MOST_PARTS);
  return timeline('rows', { codes, parts: MOST_PARTS, column }, (from, to) =>
    from === 0
      ? `rows before ${start(to)}`
      : to === MOST_PARTS
        ? `rows from ${start(from)} on`
        : `rows ${start(from)} to ${start(to) - 1}`,
  );
}

function groupTimeline(group: Usable, column: number): Timeline | null {
  if (group.kind !== 'category') return null;
  const seen: number[] = [];
  const known = new Set<number>();
  let runs = 0;
  for (const [row, code] of group.codes.entries()) {
    if (code < 0) continue;
    if (row === 0 || group.codes[row - 1] !== code) runs++;
    if (!known.has(code)) seen.push(code);
    known.add(code);
  }
  if (seen.length < LEAST_PARTS) return null;
  if (runs > RUNS * seen.length) {
    if (seen.length < LEAST_NAMES) return null;
    const names = new Intl.Collator('en', { numeric: true });
    seen.sort((a, b) => names.compare(group.values[a] ?? '', group.values[b] ?? '') || a - b);
  }
  const parts = Math.min(MOST_PARTS, seen.length);
  const part = new Int32Array(group.values.length);
  for (const [place, code] of seen.entries()) part[code] = Math.floor((place * parts) / seen.length);
  const codes = group.codes.map((code) => (code < 0 ? -1 : (part[code] as number)));
  const nameAt = (place: number): string => shown(group.values[seen[place] as number] ?? '');
  const first = (at: number): number => Math.ceil((at * seen.length) / parts);
  const name = shown(group.name);
  return timeline(group.name, { codes, parts, column }, (from, to) => {
    const [one, last] = [first(from), first(to) - 1];
    if (one === last) return `${name} = ${nameAt(one)}`;
    return `${name} from ${nameAt(one)} to ${nameAt(last)}`;
  });
}

function timeline(
  name: string,
  { codes, parts, column }: { codes: Int32Array; parts: number; column: number },
  label: (from: number, to: number) => string,
): Timeline {
  return {
    name,
    parts,
    codes,
    itemsOf(from, to) {
      let inside: Int32Array | null = null;
      return {
        name,
        column,
        group: true,
        // Only the few stretches that are looked at one by one are spelled out.
        get codes() {
          inside ??= codes.map((part) => (part >= from && part < to ? 0 : -1));
          return inside;
        },
        labels: [label(from, to)],
        get sizes() {
          return Int32Array.of(codes.reduce((sum, part) => sum + Number(part >= from && part < to), 0));
        },
        order: null,
        exact: false,
      };
    },
  };
}
