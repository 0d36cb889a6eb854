import { describe, expect, it } from 'vitest';
import { createRandom } from '../../statistics/random.ts';
import {
  checkGivenProbabilities,
  expectedPrecision,
  type Labels,
  noiseChannel,
  type Probabilities,
} from './index.ts';

interface Made {
  readonly probabilities: Probabilities;
  readonly labels: Labels;
  readonly bad: Uint8Array;
}

/**
 * Classes by lot from probabilities that are right, which the judge gives to a power (above 1: too sure of itself), and
 * labels of which `flipped` are another.
 */
function made(rows: number, seed: number, how: { classes: number; power: number; flipped: number }): Made {
  const random = createRandom(seed);
  const { classes, power, flipped } = how;
  const values = new Float32Array(rows * classes);
  const given = new Int32Array(rows);
  const bad = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const scores = Array.from({ length: classes }, () => 3.5 * random.normal());
    const shares = scores.map(Math.exp);
    const sum = shares.reduce((a, b) => a + b, 0);
    let [at, truth] = [random.next() * sum, 0];
    while (truth < classes - 1 && at >= (shares[truth] as number)) at -= shares[truth++] as number;
    const said = shares.map((share) => (share / sum) ** power);
    const all = said.reduce((a, b) => a + b, 0);
    values.set(
      said.map((each) => each / all),
      row * classes,
    );
    bad[row] = Number(random.next() < flipped);
    given[row] = bad[row] === 1 ? (truth + 1 + random.integer(classes - 1)) % classes : truth;
  }
  const names = Array.from({ length: classes }, (_, label) => String(label));
  return { probabilities: { rows, classes, values }, labels: { values: given, names }, bad };
}

const truly = (rows: Int32Array, bad: Uint8Array): number =>
  rows.reduce((sum, row) => sum + (bad[row] as number), 0) / rows.length;

describe('the noise channel', () => {
  it.each([
    [2, 1, 0.01],
    [2, 2, 0.05],
    [5, 0.8, 0.1],
    [5, 2, 0.3],
    [10, 1.5, 0.4],
  ])('tells the share of wrong labels: %i classes, power %f, %f flipped', (classes, power, flipped) => {
    const { probabilities, labels } = made(8000, 7, { classes, power, flipped });
    const { share, sharpness } = noiseChannel(probabilities, labels);
    expect(Math.abs(share - flipped)).toBeLessThan(0.012 + 0.05 * flipped);
    expect(Math.abs(Math.log(sharpness * power))).toBeLessThan(0.2);
  });

  it('counts classes that merely overlap as no noise', () => {
    const { probabilities, labels } = made(8000, 3, { classes: 2, power: 1.5, flipped: 0 });
    expect(noiseChannel(probabilities, labels).share).toBeLessThan(0.004);
  });

  it('ends with probabilities of 0 and 1', () => {
    const values = Float32Array.from({ length: 200 }, (_, at) => Number((at + (at >> 1)) % 2 === 0));
    const labels = { values: Int32Array.from({ length: 100 }, (_, row) => row % 2), names: ['a', 'b'] };
    const { noise, share } = noiseChannel({ rows: 100, classes: 2, values }, labels);
    expect([...noise, share].every((each) => each >= 0 && each <= 1)).toBe(true);
  });
});

describe('the estimated precision', () => {
  it.each([0.01, 0.05, 0.2])('has the truth within its interval at %f flipped', (flipped) => {
    for (const seed of [1, 2, 3]) {
      const { probabilities, labels, bad } = made(6000, seed, { classes: 4, power: 1.5, flipped });
      const { errors, precision, readings } = checkGivenProbabilities(probabilities, labels);
      expect(precision.low).toBeLessThanOrEqual(truly(errors, bad));
      expect(precision.high).toBeGreaterThanOrEqual(truly(errors, bad));
      const named = Int32Array.from(bad.keys()).filter((row) => (readings.wrong[row] as number) > 0.5);
      const share = expectedPrecision(named, readings);
      expect(share.low).toBeLessThanOrEqual(truly(named, bad));
      expect(share.high).toBeGreaterThanOrEqual(truly(named, bad));
    }
  });

  it('of a label is no more than the judge gives to the other classes', () => {
    const { probabilities, labels } = made(3000, 5, { classes: 3, power: 0.5, flipped: 0.1 });
    const { wrong } = checkGivenProbabilities(probabilities, labels).readings;
    const over = wrong.filter(
      (each, row) =>
        each > 1 - (probabilities.values[row * 3 + (labels.values[row] as number)] as number) + 1e-6,
    );
    expect(over).toEqual(new Float32Array(0));
  });

  it('of no rows is unknown', () => {
    const { probabilities, labels } = made(100, 1, { classes: 2, power: 1, flipped: 0.1 });
    const { readings } = checkGivenProbabilities(probabilities, labels);
    expect(expectedPrecision(new Int32Array(0), readings)).toEqual({ value: 0, low: 0, high: 1 });
  });
});
