import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quantile, shareOf } from './wilson.ts';

test('intervals are Wilson’s', () => {
  // Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
  const cases: [number, number, number, number][] = [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ];
  for (const [count, of, low, high] of cases) {
    const share = shareOf(count, of);
    expect(share.low).toBeCloseTo(low, 4);
    expect(share.high).toBeCloseTo(high, 4);
  }
  expect(shareOf(0, 0)).toEqual({ count: 0, of: 0, share: null, low: null, high: null });
});

test('an interval always holds its share, within 0 and 1', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (of, part) => {
        const { share, low, high } = shareOf(Math.round(of * part), of);
        expect([low ?? -1, share ?? -1, high ?? 2]).toEqual(
          [low, share, high].map(Number).toSorted((a, b) => a - b),
        );
        expect((low ?? -1) >= 0 && (high ?? 2) <= 1).toBe(true);
      },
    ),
  );
});

test('quantiles are of the nearest rank', () => {
  expect([quantile([], 0.5), quantile([3, 1, 2], 0.5), quantile([1, 2, 3, 4], 0.99)]).toEqual([0, 2, 4]);
});
