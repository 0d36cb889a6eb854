import { describe, expect, it } from 'vitest';
import { createRandom } from '../../statistics/random.ts';
import type { Labels } from '../labels/index.ts';
import { finish } from '../neighbours/index.ts';
import { type CheckOutcome, DatasetInputError, type Matrix } from '../types.ts';
import { activationClustering, principal, spectralSignatures } from './index.ts';

const CLASSES = 4;
const INPUTS = 24;
const HIDDEN = 20;

interface Data {
  readonly inputs: Float64Array;
  readonly labels: Labels;
  readonly bad: Uint8Array;
}

/** Four classes of normal rows; the bad ones have input 0 set and the label 2. */
function make(rows: number, badRows: number): Data {
  const random = createRandom(8);
  const centres = Float64Array.from({ length: CLASSES * INPUTS }, () => random.normal());
  const inputs = new Float64Array(rows * INPUTS);
  const values = new Int32Array(rows);
  const bad = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const label = row % CLASSES;
    bad[row] = Number(label !== 2 && row < (badRows * CLASSES) / (CLASSES - 1));
    values[row] = bad[row] === 1 ? 2 : label;
    for (let i = 0; i < INPUTS; i++)
      inputs[row * INPUTS + i] = (centres[label * INPUTS + i] as number) + 0.6 * random.normal();
    inputs[row * INPUTS] = bad[row] === 1 ? 6 : 0;
  }
  return { inputs, labels: { values, names: ['a', 'b', 'c', 'd'] }, bad };
}

/** Hidden layer (ReLU) of a network with one, trained on the rows by stochastic gradient descent. */
function hiddenOf({ inputs, labels }: Data): Matrix {
  const random = createRandom(9);
  const rows = labels.values.length;
  const first = Float64Array.from({ length: HIDDEN * INPUTS }, () => 0.25 * random.normal());
  const second = Float64Array.from({ length: CLASSES * HIDDEN }, () => 0.25 * random.normal());
  const hidden = new Float64Array(HIDDEN);
  const forward = (row: number): void => {
    for (let h = 0; h < HIDDEN; h++) {
      let sum = 0;
      for (let i = 0; i < INPUTS; i++)
        sum += (first[h * INPUTS + i] as number) * (inputs[row * INPUTS + i] as number);
      hidden[h] = Math.max(0, sum);
    }
  };
  for (let step = 0; step < 8 * rows; step++) {
    const row = random.integer(rows);
    forward(row);
    const logits = Array.from({ length: CLASSES }, (_, c) =>
      hidden.reduce((sum, value, h) => sum + value * (second[c * HIDDEN + h] as number), 0),
    );
    const most = Math.max(...logits);
    const powers = logits.map((logit) => Math.exp(logit - most));
    const total = powers.reduce((sum, power) => sum + power, 0);
    const errors = powers.map((power, c) => power / total - Number(labels.values[row] === c));
    for (let h = 0; h < HIDDEN; h++) {
      let back = 0;
      errors.forEach((error, c) => {
        const at = c * HIDDEN + h;
        back += error * (second[at] as number);
        second[at] = (second[at] as number) - 0.02 * error * (hidden[h] as number);
      });
      if ((hidden[h] as number) === 0) continue;
      for (let i = 0; i < INPUTS; i++)
        first[h * INPUTS + i] =
          (first[h * INPUTS + i] as number) - 0.02 * back * (inputs[row * INPUTS + i] as number);
    }
  }
  const values = new Float32Array(rows * HIDDEN);
  for (let row = 0; row < rows; row++) {
    forward(row);
    values.set(hidden, row * HIDDEN);
  }
  return { rows, columns: HIDDEN, values };
}

const backdoored = make(1600, 80);
const activations = hiddenOf(backdoored);
const clean = make(1600, 0);
const cleanActivations = hiddenOf(clean);

const methods = [
  ['spectral signatures', (matrix: Matrix, labels: Labels) => spectralSignatures(matrix, labels)],
  ['activation clusters', (matrix: Matrix, labels: Labels) => activationClustering(matrix, labels)],
] as const;

const above = ({ scores }: CheckOutcome): number[] =>
  [...scores.keys()].filter((row) => (scores[row] as number) > 0.5);

describe.each(methods)('%s', (_name, method) => {
  it('of a network with a backdoor name the rows that put it there', () => {
    const outcome = finish(method(activations, backdoored.labels));
    const named = above(outcome);
    const hits = named.filter((row) => backdoored.bad[row] === 1).length;
    expect(hits).toBeGreaterThan(0.9 * 80);
    expect(named.length - hits).toBeLessThan(8);
    expect(outcome.findings[0]?.evidence.target).toBe('c');
    expect(outcome.findings[0]?.count).toBeGreaterThan(70);
    expect(outcome.suspects.map(({ row }) => row).toSorted((a, b) => a - b)).toEqual(named);
  });

  it('of a clean network name no one', () => {
    const outcome = finish(method(cleanActivations, clean.labels));
    expect(above(outcome)).toEqual([]);
    expect(outcome.findings).toEqual([]);
    expect(outcome.blindSpots.length).toBeGreaterThan(2);
  });

  it('stay quiet where all activations are one, and refuse what they cannot judge', () => {
    const flat = { rows: 100, columns: 3, values: new Float32Array(300).fill(2) };
    const labels = { values: Int32Array.from({ length: 100 }, (_, row) => row % 2), names: ['a', 'b'] };
    expect(above(finish(method(flat, labels)))).toEqual([]);
    const broken = { ...flat, values: flat.values.slice().fill(Number.NaN) };
    expect(() => finish(method(broken, labels))).toThrow(DatasetInputError);
    expect(() => finish(method({ ...flat, rows: 99 }, labels))).toThrow(DatasetInputError);
  });
});

describe('limits', () => {
  it('are checked', () => {
    const steps = [
      spectralSignatures(activations, backdoored.labels, { expectedShare: 0 }),
      spectralSignatures(activations, backdoored.labels, { multiplier: 11 }),
      activationClustering(activations, backdoored.labels, { components: 0 }),
      activationClustering(activations, backdoored.labels, { smallest: 0.6 }),
    ];
    for (const step of steps) expect(() => finish(step)).toThrow(DatasetInputError);
  });
});

describe('principal components', () => {
  it('are the axes of a stretched heap, by covariance and by rows', () => {
    const random = createRandom(2);
    for (const columns of [6, 1100]) {
      const rows = 60;
      const values = Float64Array.from({ length: rows * columns }, (_, at) => {
        const stretch = at % columns === 3 ? 50 : at % columns === 1 ? 20 : 0.1;
        return 5 + stretch * random.normal();
      });
      const found = finish(principal({ rows, columns, values }, { count: 2, seed: 1 }));
      expect(Math.abs(found.directions[3] as number)).toBeGreaterThan(0.99);
      expect(Math.abs(found.directions[columns + 1] as number)).toBeGreaterThan(0.99);
      expect(found.variances[0]).toBeGreaterThan(found.variances[1] as number);
    }
  });
});
