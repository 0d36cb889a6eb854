import { expect, it } from 'vitest';
import { typedColumn } from '../testing/chunks.ts';
import { createProfiler } from './profile.ts';
import { shownSummary } from './shown.ts';

function summaryOf(count: number) {
  const profiler = createProfiler({ columns: [{ name: 'salary', type: { kind: 'integer' } }] });
  const values = Array.from({ length: count }, (_, at) => BigInt(at * at));
  const column = typedColumn({ kind: 'integer' }, values);
  if (column === null) throw new Error('there is no column');
  profiler.add({ rows: count, columns: [column] });
  return profiler.profile().columns[0]?.numbers ?? null;
}

it.each([1, 2, 9])('says nothing of %i values', (count) => {
  expect(summaryOf(count)).not.toBeNull();
  expect(shownSummary(summaryOf(count), 10)).toBeNull();
});

it.each([10, 19, 39, 40, 100, 199, 200, 999, 1_000, 20_000])(
  'of %i values shows none that ten others are not beyond',
  (count) => {
    const shown = shownSummary(summaryOf(count), 10);
    if (shown === null) throw new Error('there is no summary');
    const rank = (value: number): number => Math.sqrt(value);
    const edge = count < 20 ? Math.floor(count / 2) - 1 : 9;
    const slack = 0.0067 * count;
    for (const value of [shown.min, shown.max, ...Object.values(shown.quantiles)]) {
      expect(rank(value)).toBeGreaterThanOrEqual(edge - (count > 500 ? slack : 0));
      expect(rank(value)).toBeLessThanOrEqual(count - 1 - edge + (count > 500 ? slack : 1));
    }
    expect(shown.min).toBeGreaterThan(0);
    expect(shown.max).toBeLessThan((count - 1) ** 2);
    expect(shown).toMatchObject({ count, mean: summaryOf(count)?.mean });
  },
);

it('says nothing where a figure is not finite', () => {
  const summary = summaryOf(100);
  if (summary === null) throw new Error('there is no summary');
  expect(shownSummary({ ...summary, mean: Number.POSITIVE_INFINITY }, 10)).toBeNull();
});
