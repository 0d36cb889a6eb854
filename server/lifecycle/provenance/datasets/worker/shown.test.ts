import { createProfiler } from '@bartizan/checks/datasets/records/index.ts';
import { expect, test } from 'vitest';
import { shownProfile } from './shown.ts';

function profileOf(values: readonly number[]) {
  const profiler = createProfiler({ columns: [{ name: 'salary', type: { kind: 'double' } }] });
  const data = Float64Array.from(values);
  profiler.add({ rows: values.length, columns: [{ store: 'float64', values: data, valid: null }] });
  const [shown] = shownProfile(profiler.profile()).columns;
  if (shown === undefined) throw new Error('there is no column');
  return shown;
}
/** A made-up salary for each row, none twice. */
const salaries = (rows: number): number[] =>
  Array.from({ length: rows }, (_, row) => 20_000 + ((row * 7919) % 50_000) + row / 1_000);

test('figures of fewer than ten values are not shown', () => {
  expect(profileOf(salaries(9)).numbers).toBeNull();
  expect(profileOf(salaries(10)).numbers).not.toBeNull();
});

test('what values that are named leave over is not shown by the mean', () => {
  const one = [...Array.from({ length: 999 }, () => 0), 987_654.25];
  expect(profileOf(one).top).toMatchObject([{ value: '0', count: 999 }]);
  expect(profileOf(one).numbers).toBeNull();
  const two = [...Array.from({ length: 500 }, () => 0), ...Array.from({ length: 500 }, () => 1)];
  expect(profileOf(two).numbers).toMatchObject({ count: 1_000, min: 0, max: 1 });
});

test.each([100, 1_000, 20_000])(
  'profiles of %i records with and without one of them do not tell its value',
  (rows) => {
    const all = salaries(rows);
    let hits = 0;
    for (const at of [3, 41, 77, 99]) {
      const [with_, without] = [profileOf(all).numbers, profileOf(all.toSpliced(at, 1)).numbers];
      if (with_ === null || without === null) throw new Error('there are no figures');
      const guess = with_.mean * rows - without.mean * (rows - 1);
      if (Math.abs(guess - (all[at] as number)) < 500) hits += 1;
    }
    expect(hits).toBeLessThan(3);
  },
);

test('no figure is the value of one record, and all stay near the truth', () => {
  const values = salaries(2_000);
  const { numbers } = profileOf(values);
  if (numbers === null) throw new Error('there are no figures');
  const known = new Set(values);
  const shown = [numbers.min, numbers.max, numbers.mean, ...Object.values(numbers.quantiles)];
  for (const value of shown) expect(known.has(value)).toBe(false);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(Math.abs(numbers.mean - mean)).toBeLessThan(0.02 * numbers.standardDeviation);
  const [low, high] = [numbers.quantiles.p25, numbers.quantiles.p75];
  expect(values.filter((value) => value < low).length / 2_000).toBeCloseTo(0.25, 1);
  expect(values.filter((value) => value < high).length / 2_000).toBeCloseTo(0.75, 1);
});
