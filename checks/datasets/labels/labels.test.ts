import { describe, expect, it } from 'vitest';
import { createRandom } from '../../statistics/random.ts';
import { findNeighbours, finish } from '../neighbours/index.ts';
import { DatasetInputError, type Matrix } from '../types.ts';
import {
  checkGivenProbabilities,
  checkLabels,
  DIRECTED,
  judgeLabels,
  LABEL_ERRORS,
  type LabelReport,
  type Labels,
  neighbourDisagreement,
  stratifiedFolds,
  voteProbabilities,
} from './index.ts';

const NAMES = ['rejected', 'granted', 'referred'];

interface Made {
  readonly features: Matrix;
  readonly labels: Labels;
  readonly bad: ReadonlySet<number>;
}

/** Three classes of two blobs each; `flip` gives the label of a row or null for its own. */
function blobs(rows: number, flip: (row: number, label: number) => number | null): Made {
  const random = createRandom(17);
  const columns = 6;
  const centres = Array.from({ length: 6 }, () =>
    Array.from({ length: columns }, () => 2.5 * random.normal()),
  );
  const values = new Float32Array(rows * columns);
  const given = new Int32Array(rows);
  const bad = new Set<number>();
  for (let row = 0; row < rows; row++) {
    const blob = random.integer(6);
    centres[blob]?.forEach((middle, c) => {
      values[row * columns + c] = middle + random.normal();
    });
    const changed = flip(row, blob % 3);
    if (changed !== null) bad.add(row);
    given[row] = changed ?? blob % 3;
  }
  return { features: { rows, columns, values }, labels: { values: given, names: NAMES }, bad };
}

const everyTwentieth = (row: number, label: number): number | null =>
  row % 20 === 7 ? (label + 1 + (row % 2)) % 3 : null;

function precisionAndRecall(report: LabelReport, bad: ReadonlySet<number>): [number, number] {
  const hits = report.errors.filter((row) => bad.has(row)).length;
  return [hits / report.errors.length, hits / bad.size];
}

describe('label errors of rows with features', () => {
  const made = blobs(1500, everyTwentieth);

  it.each(['neighbours', 'linear', 'both'] as const)('are found by judge %s', (judge) => {
    const report = finish(checkLabels(made, { judge }));
    const [precision, recall] = precisionAndRecall(report, made.bad);
    expect(recall).toBeGreaterThan(judge === 'linear' ? 0.8 : 0.9);
    expect(precision).toBeGreaterThan(judge === 'linear' ? 0.6 : 0.85);
    expect(report.noise.low).toBeLessThan(0.05);
    expect(report.noise.high).toBeGreaterThan(0.05);
    expect(Math.abs(report.precision.value - precision)).toBeLessThan(0.25);
    expect(report.quality).toBeGreaterThan(0.6);
  });

  it('come with reasons, most suspicious first, and the same for the same seed', () => {
    const report = finish(checkLabels(made, { seed: 4 }));
    const scores = report.suspects.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(report.suspects.map(({ row }) => row).toSorted((a, b) => a - b)).toEqual([...report.errors]);
    const first = report.suspects[0];
    expect(first?.reasons[0]?.check).toBe(LABEL_ERRORS);
    expect(first?.reasons[0]?.message).toMatch(
      /^given “\w+”; (its neighbours|neighbours and model) say “\w+” with [01]\.\d\d; \d+ of its 20 nearest records are “\w+”$/,
    );
    expect(report.findings.map(({ check }) => check)).toEqual([LABEL_ERRORS]);
    expect(report.blindSpots.length).toBeGreaterThan(3);
    expect(finish(checkLabels(made, { seed: 4 })).scores).toEqual(report.scores);
  });

  it('are hardly any in clean data', () => {
    const clean = blobs(1500, () => null);
    const report = finish(checkLabels(clean));
    expect(report.errors.length).toBeLessThan(15);
    expect(report.noise.value).toBeLessThan(0.01);
  });

  it('in one direction are named as such', () => {
    const changed = blobs(1500, (row, label) => (label === 1 && row % 5 === 0 ? 0 : null));
    const report = finish(checkLabels(changed));
    const finding = report.findings.find(({ check }) => check === DIRECTED);
    expect(finding?.title).toBe('Labels changed from “granted” to “rejected”');
    expect(finding?.rows.filter((row) => changed.bad.has(row)).length).toBeGreaterThan(
      0.7 * changed.bad.size,
    );
    expect(report.classes[0]?.name).toBe('rejected');
    expect(report.classes[0]?.mostly).toBe('granted');
  });

  it('take neighbours that are known already', () => {
    const neighbours = finish(findNeighbours(made.features, { k: 25 }));
    const judged = finish(judgeLabels({ ...made, neighbours }, { judge: 'neighbours' }));
    expect(judged.probabilities).toEqual(voteProbabilities(neighbours, made.labels, { k: 20 }));
    expect(() => voteProbabilities(neighbours, made.labels, { k: 26 })).toThrow(DatasetInputError);
  });

  it('refuse labels that cannot be judged', () => {
    const bad =
      (values: number[], names = NAMES) =>
      () =>
        finish(
          checkLabels({
            features: { rows: 4, columns: 1, values: Float32Array.of(1, 2, 3, 4) },
            labels: { values: Int32Array.from(values), names },
          }),
        );
    expect(bad([0, 1, 2])).toThrow('3 labels for 4 rows');
    expect(bad([0, 1, 3, 0])).toThrow('Row 2 has label 3');
    expect(bad([0, -1, 1, 0])).toThrow('Row 1');
    expect(bad([1, 1, 1, 1])).toThrow('two classes');
    expect(bad([0, 1, 0, 1])).not.toThrow();
  });

  it('show class names that are safe to print', () => {
    const names = [`evil\u202e\n${'x'.repeat(100)}`, 'granted', 'referred'];
    const report = finish(checkLabels({ ...made, labels: { ...made.labels, names } }));
    const text = JSON.stringify([report.suspects, report.findings, report.classes]);
    expect(text).not.toMatch(/\u202e|\\n|x{60}/);
    expect(text).toContain('evil');
  });
});

describe('votes', () => {
  it('are of other folds only', () => {
    const features = { rows: 6, columns: 1, values: Float32Array.of(0, 1, 2, 10, 11, 12) };
    const labels = { values: Int32Array.of(0, 0, 1, 1, 1, 0), names: ['a', 'b'] };
    const neighbours = finish(findNeighbours(features, { k: 5 }));
    const alone = voteProbabilities(neighbours, labels, { k: 1 });
    expect(alone.values[0]).toBeCloseTo((0.5 + Math.exp(-0.5)) / (1 + Math.exp(-0.5)), 6);
    const folds = Uint8Array.of(0, 0, 1, 1, 0, 1);
    const outside = voteProbabilities(neighbours, labels, { k: 1, folds });
    expect(outside.values[1]).toBeCloseTo((0.5 + Math.exp(-0.5)) / (1 + Math.exp(-0.5)), 6);
    for (let row = 0; row < 6; row++)
      expect((outside.values[2 * row] as number) + (outside.values[2 * row + 1] as number)).toBeCloseTo(1, 6);
    expect([...neighbourDisagreement(neighbours, labels, 2)]).toEqual([0.5, 0.5, 1, 0.5, 0.5, 1]);
  });
});

describe('folds', () => {
  it('spread every class evenly', () => {
    const labels = Int32Array.from({ length: 103 }, (_, row) => Number(row % 10 === 0));
    const folds = stratifiedFolds(labels, 2, 5, 1);
    for (const label of [0, 1]) {
      const counts = [0, 1, 2, 3, 4].map(
        (fold) => folds.filter((f, row) => f === fold && labels[row] === label).length,
      );
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }
    for (const count of [1, 21, 2.5])
      expect(() => stratifiedFolds(labels, 2, count, 1)).toThrow(DatasetInputError);
  });
});

describe('given probabilities', () => {
  const labels = { values: Int32Array.of(0, 1), names: ['a', 'b'] };
  const given =
    (...values: number[]) =>
    () =>
      checkGivenProbabilities({ rows: 2, classes: 2, values: Float64Array.from(values) }, labels);

  it('are refused where they are none', () => {
    expect(given(0.9, 0.1, 0.2, 0.8)).not.toThrow();
    expect(given(0.9, 0.1005, 0.2, 0.8)).not.toThrow();
    expect(given(0.9, 0.2, 0.2, 0.8)).toThrow('row 0 sum to 1.1');
    expect(given(0.9, 0.1, Number.NaN, 0.8)).toThrow('Row 1, class 0');
    expect(given(0.9, 0.1, -0.1, 1.1)).toThrow('Row 1, class 0');
    expect(given(3, -2, 0, 1)).toThrow('softmax');
    expect(given(0.9, 0.1, 1)).toThrow('numbers');
    const wide = { rows: 2, classes: 3, values: new Float64Array(6).fill(1 / 3) };
    expect(() => checkGivenProbabilities(wide, labels)).toThrow('3 classes');
  });
});
