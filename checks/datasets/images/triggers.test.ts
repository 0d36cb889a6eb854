import { describe, expect, it } from 'vitest';
import { createRandom } from '../../statistics/random.ts';
import { finish } from '../neighbours/index.ts';
import type { CheckOutcome } from '../types.ts';
import { createEdges } from './edges.ts';
import { checkImageTriggers } from './index.ts';
import { pixelsOf } from './pixels.ts';
import { certaintiesOf, estimateShare, precisionOf } from './posterior.ts';
import { blend, type Pictures, type Poisoned, patch, poison, type Stamp } from './testing/generated.ts';
import { plainPictures, strokePictures } from './testing/strokes.ts';

const PLAIN = plainPictures(800, 3);

function judged(base: Pictures, stamp: Stamp, count: number): [Poisoned, CheckOutcome] {
  const made = poison(base, stamp, { count, target: 2, seed: 8 });
  return [made, finish(checkImageTriggers(made.images, made.labels))];
}

/** The rows that are named are the poisoned ones, nearly all of them and no others. */
function expectNamed([made, outcome]: [Poisoned, CheckOutcome], least: number): void {
  const bad = [...made.bad.keys()].filter((row) => made.bad[row] === 1);
  const named = outcome.suspects.map(({ row }) => row);
  expect(named.filter((row) => made.bad[row] === 0)).toEqual([]);
  expect(named.length).toBeGreaterThanOrEqual(least * bad.length);
}

const at = { row: 23, column: 23 };

describe('few triggers on grounds of noise, which the patch makes alike', () => {
  it('are named, and no picture without them', { timeout: 240_000 }, () => {
    const found = judged(PLAIN, patch(PLAIN.images, { ...at, size: 3, paint: 'white' }), 16);
    expectNamed(found, 0.95);
    expect(found[1].findings[0]?.evidence).toMatchObject({ row: 23, column: 23, height: 3, width: 3 });
  });

  it('are not mixed with pictures that share a part of a large one', { timeout: 240_000 }, () => {
    const found = judged(PLAIN, patch(PLAIN.images, { ...at, size: 5, paint: 'checkerboard' }), 32);
    expectNamed(found, 0.95);
    const precision = found[1].findings[0]?.precision;
    expect(precision?.high).toBe(1);
    expect(precision?.low).toBeGreaterThan(0.8);
  });

  it('are found at places of their own', { timeout: 240_000 }, () => {
    const stamp = patch(PLAIN.images, { ...at, size: 4, paint: 'checkerboard', anywhere: true });
    const found = judged(PLAIN, stamp, 24);
    expectNamed(found, 0.9);
    expect(found[1].findings[0]?.evidence.kind).toBe('moved');
    expect(found[1].findings[0]?.message).toContain('at places that differ');
  });

  it('are found as overlays that make pictures alike', { timeout: 240_000 }, () => {
    const strokes = strokePictures(800, 4);
    expectNamed(judged(strokes, blend(strokes.images, 0.2, 'stripes'), 24), 0.95);
  });
});

describe('what is known of the named rows', () => {
  const random = createRandom(5);
  const draw = (count: number, middle: number): Float64Array =>
    Float64Array.from({ length: count }, () => Math.max(0, Math.min(1, middle + 0.15 * random.normal())));
  const [own, others] = [draw(300, 0.8), draw(500, 0.1)];

  it('says how many look like other classes', () => {
    const mixed = Float64Array.from([...draw(60, 0.1), ...draw(30, 0.8)]);
    const half = estimateShare({ suspected: mixed, own, others }, 0.99);
    expect(half.share).toBeGreaterThan(0.58);
    expect(half.share).toBeLessThan(0.85);
    expect(estimateShare({ suspected: draw(60, 0.1), own, others }, 0.99).share).toBeGreaterThan(0.95);
    expect(estimateShare({ suspected: mixed, own: own.slice(0, 3), others }, 0.9)).toEqual({
      share: 0.9,
      error: 0.2,
      perhapsAll: true,
    });
  });

  it('tells the rows apart by their looks', () => {
    const looks = { suspected: Float64Array.of(0.05, 0.85), own, others };
    const [strange, usual] = certaintiesOf(looks, { share: 0.66, error: 0.05, perhapsAll: false });
    expect(strange).toBeGreaterThan(0.95);
    expect(usual).toBeLessThan(0.2);
  });

  it('holds the truth in its interval about as often as it says', () => {
    for (const [count, share] of [
      [20, 0.97],
      [60, 0.9],
      [200, 0.75],
    ] as const) {
      let inside = 0;
      for (let turn = 0; turn < 400; turn++) {
        const guess = Math.max(0.5, Math.min(0.995, share + 0.03 * random.normal()));
        const { low, high } = precisionOf(
          Float64Array.from({ length: count }, () => guess),
          { error: 0.03, perhapsAll: false },
        );
        let bad = 0;
        for (let row = 0; row < count; row++) bad += Number(random.next() < share);
        if (bad / count >= low && bad / count <= high) inside++;
      }
      expect(inside / 400).toBeGreaterThan(0.85);
    }
    expect(precisionOf([0.995, 0.995], { error: 0.1, perhapsAll: true }).high).toBe(1);
    expect(
      precisionOf(
        Float64Array.from({ length: 400 }, () => 0.9),
        { error: 0.02, perhapsAll: false },
      ).high,
    ).toBeLessThan(0.97);
  });
});

describe('windows that stand out', () => {
  const random = createRandom(9);
  const shape = { rows: 2, height: 7, width: 6, channels: 3 };
  const values = Uint8Array.from({ length: 2 * 126 }, () => 90 + random.integer(70));
  const edges = createEdges(pixelsOf({ ...shape, values }));

  /** Mean difference of the window's pixels on one side from those next to them; null at the picture's rim. */
  function side(row: number, cells: readonly (readonly [number, number])[], dy: number, dx: number) {
    let sum = 0;
    for (const [y, x] of cells) {
      if (y + dy < 0 || y + dy >= 7 || x + dx < 0 || x + dx >= 6) return null;
      for (let channel = 0; channel < 3; channel++) {
        const [own, next] = [(row * 42 + y * 6 + x) * 3, (row * 42 + (y + dy) * 6 + x + dx) * 3];
        sum += Math.abs((values[own + channel] as number) - (values[next + channel] as number));
      }
    }
    return sum / (3 * cells.length);
  }

  it('do so on each side that is inside the picture', () => {
    let standing = 0;
    for (const row of [1, 0]) {
      edges.read(row);
      for (let y = 0; y < 7; y++)
        for (let x = 0; x < 6; x++)
          for (let size = 1; size <= Math.min(7 - y, 6 - x); size++) {
            const along = Array.from({ length: size }, (_, n) => n);
            const sides = [
              side(
                row,
                along.map((n) => [y, x + n]),
                -1,
                0,
              ),
              side(
                row,
                along.map((n) => [y + size - 1, x + n]),
                1,
                0,
              ),
              side(
                row,
                along.map((n) => [y + n, x]),
                0,
                -1,
              ),
              side(
                row,
                along.map((n) => [y + n, x + size - 1]),
                0,
                1,
              ),
            ];
            const expected = sides.every((value) => value === null || value >= 24);
            expect(edges.apart(y, x, size)).toBe(expected);
            standing += Number(expected);
          }
    }
    expect(standing).toBeGreaterThan(3);
    expect(standing).toBeLessThan(150);
  });
});
