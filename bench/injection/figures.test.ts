import { wilson } from '@bartizan/checks/statistics/wilson.ts';
import { describe, expect, it } from 'vitest';
import { auc, mean, quantile, shareAbove, thresholdAt } from './figures.ts';

const scores = (...values: number[]): Float64Array => Float64Array.from(values);

describe('the area under the ROC curve', () => {
  it('is the share of pairs in the right order, ties half', () => {
    // 0.9 beats three; 0.5 beats one and ties with one; 0.4 beats one: 5.5 of 9 pairs.
    expect(auc(scores(0.5, 0.9, 0.4), scores(0.6, 0.1, 0.5))).toBeCloseTo(5.5 / 9, 12);
    expect(auc(scores(1, 1), scores(0, 0))).toBe(1);
    expect(auc(scores(0), scores(1))).toBe(0);
    expect(auc(scores(0.3, 0.3, 0.3), scores(0.3, 0.3))).toBe(0.5);
  });

  it('is the same as counting every pair', () => {
    const attacks = Float64Array.from({ length: 40 }, (_, i) => ((i * 37) % 11) / 10);
    const harmless = Float64Array.from({ length: 55 }, (_, i) => ((i * 53) % 9) / 12);
    let wins = 0;
    for (const a of attacks) for (const h of harmless) wins += a > h ? 1 : a === h ? 0.5 : 0;
    expect(auc(attacks, harmless)).toBeCloseTo(wins / (40 * 55), 12);
    expect(attacks[1]).toBeCloseTo(0.4, 12);
  });

  it('does not exist without both classes', () => {
    expect(auc(scores(), scores(1))).toBeNull();
    expect(auc(scores(1), scores())).toBeNull();
  });
});

describe('thresholds', () => {
  const tens = Float64Array.from({ length: 100 }, (_, i) => i / 100);

  it('let at most the asked share of harmless texts pass over them', () => {
    expect(thresholdAt(tens, 0.01)).toBe(0.98);
    expect(shareAbove(tens, 0.98)).toBe(0.01);
    expect(thresholdAt(tens, 0.001)).toBe(0.99);
    expect(shareAbove(tens, 0.99)).toBe(0);
    expect(thresholdAt(tens, 1)).toBe(Number.NEGATIVE_INFINITY);
  });

  it('do not flag a crowd of equal scores for the sake of one', () => {
    const crowd = scores(0.9, 0.9, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1);
    const threshold = thresholdAt(crowd, 0.1);
    expect(threshold).toBe(0.9);
    expect(shareAbove(crowd, threshold as number)).toBe(0);
  });

  it('do not exist without harmless texts', () => {
    expect(thresholdAt(scores(), 0.01)).toBeNull();
    expect(shareAbove(scores(), 0.5)).toBeNull();
  });
});

describe('Wilson’s interval', () => {
  it.each([
    // Computed by hand from the formula with z = 1.959964.
    [5, 100, 0.0215, 0.1118],
    [50, 100, 0.4038, 0.5962],
    [0, 10, 0, 0.2775],
    [10, 10, 0.7225, 1],
    [1, 1000, 0.00018, 0.00565],
  ])('of %i in %i', (hits, total, low, high) => {
    const [from, to] = wilson(hits, total);
    expect(from).toBeCloseTo(low, 4);
    expect(to).toBeCloseTo(high, 4);
  });

  it('says nothing without texts', () => {
    expect(wilson(0, 0)).toEqual([0, 1]);
  });
});

it('quantiles are values that were there (nearest rank)', () => {
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2);
  expect(quantile([4, 1, 3, 2], 0.99)).toBe(4);
  expect(quantile([7], 0.5)).toBe(7);
  expect(quantile([], 0.5)).toBeNaN();
  expect(mean([1, 2, 6])).toBe(3);
});
