import { describe, expect, it } from 'vitest';
import { neighbourDisagreement } from '../labels/index.ts';
import { findNeighbours, finish } from '../neighbours/index.ts';
import { type CheckOutcome, DatasetInputError, type Images } from '../types.ts';
import { checkImageDuplicates, checkImageTriggers, IMAGE_DUPLICATES, imageFeatures } from './index.ts';
import {
  blend,
  colourPictures,
  type Patch,
  type Pictures,
  type Poisoned,
  patch,
  poison,
  type Stamp,
} from './testing/generated.ts';
import { strokePictures } from './testing/strokes.ts';

const COLOURS = colourPictures(600, 5);
const STROKES = strokePictures(900, 6);

const white: Patch = { row: 28, column: 28, size: 3, paint: 'white' };

function poisoned(pictures: Pictures, stamp: Stamp, count: number): [Poisoned, CheckOutcome] {
  const made = poison(pictures, stamp, { count, target: 7, seed: 4 });
  return [made, finish(checkImageTriggers(made.images, made.labels))];
}

function recallAndFalse({ bad }: Poisoned, { scores }: CheckOutcome): [recall: number, falselyNamed: number] {
  let [found, wrong] = [0, 0];
  bad.forEach((mark, row) => {
    if ((scores[row] as number) <= 0.5) return;
    if (mark === 1) found++;
    else wrong++;
  });
  return [found / bad.reduce((sum, mark) => sum + mark, 0), wrong / bad.length];
}

describe('features of pictures', () => {
  it('have neighbours of the same class', () => {
    const features = imageFeatures(STROKES.images);
    expect(features.columns).toBeLessThanOrEqual(128);
    const neighbours = finish(findNeighbours(features, { k: 1 }));
    const wrong = neighbourDisagreement(neighbours, STROKES.labels).reduce((sum, share) => sum + share, 0);
    expect(wrong / features.rows).toBeLessThan(0.06);
  });

  it('are the same for bytes and for floats of 0 to 1 or 255, and finite where all pictures are alike', () => {
    const small = { rows: 4, height: 8, width: 8, channels: 1 };
    const bytes = Uint8Array.from({ length: 256 }, (_, at) => (at * 37) % 256);
    const features = imageFeatures({ ...small, values: bytes });
    const floats = (scale: number): Images => ({
      ...small,
      values: Float32Array.from(bytes, (byte) => byte / scale),
    });
    expect(imageFeatures(floats(1)).values).toEqual(features.values);
    expect(imageFeatures(floats(255)).values).toEqual(features.values);
    const flat = imageFeatures({ ...small, values: new Uint8Array(256) });
    expect([...flat.values].every(Number.isFinite)).toBe(true);
  });

  it('refuse pictures that are none', () => {
    const of = (images: Partial<Images>) => () =>
      imageFeatures({ rows: 2, height: 2, width: 2, channels: 1, values: new Uint8Array(8), ...images });
    expect(of({})).not.toThrow();
    expect(of({ rows: 3 })).toThrow('12 numbers');
    expect(of({ rows: 1, values: new Uint8Array(4) })).toThrow('two pictures');
    expect(of({ height: 0 })).toThrow(DatasetInputError);
    expect(of({ values: new Float32Array(8).fill(Number.NaN) })).toThrow('Picture 0');
    expect(of({ values: new Float32Array(8).fill(300) })).toThrow('0 to 255');
  });
});

describe('triggers in pictures', () => {
  it('are not seen in clean ones', { timeout: 240_000 }, () => {
    for (const { images, labels } of [COLOURS, STROKES]) {
      const outcome = finish(checkImageTriggers(images, labels));
      expect(outcome.findings).toEqual([]);
      expect(outcome.scores.filter((score) => score > 0.5)).toHaveLength(0);
      expect(outcome.blindSpots.length).toBeGreaterThan(2);
    }
  });

  it('at a corner are found and named', { timeout: 240_000 }, () => {
    const [made, outcome] = poisoned(COLOURS, patch(COLOURS.images, { ...white, paint: 'checkerboard' }), 16);
    const [recall, falselyNamed] = recallAndFalse(made, outcome);
    expect(recall).toBeGreaterThan(0.95);
    expect(falselyNamed).toBeLessThan(0.005);
    const [finding] = outcome.findings;
    expect(outcome.findings).toHaveLength(1);
    expect(finding?.evidence).toMatchObject({ target: 'class 7', row: 28, column: 28, height: 3, width: 3 });
    expect(finding?.rows.every((row) => made.bad[row] === 1)).toBe(true);
    expect(outcome.suspects[0]?.reasons[0]?.message).toContain('row 28, column 28');
    expect(outcome.suspects.map(({ row }) => row).toSorted((a, b) => a - b)).toEqual(finding?.rows);
  });

  it('of a few strokes are found wherever they are', { timeout: 240_000 }, () => {
    const stamp = patch(STROKES.images, { ...white, row: 12, column: 13, paint: 'checkerboard' });
    const [made, outcome] = poisoned(STROKES, stamp, 12);
    const [recall, falselyNamed] = recallAndFalse(made, outcome);
    expect(recall).toBeGreaterThan(0.9);
    expect(falselyNamed).toBeLessThan(0.01);
  });

  it('that lie faintly over the whole picture are found', { timeout: 240_000 }, () => {
    const [made, outcome] = poisoned(COLOURS, blend(COLOURS.images, 0.2, 'noise'), 30);
    const [recall, falselyNamed] = recallAndFalse(made, outcome);
    expect(recall).toBeGreaterThan(0.95);
    expect(falselyNamed).toBeLessThan(0.005);
    expect(outcome.findings[0]?.evidence.kind).toBe('overlay');
  });

  it('are not confused with copies of one picture', { timeout: 240_000 }, () => {
    const values = COLOURS.images.values.slice();
    const given = COLOURS.labels.values.slice();
    for (let row = 0; row < 30; row++) {
      values.copyWithin(row * 3072, 40 * 3072, 41 * 3072);
      given[row] = given[40] as number;
    }
    const labels = { ...COLOURS.labels, values: given };
    const outcome = finish(checkImageTriggers({ ...COLOURS.images, values }, labels));
    expect(outcome.findings).toEqual([]);
  });

  it('are not sought with labels or neighbours that are none', () => {
    const { images, labels } = STROKES;
    const check = (given: Int32Array, k: number) => () =>
      finish(checkImageTriggers(images, { ...labels, values: given }, { k }));
    expect(check(labels.values.slice(1), 10)).toThrow('899 labels');
    expect(check(new Int32Array(900), 10)).toThrow('two classes');
    expect(check(labels.values, 1)).toThrow(DatasetInputError);
  });
});

describe('copies of pictures', () => {
  const values = COLOURS.images.values.slice(0, 300 * 3072);
  const images = { ...COLOURS.images, rows: 300, values };
  const given = COLOURS.labels.values.slice(0, 300);
  const copy = (from: number, to: number, change: number): void => {
    for (let p = 0; p < 3072; p++) {
      const noise = change === 0 ? 0 : ((p * 7919) % (2 * change + 1)) - change;
      values[to * 3072 + p] = Math.max(0, Math.min(255, (values[from * 3072 + p] as number) + noise));
    }
  };
  copy(1, 2, 0);
  given[2] = given[1] as number;
  copy(3, 4, 5);
  given[4] = ((given[3] as number) + 1) % 10;
  for (let row = 20; row < 32; row++) {
    copy(19, row, 4);
    given[row] = given[19] as number;
  }
  const labels = { ...COLOURS.labels, values: given };
  const outcome = finish(checkImageDuplicates(images, labels));

  it('are found, with those whose labels differ and those that come in floods above .5', () => {
    const score = (row: number): number => outcome.scores[row] as number;
    expect(score(1)).toBeCloseTo(0.3, 5);
    expect(score(2)).toBeCloseTo(0.3, 5);
    for (const row of [3, 4]) expect(score(row)).toBeCloseTo(0.9, 5);
    for (let row = 19; row < 32; row++) expect(score(row)).toBeCloseTo(0.7, 5);
    expect(outcome.scores.filter((value) => value > 0)).toHaveLength(17);
    expect(outcome.findings.map(({ severity, count }) => [severity, count])).toEqual([
      ['medium', 2],
      ['medium', 13],
      ['info', 2],
    ]);
    expect(outcome.suspects[0]?.reasons[0]?.message).toContain('their labels are');
  });

  it('are found without labels too, and where all pictures are one', () => {
    const bare = finish(checkImageDuplicates(images, null));
    expect(bare.scores[3]).toBeCloseTo(0.3, 5);
    expect(bare.blindSpots).toHaveLength(2);
    const same = { rows: 500, height: 4, width: 4, channels: 3, values: new Uint8Array(24_000) };
    const all = finish(checkImageDuplicates(same, null));
    expect(all.findings[0]?.count).toBe(500);
    expect(all.findings[0]?.check).toBe(IMAGE_DUPLICATES);
    expect(() => finish(checkImageDuplicates(same, null, { near: 2 }))).toThrow(DatasetInputError);
  });
});
