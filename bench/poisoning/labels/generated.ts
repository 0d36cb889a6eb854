import type { Labels } from '@bartizan/checks/datasets/labels/index.ts';
import type { Matrix } from '@bartizan/checks/datasets/types.ts';
import { createRandom } from '@bartizan/checks/statistics/random.ts';

export interface Generated {
  readonly features: Matrix;
  readonly labels: Labels;
  /** 1 where the label was flipped. */
  readonly bad: Uint8Array;
}

const CLASSES = 5;
const BLOBS = 2;
const FLIPPED = 0.05;

/**
 * Rows of 5 classes in 2 normal blobs each, 20 columns, of which each label is another with probability .05. `spread`
 * is the standard deviation of the blobs' middles in units of the blobs' own.
 */
export function generate(rows: number, spread: number, seed: number): Generated {
  const random = createRandom(seed);
  const columns = 20;
  const middles = Array.from({ length: CLASSES * BLOBS }, () =>
    Float64Array.from({ length: columns }, () => spread * random.normal()),
  );
  const values = new Float32Array(rows * columns);
  const given = new Int32Array(rows);
  const bad = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const blob = random.integer(middles.length);
    middles[blob]?.forEach((middle, c) => {
      values[row * columns + c] = middle + random.normal();
    });
    bad[row] = Number(random.next() < FLIPPED);
    given[row] = (blob + (bad[row] === 1 ? 1 + random.integer(CLASSES - 1) : 0)) % CLASSES;
  }
  const names = Array.from({ length: CLASSES }, (_, label) => String(label));
  return { features: { rows, columns, values }, labels: { values: given, names }, bad };
}
