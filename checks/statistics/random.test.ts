import { describe, expect, it } from 'vitest';
import { createRandom, xoshiro128 } from './random.ts';

describe('seeded random numbers', () => {
  it('are those of xoshiro128** 1.1', () => {
    const next = xoshiro128(Uint32Array.of(1, 2, 3, 4));
    expect(Array.from({ length: 10 }, next)).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it('seed it with SplitMix64', () => {
    const seeded = xoshiro128(Uint32Array.of(0x7b1dcdaf, 0xe220a839, 0xa1b965f4, 0x6e789e6a));
    const random = createRandom(0);
    for (let draw = 0; draw < 100; draw++) expect(random.uint32()).toBe(seeded());
  });

  it('repeat for a seed and differ between seeds', () => {
    const take = (seed: number) => Array.from({ length: 5 }, createRandom(seed).next);
    expect(take(7)).toEqual(take(7));
    expect(take(7)).not.toEqual(take(8));
    expect(take(2 ** 52)).not.toEqual(take(0));
  });

  it('refuse seeds and bounds that are none', () => {
    for (const seed of [-1, 0.5, Number.NaN, 2 ** 53]) expect(() => createRandom(seed)).toThrow(RangeError);
    for (const bound of [0, -1, 1.5, 2 ** 32 + 1])
      expect(() => createRandom(1).integer(bound)).toThrow(RangeError);
  });

  it('are uniform and normal', () => {
    const random = createRandom(11);
    const counts = new Float64Array(7);
    let [sum, squares, fourth] = [0, 0, 0];
    const draws = 70_000;
    for (let draw = 0; draw < draws; draw++) {
      const place = random.integer(7);
      counts[place] = (counts[place] ?? 0) + 1;
      const value = random.normal();
      sum += value;
      squares += value ** 2;
      fourth += value ** 4;
    }
    const chiSquare = counts.reduce((total, count) => total + (count - draws / 7) ** 2 / (draws / 7), 0);
    expect(chiSquare).toBeLessThan(22.5);
    expect(Math.abs(sum / draws)).toBeLessThan(0.015);
    expect(squares / draws).toBeCloseTo(1, 1);
    expect(fourth / draws).toBeCloseTo(3, 0);
  });

  it('shuffle evenly', () => {
    const random = createRandom(3);
    const seen = new Map<string, number>();
    for (let draw = 0; draw < 6000; draw++) {
      const order = random.shuffle([0, 1, 2]).join('');
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(6);
    for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(130);
  });
});
