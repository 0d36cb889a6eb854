import { type Column, DatasetInputError } from '../../types.ts';
import { failing, keyOf, missingRows, numberAt, readNumber, written } from '../cells.ts';
import { columnNamed, rowsOf } from '../content/select.ts';
import { percent, shown } from '../shown.ts';
import type { RuleOptions } from '../types.ts';
import { compilePattern } from './pattern.ts';
import type { ColumnRule, Comparison, DataRules } from './schema.ts';

/** A rule that is broken. `rows` ascending; none where it is broken by the dataset as a whole. */
export interface Broken {
  readonly rule: string;
  readonly column: string;
  /** What is wrong, as half a sentence after the number of rows, or as a whole one where there are none. */
  readonly says: string;
  readonly rows: readonly number[];
  readonly score: number;
}

const SCORE = { value: 0.8, twice: 0.65, missing: 0.7, common: 0.3 } as const;

/** Every broken rule, in the order of the rules. */
export function brokenRules(columns: readonly Column[], rules: DataRules, options: RuleOptions): Broken[] {
  const total = columns[0] === undefined ? 0 : rowsOf(columns[0]);
  return [
    ...sizes(total, rules),
    ...strangers(columns, rules),
    ...rules.columns.flatMap((rule) => ofColumn(columns, rule, options)),
    ...(rules.key === undefined ? [] : ofKey(columns, rules.key, total)),
    ...rules.comparisons.flatMap((comparison) => compared(columns, comparison, total)),
  ];
}

const whole = (rule: string, column: string, says: string): Broken => ({
  rule,
  column,
  says,
  rows: [],
  score: 0,
});

function sizes(total: number, { rows }: DataRules): Broken[] {
  const broken: Broken[] = [];
  if (rows?.min !== undefined && total < rows.min)
    broken.push(whole('rows', '', `There are ${total} rows, fewer than ${rows.min}.`));
  if (rows?.max !== undefined && total > rows.max)
    broken.push(whole('rows', '', `There are ${total} rows, more than ${rows.max}.`));
  return broken;
}

function strangers(columns: readonly Column[], rules: DataRules): Broken[] {
  if (!rules.onlyTheseColumns) return [];
  const known = new Set(rules.columns.map(({ name }) => name));
  return columns
    .filter(({ name }) => !known.has(name))
    .map(({ name }) => whole('onlyTheseColumns', name, `Column “${shown(name)}” is in no rule.`));
}

function ofColumn(columns: readonly Column[], rule: ColumnRule, options: RuleOptions): Broken[] {
  const column = columns.find(({ name }) => name === rule.name);
  if (column === undefined)
    return rule.present ? [whole('present', rule.name, `There is no column “${shown(rule.name)}”.`)] : [];
  return [
    ...ofMissing(column, rule),
    ...ofType(column, rule),
    ...ofValues(column, rule, options),
    ...(rule.unique === true ? twice('unique', rule.name, [column], rowsOf(column)) : []),
  ];
}

function ofMissing(column: Column, { missingAtMost }: ColumnRule): Broken[] {
  if (missingAtMost === undefined) return [];
  const rows = missingRows(column);
  const share = rows.length / Math.max(1, rowsOf(column));
  if (share <= missingAtMost) return [];
  const says = `have no value (${percent(share)}, allowed ${percent(missingAtMost)})`;
  // Where some may be missing, none of those that are is at fault by itself.
  const score = missingAtMost === 0 ? SCORE.missing : SCORE.common;
  return [{ rule: 'missingAtMost', column: column.name, says, rows, score }];
}

function ofType(column: Column, { type, name }: ColumnRule): Broken[] {
  if (type === undefined) return [];
  if (type === 'text')
    return column.kind === 'number'
      ? [whole('type', name, `Column “${shown(name)}” holds numbers, not texts.`)]
      : [];
  const number = type === 'integer' ? Number.isInteger : Number.isFinite;
  const rows = failing(column, { text: (text) => number(readNumber(text)), number });
  return values('type', name, `hold no ${type}`, rows);
}

const values = (rule: string, column: string, says: string, rows: readonly number[]): Broken[] =>
  rows.length === 0 ? [] : [{ rule, column, says, rows, score: SCORE.value }];

/** Code points in a text. */
function lengthOf(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xdc00 || unit > 0xdfff) length += 1;
  }
  return length;
}

function ofValues(column: Column, rule: ColumnRule, options: RuleOptions): Broken[] {
  const { name, min, max, minLength, maxLength, pattern, references } = rule;
  const broken: Broken[] = [];
  const number = (id: string, says: string, passes: (value: number) => boolean): void => {
    const text = (value: string): boolean => {
      const read = readNumber(value);
      // What is no number is for `type` to name.
      return Number.isNaN(read) || passes(read);
    };
    broken.push(...values(id, name, says, failing(column, { text, number: passes })));
  };
  const text = (id: string, says: string, passes: (value: string) => boolean): void => {
    broken.push(...values(id, name, says, failing(column, { text: passes })));
  };
  if (min !== undefined) number('min', `are below ${min}`, (value) => value >= min);
  if (max !== undefined) number('max', `are above ${max}`, (value) => value <= max);
  if (minLength !== undefined)
    text('minLength', `have fewer than ${minLength} characters`, (value) => lengthOf(value) >= minLength);
  if (maxLength !== undefined)
    text('maxLength', `have more than ${maxLength} characters`, (value) => lengthOf(value) <= maxLength);
  if (rule.values !== undefined) {
    const allowed = new Set(rule.values);
    text('values', 'hold none of the allowed values', (value) => allowed.has(value));
  }
  if (pattern !== undefined) text('pattern', `do not match ${shown(pattern)}`, compilePattern(pattern));
  if (references !== undefined) {
    const listed = listNamed(references, options);
    text('references', `are not in the list “${shown(references)}”`, (value) => listed.has(value));
  }
  return broken;
}

function listNamed(name: string, { lists = {} }: RuleOptions): ReadonlySet<string> {
  const list = Object.hasOwn(lists, name) ? lists[name] : undefined;
  if (list === undefined)
    throw new DatasetInputError(
      `The rules refer to a list “${shown(name)}” that was not given: give it, or leave the rule out.`,
    );
  if (!('kind' in list)) return new Set(list);
  if (list.kind === 'category') return new Set(list.values);
  const found = new Set<string>();
  for (let row = 0; row < rowsOf(list); row++) {
    const value = written(list, row);
    if (value !== null) found.add(value);
  }
  return found;
}

/** Rows whose values in `columns` an earlier row has; the earlier one is not named. */
function twice(rule: string, name: string, columns: readonly Column[], total: number): Broken[] {
  const seen = new Set<string>();
  const rows: number[] = [];
  for (let row = 0; row < total; row++) {
    const key = keyOf(columns, row);
    if (key === null) continue;
    if (seen.has(key)) rows.push(row);
    else seen.add(key);
  }
  if (rows.length === 0) return [];
  return [{ rule, column: name, says: 'repeat a value of an earlier row', rows, score: SCORE.twice }];
}

function ofKey(columns: readonly Column[], names: readonly string[], total: number): Broken[] {
  const key = names.map((name) => columnNamed(columns, name));
  const name = names.join(', ');
  const without: number[] = [];
  for (let row = 0; row < total; row++) if (keyOf(key, row) === null) without.push(row);
  const missing: Broken[] =
    without.length === 0
      ? []
      : [{ rule: 'key', column: name, says: 'have no key', rows: without, score: SCORE.missing }];
  return [...missing, ...twice('key', name, key, total)];
}

const HOLDS: Readonly<
  Record<Comparison['operator'], (left: number | string, right: number | string) => boolean>
> = {
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '=': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>=': (left, right) => left >= right,
  '>': (left, right) => left > right,
};

/** Numbers as numbers, all else by code units, which puts dates written year first in order. */
function compared(columns: readonly Column[], comparison: Comparison, total: number): Broken[] {
  const left = columnNamed(columns, comparison.left);
  const right = columnNamed(columns, comparison.right);
  const holds = HOLDS[comparison.operator];
  const rows: number[] = [];
  for (let row = 0; row < total; row++) {
    const [a, b] = [written(left, row), written(right, row)];
    if (a === null || b === null) continue;
    const [x, y] = [numberAt(left, row), numberAt(right, row)];
    if (Number.isNaN(x) || Number.isNaN(y) ? !holds(a, b) : !holds(x, y)) rows.push(row);
  }
  const says = `are not ${comparison.operator} “${shown(comparison.right)}”`;
  return values('comparison', comparison.left, says, rows);
}
