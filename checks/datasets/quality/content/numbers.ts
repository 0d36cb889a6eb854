import { createRandom } from '../../../statistics/random.ts';
import type { Column } from '../../types.ts';
import type { ContentOptions } from '../types.ts';
import type { Hit } from './tally.ts';
import type { Unit } from './units.ts';

/** Values of a column of numbers that are tried, and the share of them that must be hits for it to be read in full. */
const TRIED = 500;
const SHARE = 0.2;
/** Fewer digits identify nobody. */
const LEAST = 1e6;

const written = (value: number): string | null =>
  Number.isSafeInteger(value) && value >= LEAST ? String(value) : null;

function isWorthReading(
  column: Extract<Column, { readonly kind: 'number' }>,
  seed: number,
  inspect: (unit: Unit, column: string) => readonly Hit[],
): boolean {
  const { values, name } = column;
  if (values.length === 0) return false;
  const random = createRandom(seed);
  const tried = Math.min(TRIED, values.length);
  let hits = 0;
  for (let at = 0; at < tried; at++) {
    const row = tried < TRIED ? at : random.integer(values.length);
    const text = written(values[row] as number);
    if (text !== null && inspect({ column: 0, row, code: -1, text }, name).length > 0) hits += 1;
  }
  return hits >= Math.max(3, SHARE * tried);
}

/**
 * The columns, those of numbers whose values are mostly hits as texts, the other numbers left out: a few numbers that
 * pass a check digit by chance mean nothing, a column of them does.
 */
export function numbersAsTexts(
  columns: readonly Column[],
  { columns: names, seed = 0 }: ContentOptions,
  inspect: (unit: Unit, column: string) => readonly Hit[],
): readonly Column[] {
  return columns.map((column): Column => {
    if (column.kind !== 'number' || (names !== undefined && !names.includes(column.name))) return column;
    if (!isWorthReading(column, seed, inspect)) return column;
    return { kind: 'text', name: column.name, values: Array.from(column.values, written) };
  });
}
