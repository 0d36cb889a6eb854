import { expect, test } from 'vitest';
import type { Column } from '../types.ts';
import { rolesOf } from './roles.ts';

const numbers = (name: string, values: number[]): Column => ({
  kind: 'number',
  name,
  values: Float64Array.from(values),
});

/** 30 items, each labelled by 7 people. */
function crowd(names: readonly [string, string, string], people = 7): Column[] {
  const rows = Array.from({ length: 30 * people }, (_, row) => row);
  return [
    numbers(
      names[0],
      rows.map((row) => Math.floor(row / people)),
    ),
    numbers(
      names[1],
      rows.map((row) => row % people),
    ),
    numbers(
      names[2],
      rows.map((row) => (row * 7) % 2),
    ),
  ];
}

test.each([
  ['item', 'annotator', 'label'],
  ['question', 'worker', 'answer'],
  ['task_id', 'rater_id', 'Rating'],
] as const)('%s, %s and %s are taken for annotators, not for features', (...names) => {
  const roles = rolesOf(crowd(names), {});
  expect(roles.annotators).toEqual({ item: names[0], annotator: names[1], label: names[2] });
  expect(roles).toMatchObject({ label: null, features: [], prompt: null });
});

test('what was named as the label may be what they gave, and nothing else', () => {
  const columns = crowd(['item', 'worker', 'label']);
  expect(rolesOf(columns, { label: 'label' })).toMatchObject({ label: null, annotators: { item: 'item' } });
  expect(rolesOf(columns, { label: 'worker' }).annotators).toBeNull();
  expect(rolesOf(columns, { annotators: null, label: 'label' }).annotators).toBeNull();
});

test('a table with one row per item, with the same pairs again, or of other names is none', () => {
  const once = crowd(['item', 'worker', 'label'], 1);
  expect(rolesOf(once, { label: 'label' }).annotators).toBeNull();
  const columns = crowd(['item', 'worker', 'label']);
  const twice = [
    ...columns.slice(0, 1),
    numbers(
      'worker',
      Array.from({ length: 210 }, (_, row) => (row % 7 < 5 ? 0 : 1)),
    ),
    ...columns.slice(2),
  ];
  expect(rolesOf(twice, { label: 'label' }).annotators).toBeNull();
  expect(rolesOf(crowd(['zip', 'age', 'label']), {}).annotators).toBeNull();
});
