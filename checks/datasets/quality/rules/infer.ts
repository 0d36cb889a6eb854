import { wilson } from '../../../statistics/wilson.ts';
import type { ColumnProfile, DatasetProfile } from '../../records/index.ts';
import type { Column } from '../../types.ts';
import { missingRows, written } from '../cells.ts';
import { commonRows, rowsOf } from '../content/select.ts';
import type { InferRules } from '../types.ts';
import { type ColumnRule, DataRules } from './schema.ts';
import { commonShape } from './shape.ts';

/** Fewer values say too little of those to come. */
const LEAST_VALUES = 100;
const MOST_LISTED = 100;
/** Longer texts are prose: that none occurs twice is no rule. */
const LONGEST_KEY = 64;

type Proposed = { -readonly [Key in keyof ColumnRule]?: ColumnRule[Key] | undefined } & { name: string };

/** Missing values as many as chance allows a version of the same size (Wilson's upper bound), to three digits. */
const missingAtMost = (missing: number, rows: number): number =>
  rows === 0 ? 1 : Math.min(1, Math.ceil(1_000 * wilson(missing, rows)[1]) / 1_000);

/**
 * Bounds a whole range beyond the extremes, for about half of all versions have a new extreme, and incomes and prices
 * one that is far out; the sign is kept where all numbers have the same.
 */
function bounds(min: number, max: number): { min: number; max: number } {
  const room = max > min ? max - min : Math.abs(max);
  const [low, high] = [min - room, max + room];
  return { min: min >= 0 ? Math.max(0, low) : low, max: max <= 0 ? Math.min(0, high) : high };
}

/**
 * Whether a list of values is likely whole: the chance that the next value is a new one, estimated by the share of
 * values seen once (Good, Biometrika 40, 1953), is below one in a thousand.
 */
const isListed = (counts: readonly number[], total: number): boolean =>
  counts.length <= MOST_LISTED &&
  total >= LEAST_VALUES &&
  counts.filter((count) => count === 1).length < total / 1_000;

/** Rules of a column of numbers with at least `LEAST_VALUES` of them. */
function ofNumbers(values: Float64Array, rule: Proposed): Proposed {
  const seen = new Set<number>();
  let [total, integers, finite] = [0, 0, 0];
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    total += 1;
    finite += Number(Number.isFinite(value));
    if (Number.isInteger(value)) {
      integers += 1;
      seen.add(value);
    }
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  if (finite < total) return rule;
  if (integers === total && seen.size === total) rule.unique = true;
  return { ...rule, type: integers === total ? 'integer' : 'number', ...bounds(min, max) };
}

function ofTexts(column: Column, total: number, rule: Proposed): Proposed {
  const counts = new Map<string, number>();
  let longest = 0;
  for (let row = 0; row < rowsOf(column); row++) {
    const value = written(column, row);
    if (value === null) continue;
    longest = Math.max(longest, value.length);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  rule.type = 'text';
  if (counts.size === total && longest <= LONGEST_KEY) rule.unique = true;
  if (isListed([...counts.values()], total)) return { ...rule, values: [...counts.keys()].sort() };
  return { ...rule, maxLength: 2 * longest, pattern: commonShape(counts.keys()) };
}

function fromColumn(column: Column): Proposed {
  const rows = rowsOf(column);
  const missing = missingRows(column).length;
  const rule: Proposed = { name: column.name, missingAtMost: missingAtMost(missing, rows) };
  if (rows - missing < LEAST_VALUES) return rule;
  return column.kind === 'number' ? ofNumbers(column.values, rule) : ofTexts(column, rows - missing, rule);
}

/** Bytes are at least as many as characters, so lengths of a profile bound those of texts. */
function fromProfile(column: ColumnProfile, rows: number): Proposed {
  const { name, type, count: total, missing, numbers, lengths, notFinite, top, distinct } = column;
  const rule: Proposed = { name, missingAtMost: missingAtMost(missing, rows) };
  if (total < LEAST_VALUES) return rule;
  if (numbers !== null && ['integer', 'decimal', 'float', 'double'].includes(type.kind)) {
    if (notFinite === 0) rule.type = type.kind === 'integer' ? 'integer' : 'number';
    Object.assign(rule, bounds(numbers.min, numbers.max));
  }
  if (type.kind !== 'text') return rule;
  rule.type = 'text';
  const counted = top.every(({ over }) => over === 0) && top.length === distinct;
  if (
    counted &&
    isListed(
      top.map((each) => each.count),
      total,
    ) &&
    (lengths?.max ?? 0) <= 200
  )
    rule.values = top.map(({ value }) => value).sort();
  else if (lengths !== null) rule.maxLength = 2 * lengths.max;
  return rule;
}

const isProfile = (accepted: readonly Column[] | DatasetProfile): accepted is DatasetProfile =>
  !Array.isArray(accepted);

export const inferRules: InferRules = (accepted) => {
  const [rows, columns] = isProfile(accepted)
    ? [accepted.rows, accepted.columns.map((column) => fromProfile(column, accepted.rows))]
    : [commonRows(accepted), accepted.map(fromColumn)];
  const size = rows === 0 ? {} : { rows: { min: Math.floor(rows / 2), max: 3 * rows } };
  return DataRules.parse({ ...size, columns });
};
