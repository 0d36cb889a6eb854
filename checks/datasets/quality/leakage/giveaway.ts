import type { Labels } from '../../labels/index.ts';
import type { Column } from '../../types.ts';
import { binned } from '../association.ts';
import { written } from '../cells.ts';
import { rowsOf } from '../content/select.ts';

/** Balanced accuracy of one column alone from which it gives the label away, and share of the rows it must speak of. */
const PERFECT = 0.99;
const COVERED = 0.5;
const LEAST_ROWS = 50;
const REPEATS = 20;
const MOST_BINS = 256;
/** Rows × classes of one table of counts. */
const MOST_CELLS = 20_000_000;

export interface GiveAway {
  readonly column: string;
  /** Balanced accuracy, 0..1, each row judged by the others. */
  readonly accuracy: number;
  readonly rows: number;
  readonly how: 'value' | 'name';
}

interface Codes {
  /** -1 where the value is missing. */
  readonly codes: Int32Array;
  readonly size: number;
}

/** Values as codes, numbers with many values in bins; null where values seldom repeat. */
function codesOf(column: Column): Codes | null {
  const rows = rowsOf(column);
  const most = Math.floor(rows / REPEATS);
  if (column.kind === 'category')
    return column.values.length > most ? null : { codes: column.codes, size: column.values.length };
  const codes =
    column.kind === 'number'
      ? coded(rows, Math.min(most, MOST_BINS), (row) => {
          const value = column.values[row] as number;
          return Number.isNaN(value) ? null : value;
        })
      : coded(rows, most, (row) => column.values[row] ?? null);
  if (codes !== null || column.kind !== 'number') return codes;
  const size = Math.max(2, Math.min(MOST_BINS, most));
  return { codes: binned(column.values, size), size };
}

/** null once there are more than `most` different values. */
function coded<Value>(rows: number, most: number, valueOf: (row: number) => Value | null): Codes | null {
  const known = new Map<Value, number>();
  const codes = new Int32Array(rows).fill(-1);
  for (let row = 0; row < rows; row++) {
    const value = valueOf(row);
    if (value === null) continue;
    const code = known.get(value) ?? known.size;
    if (code === known.size) known.set(value, code);
    if (known.size > most) return null;
    codes[row] = code;
  }
  return { codes, size: known.size };
}

/** How well the label of a row follows from the labels of the other rows with the same code. */
function judged({ codes, size }: Codes, labels: Labels): { accuracy: number; covered: number } {
  const classes = labels.names.length;
  const counts = new Int32Array(size * classes);
  labels.values.forEach((label, row) => {
    const code = codes[row] as number;
    if (label >= 0 && code >= 0)
      counts[code * classes + label] = (counts[code * classes + label] as number) + 1;
  });
  const [right, all, whole] = [
    new Float64Array(classes),
    new Float64Array(classes),
    new Float64Array(classes),
  ];
  labels.values.forEach((label, row) => {
    if (label < 0) return;
    whole[label] = (whole[label] as number) + 1;
    const code = codes[row] as number;
    if (code < 0) return;
    let [most, others] = [0, 0];
    for (let each = 0; each < classes; each++) {
      const count = (counts[code * classes + each] as number) - Number(each === label);
      others += count;
      if (each !== label) most = Math.max(most, count);
    }
    if (others === 0) return;
    all[label] = (all[label] as number) + 1;
    if ((counts[code * classes + label] as number) - 1 > most) right[label] = (right[label] as number) + 1;
  });
  let [sum, used, covered] = [0, 0, 1];
  for (let label = 0; label < classes; label++) {
    if (whole[label] === 0) continue;
    used += 1;
    sum += all[label] === 0 ? 0 : (right[label] as number) / (all[label] as number);
    covered = Math.min(covered, (all[label] as number) / (whole[label] as number));
  }
  return { accuracy: used < 2 ? 0 : sum / used, covered };
}

/** Whether the name of its class stands in the texts of a row, and in those of no other. */
function namesItself(column: Column, labels: Labels): number {
  const names = labels.names.map((name) => name.toLowerCase());
  if (column.kind === 'number' || names.length > 20 || names.some((name) => name.length < 3)) return 0;
  const [own, all] = [new Float64Array(names.length), new Float64Array(names.length)];
  labels.values.forEach((label, row) => {
    if (label < 0) return;
    const text = (written(column, row) ?? '').slice(0, 10_000).toLowerCase();
    all[label] = (all[label] as number) + 1;
    const found = names.filter((name) => text.includes(name));
    if (found.length === 1 && found[0] === names[label]) own[label] = (own[label] as number) + 1;
  });
  const shares = own.map((count, label) => (all[label] === 0 ? 0 : count / (all[label] as number)));
  const used = all.reduce((sum, count) => sum + Number(count > 0), 0);
  return used < 2 ? 0 : shares.reduce((sum, share) => sum + share, 0) / used;
}

/** Columns that alone tell the label of nearly every row. O(rows × classes) a column. */
export function giveAways(columns: readonly Column[], labels: Labels): GiveAway[] {
  const rows = labels.values.length;
  if (rows < LEAST_ROWS || labels.names.length > 1_000) return [];
  return columns.flatMap((column): GiveAway[] => {
    const values = codesOf(column);
    // Where values seldom repeat, that they do is the matter of duplicates.
    if (values !== null && values.size * labels.names.length <= MOST_CELLS) {
      const { accuracy, covered } = judged(values, labels);
      if (accuracy >= PERFECT && covered >= COVERED)
        return [{ column: column.name, accuracy, rows, how: 'value' }];
    }
    const named = namesItself(column, labels);
    return named >= PERFECT ? [{ column: column.name, accuracy: named, rows, how: 'name' }] : [];
  });
}
