import { describe, expect, it } from 'vitest';
import { createRandom } from '../../statistics/random.ts';
import { checkGivenProbabilities, type Labels } from '../labels/index.ts';
import { labelOutcome } from './label-outcome.ts';
import { skilledRows } from './skill.ts';

/** Two classes: a judge of this sureness, right about all labels but `flipped` of them, or about none. */
function judged(rows: number, seed: number, { sure, flipped }: { sure: number; flipped: number }) {
  const random = createRandom(seed);
  const values = new Float32Array(2 * rows);
  const given = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const truth = random.integer(2);
    const own = sure * (0.9 + 0.1 * random.next());
    values[2 * row + truth] = own;
    values[2 * row + 1 - truth] = 1 - own;
    given[row] = random.next() < flipped ? 1 - truth : truth;
  }
  const labels: Labels = { values: given, names: ['neg', 'pos'] };
  return { probabilities: { rows, classes: 2, values }, labels };
}

describe('a judge of labels', () => {
  it.each([1, 2, 3])('that tells no class from another names nothing and says so (seed %i)', (seed) => {
    const { probabilities, labels } = judged(2000, seed, { sure: 0.7, flipped: 0.5 });
    const { scores, suspects, findings, blindSpots } = labelOutcome(
      checkGivenProbabilities(probabilities, labels),
      labels,
    );
    expect(suspects).toEqual([]);
    expect(findings).toEqual([]);
    expect(Math.max(...scores)).toBeLessThan(0.5);
    expect(blindSpots.join(' ')).toMatch(/do not tell the classes apart/);
  });

  it('that knows a few records only is not believed about the others', () => {
    const { probabilities, labels } = judged(2000, 4, { sure: 0.6, flipped: 0.5 });
    for (let row = 0; row < 60; row++) {
      probabilities.values.set([0.01, 0.99], 2 * row);
      labels.values[row] = 1;
    }
    const { suspects } = labelOutcome(checkGivenProbabilities(probabilities, labels), labels);
    expect(suspects.length).toBeLessThan(30);
  });

  it('that tells them names the wrong labels', () => {
    const { probabilities, labels } = judged(2000, 5, { sure: 0.97, flipped: 0.05 });
    expect(skilledRows(probabilities, labels).every((mark) => mark === 1)).toBe(true);
    const { suspects } = labelOutcome(checkGivenProbabilities(probabilities, labels), labels);
    const wrong = labels.values.filter(
      (label, row) => (probabilities.values[2 * row + label] as number) < 0.5,
    );
    expect(suspects.length).toBeGreaterThan(0.95 * wrong.length);
    expect(suspects.length).toBeLessThanOrEqual(wrong.length);
  });

  it('that learnt from sound labels names the wrong ones where four in ten are', () => {
    const { probabilities, labels } = judged(3000, 6, { sure: 0.99, flipped: 0.4 });
    const { suspects } = labelOutcome(checkGivenProbabilities(probabilities, labels), labels);
    expect(suspects.length).toBeGreaterThan(0.35 * 3000);
    expect(suspects.length).toBeLessThan(0.45 * 3000);
  });
});
