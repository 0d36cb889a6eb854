import { describe, expect, it } from 'vitest';
import { createRandom } from '../../statistics/random.ts';
import { finish } from '../neighbours/index.ts';
import { tableFeatures } from '../tabular/index.ts';
import { loans } from '../tabular/testing/loans.ts';
import { DatasetInputError, type Matrix } from '../types.ts';
import { checkAvailability, checkOutliers, impossibleValues, isolationScores } from './index.ts';

function gauss(rows: number, columns: number, seed: number): Matrix & { values: Float32Array } {
  const random = createRandom(seed);
  return { rows, columns, values: Float32Array.from({ length: rows * columns }, () => random.normal()) };
}

describe('outliers', () => {
  it('are few in clean data', () => {
    for (const [seed, columns] of [
      [1, 2],
      [2, 5],
      [3, 20],
    ] as const) {
      const { scores } = finish(checkOutliers({ features: gauss(1500, columns, seed) }));
      expect(scores.filter((score) => score > 0.5).length).toBeLessThanOrEqual(15);
      expect(scores.filter((score) => score < 0.1).length).toBeGreaterThan(1450);
    }
  });

  it('are the records far from all others, and those rank first', () => {
    const features = gauss(1500, 10, 4);
    for (let at = 0; at < 20 * 10; at++) features.values[at] = (features.values[at] as number) * 7;
    const outcome = finish(checkOutliers({ features }));
    const first = outcome.suspects.map(({ row }) => row);
    expect(first.length).toBeGreaterThanOrEqual(18);
    expect(first.every((row) => row < 20)).toBe(true);
    expect(outcome.findings[0]?.precision?.value).toBeGreaterThan(0.9);
  });

  it('are none where all rows are equal, and refuse what is no number', () => {
    const same = { rows: 50, columns: 3, values: new Float32Array(150).fill(2) };
    expect(finish(checkOutliers({ features: same })).suspects).toEqual([]);
    const broken = { rows: 2, columns: 1, values: Float32Array.of(1, Number.NaN) };
    expect(() => finish(checkOutliers({ features: broken }))).toThrow(DatasetInputError);
  });

  it('score as the isolation forest does: far rows above .6, usual ones about .45', () => {
    const features = gauss(600, 4, 9);
    features.values.fill(8, 0, 4);
    const scores = finish(isolationScores(features, 1));
    expect(scores[0]).toBeGreaterThan(0.65);
    expect(scores.reduce((sum, score) => sum + score, 0) / 600).toBeLessThan(0.5);
  });
});

describe('numbers that cannot be', () => {
  const ages = Float64Array.from({ length: 500 }, (_, row) => 18 + (row % 60));
  const found = (values: Float64Array): number[] =>
    impossibleValues([{ kind: 'number', name: 'age', values }]).map(({ row }) => row);

  it('are far beyond the others, negative among positive ones, or infinite', () => {
    const values = ages.slice();
    values.set([999, -1, Number.POSITIVE_INFINITY, Number.NaN], 7);
    expect(found(values)).toEqual([7, 8, 9]);
  });

  it('are not those of a long tail', () => {
    const random = createRandom(2);
    expect(found(Float64Array.from({ length: 5000 }, () => Math.exp(10 + 1.5 * random.normal())))).toEqual(
      [],
    );
    expect(found(ages)).toEqual([]);
  });
});

describe('noise all over', () => {
  const made = loans({ rows: 2400, seed: 2, batches: 10 });
  const features = tableFeatures(made.columns);
  const batch = made.groups[0]?.column.kind === 'category' ? made.groups[0].column.codes : new Int32Array(0);

  it('is not found in clean loans', () => {
    const outcome = finish(checkAvailability({ features, labels: made.labels, groups: made.groups }));
    expect(outcome.findings).toEqual([]);
    expect(Math.max(...outcome.scores)).toBeLessThan(0.5);
  });

  it('is found in the batch whose labels are wrong', () => {
    const values = made.labels.values.map((label, row) =>
      batch[row] === 4 && row % 5 < 4 ? 1 - label : label,
    );
    const outcome = finish(
      checkAvailability({ features, labels: { ...made.labels, values }, groups: made.groups }),
    );
    expect(outcome.findings.map(({ title }) => title)).toEqual(['Wrong labels all over batch 2026-5']);
    const wrong = outcome.suspects.filter(({ row }) => row % 5 < 4).length;
    expect(wrong / outcome.suspects.length).toBeGreaterThan(0.8);
  });

  it('is found in the batch whose records are noise, and in empty records', () => {
    const random = createRandom(3);
    const values = Float32Array.from(features.values, (value, at) =>
      batch[Math.floor(at / features.columns)] === 4 ? random.normal() : value,
    );
    values.fill(0, 0, 3 * features.columns);
    const outcome = finish(checkAvailability({ features: { ...features, values }, groups: made.groups }));
    expect(outcome.findings.map(({ title }) => title)).toEqual([
      'Noise all over batch 2026-5',
      'Records without content',
    ]);
    expect(outcome.findings[1]?.rows).toEqual([0, 1, 2]);
  });

  it('refuses groups of other lengths', () => {
    const groups = [
      {
        name: 'batch',
        column: { kind: 'category', name: 'batch', codes: new Int32Array(3), values: ['a'] } as const,
      },
    ];
    expect(() => finish(checkAvailability({ features, groups }))).toThrow(/Group “batch” has 3 rows/);
  });
});
