import { describe, expect, it, vi } from 'vitest';
import { openLedger, reserve } from '../ledger/ledger.ts';
import { seededBits } from '../testing/random.ts';
import type { RandomBits } from '../types.ts';
import { readStatisticRequest, releaseCost, releaseStatistic } from './release.ts';
import type { StatisticInput } from './request.ts';
import type { ReleaseValues } from './types.ts';

/** Many draws take their time on a busy machine. */
vi.setConfig({ testTimeout: 60_000 });

const numbers: ReleaseValues = {
  kind: 'number',
  values: Float64Array.from({ length: 5000 }, (_, place) => (place % 50 === 0 ? NaN : place % 100)),
};
const names: ReleaseValues = {
  kind: 'category',
  values: Array.from({ length: 5000 }, (_, place) => ['yes', 'no', null, 'no'][place % 4] ?? null),
};
const options = (seed: number) => ({ random: seededBits(seed), neighbours: 'add-remove' }) as const;

const REQUESTS: readonly StatisticInput[] = [
  { kind: 'count', epsilon: '1' },
  { kind: 'count', epsilon: '1', noise: 'gaussian', delta: '1e-6' },
  { kind: 'sum', column: 'age', bounds: [0, 100], epsilon: '1' },
  {
    kind: 'sum',
    column: 'age',
    bounds: [-20, 40],
    granularity: 0.1,
    epsilon: '1',
    noise: 'gaussian',
    delta: '1e-6',
  },
  { kind: 'mean', column: 'age', bounds: [0, 100], epsilon: '1' },
  { kind: 'quantile', column: 'age', bounds: [0, 1000], quantile: 0.5, epsilon: '1' },
  { kind: 'histogram', column: 'answer', categories: ['yes', 'no', 'other'], epsilon: '1' },
  { kind: 'histogram', column: 'answer', epsilon: '1', delta: '1e-6' },
];

describe('a release', () => {
  it.each(REQUESTS)('%j says what it spent, which a ledger can hold', (input) => {
    for (const neighbours of ['add-remove', 'replace'] as const) {
      const data = input.kind === 'histogram' ? names : numbers;
      const released = releaseStatistic(input, data, { ...options(1), neighbours });
      expect(released.spent).toEqual(releaseCost(readStatisticRequest(input), neighbours));
      expect(released).toMatchObject({ kind: input.kind, neighbours });
      for (const composition of ['basic', 'zcdp'] as const) {
        const terms = { unit: 'record', neighbours, composition, epsilon: '10', delta: '1e-5' } as const;
        expect(reserve(openLedger(terms), { request: 'a', neighbours, cost: released.spent }).ok).toBe(true);
      }
    }
  });

  it.each([REQUESTS[0], REQUESTS[1], REQUESTS[2], REQUESTS[4]])(
    '%j has the truth in its interval about 95% of the time',
    (input) => {
      const values = [...(numbers.kind === 'number' ? numbers.values : [])].filter(
        (value) => !Number.isNaN(value),
      );
      const sum = values.reduce((total, value) => total + value, 0);
      const truth =
        input?.kind === 'sum' ? sum : input?.kind === 'mean' ? sum / values.length : values.length;
      let inside = 0;
      for (let seed = 0; seed < 200; seed++) {
        const released = releaseStatistic(input as StatisticInput, numbers, options(seed));
        if (released.kind === 'histogram' || released.interval === null) throw new Error('no interval');
        if (released.interval[0] <= truth && truth <= released.interval[1]) inside++;
      }
      expect(inside).toBeGreaterThan(178);
    },
  );

  it('counts under both ways of asking for categories', () => {
    const of = (input: StatisticInput | undefined) => {
      const released = releaseStatistic(input as StatisticInput, names, options(3));
      return released.kind === 'histogram' ? released.bins : [];
    };
    for (const bins of [of(REQUESTS[6]), of(REQUESTS[7])])
      for (const { category, value } of bins)
        expect(Math.abs(value - ({ yes: 1250, no: 2500 }[category] ?? 0))).toBeLessThan(15);
    expect(of(REQUESTS[7]).map(({ category }) => category)).toEqual(['no', 'yes']);
  });

  it.each([
    [{ kind: 'count', epsilon: 0.1 }, 'epsilon'],
    [{ kind: 'count', epsilon: '0' }, 'ε'],
    [{ kind: 'count', epsilon: '101' }, 'ε'],
    [{ kind: 'count', epsilon: '1', delta: '1e-6' }, 'δ'],
    [{ kind: 'count', epsilon: '1', noise: 'gaussian' }, 'δ'],
    [{ kind: 'count', epsilon: '1', seed: 1 }, 'seed'],
    [{ kind: 'mean', column: 'a', bounds: [1, 1], epsilon: '1' }, 'bound'],
    [{ kind: 'mean', column: 'a', bounds: [0, 1e308], granularity: 1e-9, epsilon: '1' }, 'steps'],
    [{ kind: 'quantile', column: 'a', bounds: [0, 1], quantile: 1, epsilon: '1' }, 'quantile'],
    [{ kind: 'histogram', column: 'a', epsilon: '1' }, 'categories'],
    [{ kind: 'histogram', column: 'a', categories: ['x', 'x'], epsilon: '1' }, 'once'],
    [{ kind: 'maximum', column: 'a', epsilon: '1' }, 'kind'],
    [null, 'request'],
  ])('refuses %j before it draws any noise', (input, part) => {
    const random: RandomBits = {
      bytes: () => {
        throw new Error('noise was drawn');
      },
    };
    expect(() =>
      releaseStatistic(input as StatisticInput, numbers, { random, neighbours: 'replace' }),
    ).toThrow(part);
  });

  it('refuses a column of the wrong kind', () => {
    expect(() => releaseStatistic(REQUESTS[4] as StatisticInput, names, options(1))).toThrow('numbers');
    expect(() => releaseStatistic(REQUESTS[6] as StatisticInput, numbers, options(1))).toThrow('categories');
  });
});
