import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { seededBits } from '../testing/random.ts';
import { permuteAndFlip, randomisedResponse, responseShares, sparseVector } from './choice.ts';
import { gridOf, sumSensitivity } from './grid.ts';
import { knownHistogram, stabilityThreshold, unknownHistogram } from './histogram.ts';
import { gaussianNoise, laplaceNoise } from './noise.ts';
import { noisyQuantile } from './quantile.ts';
import { noisyMean, sumUnits } from './sum.ts';

/** Many draws take their time on a busy machine. */
vi.setConfig({ testTimeout: 60_000 });

const DRAWS = 20_000;
/** Within four standard deviations of a share. */
const fits = (hits: number, draws: number, share: number): void =>
  expect(Math.abs(hits - draws * share)).toBeLessThanOrEqual(4 * Math.sqrt(draws * share * (1 - share)) + 1);
const hits = (draws: number, draw: () => boolean): number => {
  let count = 0;
  for (let turn = 0; turn < draws; turn++) if (draw()) count++;
  return count;
};

describe('noise', () => {
  it.each([
    laplaceNoise(1n, '0.5'),
    laplaceNoise(1n, '5'),
    laplaceNoise(1000n, '2'),
    gaussianNoise(1n, '1', '1e-3'),
    gaussianNoise(100n, '1', '1e-3'),
  ])('has the deviation and the 95% reach that it says (%#)', (noise) => {
    const random = seededBits(5);
    let [square, beyond, far] = [0, 0, 0];
    for (let turn = 0; turn < DRAWS; turn++) {
      const value = Math.abs(Number(noise.draw(random)));
      square += value * value;
      if (value > noise.within95) beyond++;
      if (value > noise.within95 * 0.85 - 1) far++;
    }
    expect(Math.abs(Math.sqrt(square / DRAWS) / noise.deviation - 1)).toBeLessThan(0.06);
    expect(beyond / DRAWS).toBeLessThan(0.056);
    expect(far / DRAWS).toBeGreaterThan(0.05);
  });

  it.each(['0', '-1', 'abc'])('refuses an ε of %s', (epsilon) => {
    expect(() => laplaceNoise(1n, epsilon)).toThrow();
    expect(() => laplaceNoise(0n, '1')).toThrow('sensitivity');
  });
});

describe('histograms', () => {
  it('name a category of one record with at most the probability δ', () => {
    const random = seededBits(6);
    for (const neighbours of ['add-remove', 'replace'] as const) {
      const options = { neighbours, epsilon: '1', delta: '0.02' };
      const named = hits(DRAWS, () => unknownHistogram(random, ['rare'], options).bins.length > 0);
      expect(named / DRAWS).toBeLessThan(0.023);
      // The threshold is not far above the least one.
      expect(named / DRAWS).toBeGreaterThan(0.02 / Math.E / 1.3);
    }
  });

  it('name categories in an order that says nothing of the records', () => {
    const values = ['b', 'a', 'c'].flatMap((name) => Array.from({ length: 100 }, () => name));
    const { bins } = unknownHistogram(seededBits(1), values, {
      neighbours: 'add-remove',
      epsilon: '1',
      delta: '1e-6',
    });
    expect(bins.map(({ category }) => category)).toEqual(['a', 'b', 'c']);
  });

  it('have a threshold that grows as ε and δ shrink', () => {
    const of = (epsilon: string, delta: string) => stabilityThreshold('add-remove', epsilon, delta);
    expect(of('1', '1e-6')).toBe(15n);
    expect(of('0.1', '1e-6')).toBeGreaterThan(100n);
    expect(of('1', '1e-12')).toBeGreaterThan(of('1', '1e-6'));
  });

  it('count nothing that is not among the given categories', () => {
    const { bins } = knownHistogram(seededBits(1), ['a', 'x', null, 'a'], {
      categories: ['a', '__proto__'],
      neighbours: 'add-remove',
      epsilon: '100',
    });
    expect(bins).toEqual([
      { category: 'a', count: 2n },
      { category: '__proto__', count: 0n },
    ]);
    const twice = { categories: ['a', 'a'], neighbours: 'replace', epsilon: '1' } as const;
    expect(() => knownHistogram(seededBits(1), [], twice)).toThrow('once');
  });
});

const anyNumber = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, 1e308, 5e-324));

describe('sums', () => {
  it('of neighbours never differ by more than the sensitivity, whatever the values are', () => {
    fc.assert(
      fc.property(
        fc.array(anyNumber, { maxLength: 20 }),
        anyNumber,
        anyNumber,
        fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 1, max: 80 })),
        (values, one, other, [low, width]) => {
          const grid = gridOf([low, low + width], 0.1);
          const sum = (list: number[]) => sumUnits(list, grid).units;
          const size = (value: bigint) => (value < 0n ? -value : value);
          const removed = size(sum([...values, one]) - sum(values));
          const replaced = size(sum([...values, one]) - sum([...values, other]));
          return removed <= sumSensitivity(grid, 'add-remove') && replaced <= sumSensitivity(grid, 'replace');
        },
      ),
      { seed: 2, numRuns: 500 },
    );
  });

  it('are exact beyond 2^53', () => {
    const grid = gridOf([0, 2 ** 50], 1);
    expect(
      sumUnits(
        Array.from({ length: 100 }, () => 2 ** 50 - 1),
        grid,
      ).units,
    ).toBe(100n * (2n ** 50n - 1n));
  });

  it.each([
    [[1, 0], undefined],
    [[0, Infinity], undefined],
    [[NaN, 1], undefined],
    [[-1e308, 1e308], undefined],
    [[0, 1], 0],
    [[0, 1e9], 1e-9],
  ] as const)('refuse bounds %j with step %s', (bounds, step) => {
    expect(() => gridOf(bounds, step)).toThrow();
  });
});

describe('a mean', () => {
  it('lies in its interval 95% of the time or more, and never outside the bounds', () => {
    const random = seededBits(8);
    const grid = gridOf([0, 100]);
    const values = Array.from({ length: 300 }, (_, place) => place % 101);
    const truth = values.reduce((sum, value) => sum + value, 0) / values.length;
    const options = { grid, neighbours: 'add-remove', epsilon: '0.5' } as const;
    const inside = hits(1500, () => {
      const { mean, interval } = noisyMean(random, values, options);
      expect(mean >= 0 && mean <= 100).toBe(true);
      return interval[0] <= truth && truth <= interval[1];
    });
    expect(inside / 1500).toBeGreaterThan(0.94);
    expect(noisyMean(random, [], options).mean).toBeLessThanOrEqual(100);
  });
});

describe('a quantile', () => {
  const grid = gridOf([0, 1e6], 1);

  it('is near the true one in ranks, though the bounds are far', () => {
    const random = seededBits(9);
    const values = Float64Array.from({ length: 2000 }, (_, place) => place);
    const far = hits(200, () => {
      const { value, rankError } = noisyQuantile(random, values, { grid, quantile: 0.25, epsilon: '1' });
      return Math.abs(value - 500) > rankError;
    });
    expect(far).toBeLessThan(20);
  });

  it('fits the exponential mechanism', () => {
    const small = gridOf([0, 4], 1);
    const random = seededBits(10);
    const counts = [0, 0, 0, 0, 0];
    for (let turn = 0; turn < 5000; turn++) {
      const { value } = noisyQuantile(random, [1, 1, 3], { grid: small, quantile: 0.5, epsilon: '2' });
      counts[value] = (counts[value] ?? 0) + 1;
    }
    // Ranks off by 1.5 below 1, 0 at 1, 0.5 at 2 and 3, 1.5 above; weight e^{−ε × off / 2}.
    const masses = [1.5, 0, 0.5, 0.5, 1.5].map((off) => Math.exp(-off));
    const total = masses.reduce((sum, mass) => sum + mass, 0);
    for (const [place, mass] of masses.entries()) fits(counts[place] ?? 0, 5000, mass / total);
  });

  it('of nothing is any value between the bounds', () => {
    const { value } = noisyQuantile(seededBits(1), [NaN], { grid, quantile: 0.5, epsilon: '1' });
    expect(value >= 0 && value <= 1e6).toBe(true);
    expect(() => noisyQuantile(seededBits(1), [], { grid, quantile: 1, epsilon: '1' })).toThrow();
  });
});

describe('choices', () => {
  it('by permute-and-flip have its probabilities', () => {
    const random = seededBits(12);
    const best = hits(DRAWS, () => permuteAndFlip(random, [7n, 9n], { sensitivity: 1n, epsilon: '1' }) === 1);
    fits(best, DRAWS, 1 - Math.exp(-1) / 2);
    expect(() => permuteAndFlip(random, [], { sensitivity: 1n, epsilon: '1' })).toThrow();
  });

  it('by randomised response have theirs, and shares are estimated without bias', () => {
    const random = seededBits(13);
    const counts = [0, 0, 0];
    for (let turn = 0; turn < DRAWS; turn++) {
      const given = randomisedResponse(random, turn % 4 === 0 ? 2 : 0, { choices: 3, epsilon: '1' });
      counts[given] = (counts[given] ?? 0) + 1;
    }
    const kept = Math.E / (Math.E + 2);
    fits(counts[2] ?? 0, DRAWS, 0.25 * kept + 0.75 * ((1 - kept) / 2));
    const shares = responseShares(counts, '1');
    for (const [place, truth] of [0.75, 0, 0.25].entries())
      expect(Math.abs((shares[place]?.share ?? 9) - truth)).toBeLessThan(
        4 * (shares[place]?.standardError ?? 0),
      );
    expect(() => randomisedResponse(random, 3, { choices: 3, epsilon: '1' })).toThrow();
  });
});

describe('sparse vector', () => {
  it('answers for as many positives as it was made for, then no more', () => {
    const vector = sparseVector(seededBits(14), {
      threshold: 1000n,
      sensitivity: 1n,
      positives: 2,
      epsilon: '1',
    });
    const answers = [0n, 10n, 2000n, 5n, 0n, 3000n].map((query) => vector.above(query));
    expect(answers).toEqual([false, false, true, false, false, true]);
    expect(() => vector.above(0n)).toThrow('positive');
  });

  it('keeps ε between neighbours, measured on the answers to three queries', () => {
    const random = seededBits(15);
    const seen = (queries: readonly bigint[]) => {
      const counts = new Map<string, number>();
      for (let turn = 0; turn < 6000; turn++) {
        const vector = sparseVector(random, { threshold: 0n, sensitivity: 1n, positives: 1, epsilon: '1' });
        let answers = '';
        for (const query of queries) if (vector.left() > 0) answers += vector.above(query) ? '1' : '0';
        counts.set(answers, (counts.get(answers) ?? 0) + 1);
      }
      return counts;
    };
    const [one, other] = [seen([0n, 0n, 0n]), seen([1n, -1n, 1n])];
    for (const [answers, count] of one)
      expect(count).toBeLessThan((other.get(answers) ?? 0) * Math.E * 1.15 + 20);
  });
});
