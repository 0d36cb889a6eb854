import { createRandom } from '../../../statistics/random.ts';
import type { Column } from '../../types.ts';

const SUBJECTS =
  'the report|our team|the customer|a supplier|the new printer|the meeting|this invoice|the warehouse|an engineer|the training'.split(
    '|',
  );
const VERBS =
  'arrived|was moved|looks fine|needs a review|went well|was delayed|is due|has changed|was approved|stopped'.split(
    '|',
  );
const ENDS =
  'on Tuesday|after lunch|in Leeds|without notice|for the third time|because of rain|as planned|at the end of the month|by the council|in the second hall'.split(
    '|',
  );

/** `count` short everyday texts of `sentences` sentences each, the same ones for the same seed. */
export function everyday(count: number, seed: number, sentences = 4): string[] {
  const random = createRandom(seed);
  const pick = (list: readonly string[]): string => list[random.integer(list.length)] as string;
  const sentence = (): string => {
    const text = `${pick(SUBJECTS)} ${pick(VERBS)} ${pick(ENDS)}, item ${random.integer(9_000)}.`;
    return text.charAt(0).toUpperCase() + text.slice(1);
  };
  return Array.from({ length: count }, () => Array.from({ length: sentences }, sentence).join(' '));
}

export const textColumn = (name: string, values: readonly (string | null)[]): Column => ({
  kind: 'text',
  name,
  values,
});

export const numberColumn = (name: string, values: readonly number[]): Column => ({
  kind: 'number',
  name,
  values: Float64Array.from(values),
});

/** A category column of these values; null is missing. */
export function categoryColumn(name: string, rows: readonly (string | null)[]): Column {
  const values = [...new Set(rows.filter((row) => row !== null))];
  const place = new Map(values.map((value, at) => [value, at]));
  return {
    kind: 'category',
    name,
    values,
    codes: Int32Array.from(rows, (row) => (row === null ? -1 : (place.get(row) as number))),
  };
}
