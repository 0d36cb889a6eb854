import { describe, expect, it, vi } from 'vitest';
import { parseRational, rational } from '../rational.ts';
import { seededBits } from '../testing/random.ts';
import { bernoulliExp } from './bernoulli.ts';
import { discreteGaussian, squareRoot } from './gaussian.ts';
import { discreteLaplace } from './laplace.ts';
import { pooled } from './pool.ts';
import { uniformBelow, uniformBits } from './uniform.ts';
import { sampleWeighted } from './weighted.ts';

/** Many draws take their time on a busy machine. */
vi.setConfig({ testTimeout: 60_000 });

const DRAWS = 20_000;

/** χ² of draws against masses of values −reach..reach, the rest in one cell; cells with less than 8 expected are joined to it. */
function chiSquare(draws: readonly bigint[], mass: (value: number) => number, reach: number) {
  const counts = new Map<bigint, number>();
  for (const value of draws) counts.set(value, (counts.get(value) ?? 0) + 1);
  let [square, cells, seen, expected] = [0, 0, 0, 0];
  for (let value = -reach; value <= reach; value++) {
    const want = mass(value) * draws.length;
    if (want < 8) continue;
    const got = counts.get(BigInt(value)) ?? 0;
    square += (got - want) ** 2 / want;
    cells++;
    seen += got;
    expected += want;
  }
  const rest = draws.length - expected;
  if (rest > 1) {
    square += (draws.length - seen - rest) ** 2 / rest;
    cells++;
  }
  return { square, freedom: cells - 1 };
}

/** Above the 99.99% quantile of χ² (Wilson and Hilferty, 1931). */
const tooFar = ({ square, freedom }: { square: number; freedom: number }): boolean =>
  square > freedom * (1 - 2 / (9 * freedom) + 3.719 * Math.sqrt(2 / (9 * freedom))) ** 3;

const many = <T>(draw: () => T): T[] => Array.from({ length: DRAWS }, draw);

describe('uniform numbers', () => {
  it.each([1n, 2n, 3n, 10n, 255n, 256n, 257n])('below %s are all alike', (below) => {
    const random = seededBits(Number(below));
    const draws = many(() => uniformBelow(random, below));
    expect(draws.every((value) => value >= 0n && value < below)).toBe(true);
    if (below > 1n)
      expect(
        tooFar(
          chiSquare(draws, (value) => (value < 0 || value >= Number(below) ? 0 : 1 / Number(below)), 300),
        ),
      ).toBe(false);
  });

  it('of many bits use all of them', () => {
    const random = seededBits(3);
    let [any, all] = [0n, (1n << 131n) - 1n];
    for (const value of many(() => uniformBits(random, 131))) {
      any |= value;
      all &= value;
    }
    expect([any, all]).toEqual([(1n << 131n) - 1n, 0n]);
  });

  it('refuse a bound below 1', () => {
    expect(() => uniformBelow(seededBits(1), 0n)).toThrow(RangeError);
  });
});

describe('a pool', () => {
  it('gives each byte of the source once, in order', () => {
    let next = 0;
    const pool = pooled({ bytes: (count) => Uint8Array.from({ length: count }, () => next++ % 251) });
    const given = [3, 0, 500, 521, 7].flatMap((count) => [...pool.bytes(count)]);
    expect(given.slice(0, 1024)).toEqual(Array.from({ length: 1024 }, (_, place) => place % 251));
    expect(given.slice(1024)).toEqual(Array.from({ length: 7 }, (_, place) => (1024 + place) % 251));
    expect(pool.bytes(5000)).toHaveLength(5000);
  });
});

describe('a coin of exp(−rate)', () => {
  it.each(['0', '0.1', '1', '2.5', '7/3'])('with rate %s', (rate) => {
    const random = seededBits(11);
    const exact = parseRational(rate);
    const heads = many(() => bernoulliExp(random, exact)).filter(Boolean).length;
    const share = Math.exp(-Number(exact.numerator) / Number(exact.denominator));
    expect(Math.abs(heads - DRAWS * share)).toBeLessThanOrEqual(4 * Math.sqrt(DRAWS * share * (1 - share)));
  });
});

describe('discrete Laplace noise', () => {
  it.each([
    ['1/10', 0.1],
    ['1', 1],
    ['7/3', 7 / 3],
    ['20', 20],
  ])('of scale %s fits its distribution', (text, scale) => {
    const random = seededBits(21);
    const exact = parseRational(text);
    const r = Math.exp(-1 / scale);
    const mass = (value: number) => ((1 - r) / (1 + r)) * r ** Math.abs(value);
    expect(
      tooFar(
        chiSquare(
          many(() => discreteLaplace(random, exact)),
          mass,
          300,
        ),
      ),
    ).toBe(false);
    // The test itself can tell: another scale does not fit.
    if (scale >= 1) {
      const other = many(() =>
        discreteLaplace(random, parseRational(`${Math.round(scale * 1.1 * 1000)}/1000`)),
      );
      expect(tooFar(chiSquare(other, mass, 300))).toBe(true);
    }
  });

  it('refuses a scale of 0', () => {
    expect(() => discreteLaplace(seededBits(1), rational(0n))).toThrow('above 0');
  });
});

describe('discrete Gaussian noise', () => {
  it.each([0.25, 1, 9.5, 400])('of variance %s fits its distribution', (variance) => {
    const random = seededBits(31);
    const exact = parseRational(String(variance));
    let total = 0;
    for (let value = -400; value <= 400; value++) total += Math.exp((-value * value) / (2 * variance));
    const mass = (value: number) => Math.exp((-value * value) / (2 * variance)) / total;
    expect(
      tooFar(
        chiSquare(
          many(() => discreteGaussian(random, exact)),
          mass,
          300,
        ),
      ),
    ).toBe(false);
  });

  it('takes whole square roots', () => {
    for (const value of [0n, 1n, 2n, 3n, 4n, 8n, 9n, 10n ** 40n - 1n, 10n ** 40n]) {
      const root = squareRoot(value);
      expect(root * root <= value && (root + 1n) ** 2n > value).toBe(true);
    }
  });
});

describe('a weighted choice', () => {
  it('fits weight × exp(−rate × cost), whatever the least cost is', () => {
    const random = seededBits(41);
    const groups = [
      { weight: 1n, cost: 100n },
      { weight: 2n, cost: 101n },
      { weight: 1000n, cost: 105n },
      { weight: 10n ** 15n, cost: 10n ** 9n },
    ];
    const masses = [1, 2 * Math.exp(-0.9), 1000 * Math.exp(-4.5), 0];
    const total = masses.reduce((sum, value) => sum + value, 0);
    const draws = many(() => BigInt(sampleWeighted(random, groups, parseRational('0.9'))));
    expect(tooFar(chiSquare(draws, (value) => (masses[value] ?? 0) / total, 5))).toBe(false);
  });

  it('is exact at the ends: an unlucky string of bits takes further bits, not a wrong place', () => {
    // All ones is the very end of the last group, all zeros the start of the first.
    const groups = [1n, 2n, 3n].map((cost) => ({ weight: 1n, cost }));
    const zeros = { bytes: (count: number) => new Uint8Array(count) };
    const ones = { bytes: (count: number) => new Uint8Array(count).fill(255) };
    expect(sampleWeighted(zeros, groups, rational(1n))).toBe(0);
    expect(() => sampleWeighted(ones, groups, rational(1n))).toThrow('open');
  });

  it('refuses nothing to choose from, and a rate of 0', () => {
    expect(() => sampleWeighted(seededBits(1), [], rational(1n))).toThrow();
    expect(() => sampleWeighted(seededBits(1), [{ weight: 1n, cost: 0n }], rational(0n))).toThrow();
  });
});
