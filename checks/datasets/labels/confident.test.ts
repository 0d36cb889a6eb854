import { describe, expect, it } from 'vitest';
import { wholeNumbers } from './calibrate.ts';
import { calibrate } from './calibration.ts';
import { errorProbabilities, noiseShare } from './estimate.ts';
import { confidentJoint, type Labels, labelErrors, labelQuality, type Probabilities } from './index.ts';
import { minimise } from './lbfgs.ts';
import { fitLogistic } from './logistic.ts';
import { bestMixture, logLoss } from './mixture.ts';

/** Probabilities of the first three rows by LogisticRegression(C=1) of scikit-learn. */
const SKLEARN = [0.29996, 0.34923, 0.35081, 0.41985, 0.29849, 0.28166, 0.37889, 0.35839, 0.26273] as const;

const ROWS = 60;
const CLASSES = 3;

const labels: Labels = {
  values: Int32Array.from({ length: ROWS }, (_, i) => (i * i + i * 3 + Math.floor(i / 7)) % 3),
  names: ['a', 'b', 'c'],
};

/** Made by rule, so that the same rows could be given to cleanlab 2.9.0, from which the expected values are. */
function made(): Probabilities {
  const values = new Float64Array(ROWS * CLASSES);
  for (let i = 0; i < ROWS; i++) {
    const weights = [0, 1, 2].map((c) => ((i * 7 + c * 5 + i * c * 3) % 11) + 1);
    const raised = ((labels.values[i] as number) + Number(i % 6 === 1)) % 3;
    weights[raised] = (weights[raised] as number) + 5 + (i % 7);
    const sum = weights.reduce((total, weight) => total + weight, 0);
    values.set(
      weights.map((weight) => weight / sum),
      i * CLASSES,
    );
  }
  return { rows: ROWS, classes: CLASSES, values };
}

const probabilities = made();
const joint = confidentJoint(probabilities, labels);

const near = (actual: Iterable<number>, expected: readonly number[], digits = 6): void => {
  const numbers = [...actual];
  expect(numbers.length).toBe(expected.length);
  numbers.forEach((number, at) => expect(number).toBeCloseTo(expected[at] as number, digits));
};

describe('the confident joint', () => {
  it('is that of the authors’ package', () => {
    near(joint.thresholds, [0.5262354906464335, 0.48203473911287315, 0.4292957965905009], 12);
    expect([...joint.counts]).toEqual([14, 1, 3, 0, 11, 2, 2, 0, 11]);
    expect([...joint.calibrated]).toEqual([17, 1, 4, 0, 15, 3, 3, 0, 17]);
    near(joint.noise, [0.85, 0, 0.15, 0.0625, 0.9375, 0, 0.166667, 0.125, 0.708333]);
    near(joint.inverse, [0.772727, 0.045455, 0.181818, 0, 0.833333, 0.166667, 0.15, 0, 0.85]);
    expect([...joint.offDiagonal].filter((row) => [0, 13, 19, 25, 31, 43].includes(row))).toHaveLength(6);
  });

  it('takes classes without rows', () => {
    const wide = new Float64Array(ROWS * 4);
    for (let row = 0; row < ROWS; row++)
      wide.set(probabilities.values.subarray(row * 3, row * 3 + 3), row * 4);
    const more = { ...labels, names: [...labels.names, 'd'] };
    const four = confidentJoint({ rows: ROWS, classes: 4, values: wide }, more);
    expect(four.thresholds[3]).toBeNaN();
    expect([...four.calibrated.subarray(12)]).toEqual([0, 0, 0, 0]);
    expect(four.noise[15]).toBe(1);
    expect([...labelErrors({ rows: ROWS, classes: 4, values: wide }, more, four, 'noise-rate')]).toEqual([
      ...labelErrors(probabilities, labels, joint, 'noise-rate'),
    ]);
  });

  it('is rounded so that totals stay', () => {
    expect([...wholeNumbers(Float64Array.of(0.5, 0.5, 0.5, 0.5))].reduce((a, b) => a + b)).toBe(2);
    expect([...wholeNumbers(Float64Array.of(1.4, 1.4, 1.2))]).toEqual([2, 1, 1]);
    expect([...wholeNumbers(Float64Array.of(1.6, 1.7, 1.7))]).toEqual([1, 2, 2]);
  });
});

describe('label errors', () => {
  it('are those of the authors’ package', () => {
    const found = (pruning: Parameters<typeof labelErrors>[3]) => [
      ...labelErrors(probabilities, labels, joint, pruning),
    ];
    for (const pruning of ['noise-rate', 'class', 'both'] as const)
      expect(found(pruning)).toEqual([0, 1, 7, 13, 19, 25, 31, 37, 43]);
    expect(found('joint')).toEqual([0, 13, 19, 25, 31, 43]);
  });

  it('leave each class a row', () => {
    const swapped = { values: Int32Array.of(0, 0, 0, 1, 1, 1), names: ['a', 'b'] };
    const values = Float64Array.of(0.1, 0.9, 0.2, 0.8, 0.1, 0.9, 0.9, 0.1, 0.8, 0.2, 0.7, 0.3);
    const all = { rows: 6, classes: 2, values };
    for (const pruning of ['noise-rate', 'class', 'both'] as const) {
      const errors = labelErrors(all, swapped, confidentJoint(all, swapped), pruning);
      expect(errors.filter((row) => row < 3).length).toBeLessThan(3);
      expect(errors.filter((row) => row >= 3).length).toBeLessThan(3);
    }
  });
});

describe('label quality', () => {
  it.each([
    ['self-confidence', [0.26086957, 0.23809524, 0.57894737, 0.67857143, 0.42307692]],
    ['normalised-margin', [0.39130435, 0.42857143, 0.68421053, 0.73214286, 0.55769231]],
    ['confidence-weighted-entropy', [0.41953529, 0.39652734, 0.60682234, 0.67148282, 0.51691689]],
  ] as const)('by %s is that of the authors’ package', (ranking, expected) => {
    near(labelQuality(probabilities, labels, ranking).subarray(0, 5), expected);
  });

  it('is 1 for a label that is certain and near 0 for one that is ruled out', () => {
    const two = { rows: 2, classes: 2, values: Float64Array.of(1, 0, 1, 0) };
    const given = { values: Int32Array.of(0, 1), names: ['a', 'b'] };
    near(labelQuality(two, given, 'self-confidence'), [1, 0]);
    near(labelQuality(two, given, 'normalised-margin'), [1, 0]);
  });
});

describe('estimates', () => {
  it('hold the share of wrong labels between its bounds', () => {
    const share = noiseShare(joint, labels);
    const expected = (22 * (4 / 18) + 18 * (2 / 13) + 20 * (2 / 13)) / 60;
    expect(share.value).toBeCloseTo(expected, 9);
    expect(share.low).toBeGreaterThan(0.05);
    expect(share.low).toBeLessThan(share.value);
    expect(share.high).toBeGreaterThan(share.value);
    expect(share.high).toBeLessThan(0.4);
  });

  it('calibrate by the record, never falling', () => {
    const rows = 4000;
    const values = new Float64Array(rows * 2);
    const given = new Int32Array(rows);
    for (let row = 0; row < rows; row++) {
      const said = ((row * 7919) % rows) / rows;
      values.set([1 - said, said], row * 2);
      given[row] = Number((row * 104729) % 1000 < 1000 * said ** 2);
    }
    const worth = calibrate({ rows, classes: 2, values }, { values: given, names: ['a', 'b'] });
    let before = 0;
    for (let said = 0; said <= 1; said += 0.01) {
      const now = worth(said);
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
    }
    // A class is said with p by the second column (true p²) and by the first (true 1 − (1 − p)²) equally often.
    for (const said of [0.25, 0.5, 0.75]) expect(worth(said)).toBeCloseTo(said, 1);
  });

  it('tell sure errors from doubtful ones', () => {
    const rows = 1000;
    const values = new Float64Array(rows * 2);
    const given = new Int32Array(rows);
    for (let row = 0; row < rows; row++) {
      const truth = row % 2;
      const doubtful = row % 10 >= 8;
      const own = doubtful ? 0.55 : 0.95;
      values.set(truth === 0 ? [own, 1 - own] : [1 - own, own], row * 2);
      const wrong = doubtful ? row % 20 < 10 : row % 20 === 0 || row % 20 === 1;
      given[row] = wrong ? 1 - truth : truth;
    }
    const all = { rows, classes: 2, values };
    const names = { values: given, names: ['a', 'b'] };
    const sure = errorProbabilities(all, names, confidentJoint(all, names), Int32Array.of(0, 1, 20, 21));
    const doubtful = errorProbabilities(all, names, confidentJoint(all, names), Int32Array.of(8, 9, 28, 29));
    const mean = (numbers: Float32Array): number => numbers.reduce((sum, each) => sum + each, 0) / 4;
    expect(mean(sure)).toBeGreaterThan(mean(doubtful) + 0.3);
  });
});

function run<Result>(steps: Generator<unknown, Result, void>): Result {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

describe('the linear model', () => {
  it('minimises a badly scaled function', () => {
    const minimum = run(
      minimise(
        (point, gradient) => {
          let value = 0;
          point.forEach((x, at) => {
            const scale = 10 ** at;
            gradient[at] = 2 * scale * (x - at);
            value += scale * (x - at) ** 2;
          });
          return value;
        },
        new Float64Array(5).fill(9),
        1e-8,
      ),
    );
    near(minimum.point, [0, 1, 2, 3, 4]);
  });

  it('is that of scikit-learn with C = 1', () => {
    const values = Float64Array.from(
      { length: 2 * ROWS },
      (_, at) => (((at >> 1) * 7 + (at & 1) * 5 + (at >> 1) * (at & 1) * 3) % 11) / 5 - 1,
    );
    const weights = run(
      fitLogistic({ rows: ROWS, columns: 2, values }, labels, Int32Array.from(labels.values.keys())),
    );
    const shown = [0, 1, 2].flatMap((row) => {
      const scores = [0, 1, 2].map((k) =>
        Math.exp(
          (values[2 * row] as number) * (weights[k] as number) +
            (values[2 * row + 1] as number) * (weights[3 + k] as number) +
            (weights[6 + k] as number),
        ),
      );
      const sum = scores.reduce((total, score) => total + score, 0);
      return scores.map((score) => score / sum);
    });
    near(shown, SKLEARN, 3);
  });

  it('is mixed with the votes by what the labels bear out', () => {
    const right = { rows: 2, classes: 2, values: Float64Array.of(0.9, 0.1, 0.1, 0.9) };
    const wrong = { rows: 2, classes: 2, values: Float64Array.of(0.2, 0.8, 0.8, 0.2) };
    const given = { values: Int32Array.of(0, 1), names: ['a', 'b'] };
    expect(bestMixture(right, wrong, given)).toEqual({ probabilities: right, weight: 1 });
    expect(bestMixture(wrong, right, given)).toEqual({ probabilities: right, weight: 0 });
    const half = bestMixture(
      { ...right, values: Float64Array.of(0.9, 0.1, 0.9, 0.1) },
      { ...right, values: Float64Array.of(0.1, 0.9, 0.1, 0.9) },
      given,
    );
    expect(half.weight).toBe(0.5);
    expect(logLoss(half.probabilities, given)).toBeCloseTo(Math.log(2), 6);
  });
});
