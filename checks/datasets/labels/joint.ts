import { calibratedCounts } from './calibrate.ts';
import type { ConfidentJoint, Labels, Probabilities } from './types.ts';

/** A probability this little below its class's threshold still counts as confident, as in the authors' package. */
const SLACK = 1e-6;

/**
 * The confident joint and what follows from it (Northcutt, Jiang and Chuang, "Confident learning", JAIR 70, 2021,
 * section 3): a row counts as confidently of a class when its probability of that class reaches the mean one of the rows
 * labelled so; of several such classes the most likely counts; rows without any count nowhere. Each class has at least
 * one row of its own on the diagonal. O(n · classes).
 */
export function confidentJoint(probabilities: Probabilities, labels: Labels): ConfidentJoint {
  const { classes } = probabilities;
  const thresholds = confidentThresholds(probabilities, labels);
  const guesses = confidentClasses(probabilities, thresholds);
  const counts = new Float64Array(classes * classes);
  const offDiagonal: number[] = [];
  guesses.forEach((guess, row) => {
    if (guess < 0) return;
    const label = labels.values[row] as number;
    const cell = label * classes + guess;
    counts[cell] = (counts[cell] as number) + 1;
    if (guess !== label) offDiagonal.push(row);
  });
  for (let c = 0; c < classes; c++) {
    const cell = c * classes + c;
    counts[cell] = Math.max(1, counts[cell] as number);
  }
  const calibrated = calibratedCounts(counts, rowsPerClass(labels));
  return {
    classes,
    thresholds,
    counts,
    calibrated,
    noise: conditional(calibrated, classes, 'true'),
    inverse: conditional(calibrated, classes, 'given'),
    offDiagonal: Int32Array.from(offDiagonal),
  };
}

export function rowsPerClass({ values, names }: Labels): Int32Array {
  const counts = new Int32Array(names.length);
  for (const label of values) counts[label] = (counts[label] as number) + 1;
  return counts;
}

/** Mean probability of each class over the rows with that label; NaN for a class without rows. */
export function confidentThresholds({ rows, classes, values }: Probabilities, labels: Labels): Float64Array {
  const sums = new Float64Array(classes);
  for (let row = 0; row < rows; row++) {
    const label = labels.values[row] as number;
    sums[label] = (sums[label] as number) + (values[row * classes + label] as number);
  }
  const counts = rowsPerClass(labels);
  return sums.map((sum, c) => sum / (counts[c] as number));
}

/** The class that each row counts as confidently; −1 where none. */
function confidentClasses({ rows, classes, values }: Probabilities, thresholds: Float64Array): Int32Array {
  const least = thresholds.map((threshold) => threshold - SLACK);
  const result = new Int32Array(rows).fill(-1);
  for (let row = 0; row < rows; row++) {
    const from = row * classes;
    let [only, confident, likeliest] = [-1, 0, 0];
    for (let c = 0; c < classes; c++) {
      const value = values[from + c] as number;
      if (value > (values[from + likeliest] as number)) likeliest = c;
      if (!(value >= (least[c] as number))) continue;
      only = c;
      confident++;
    }
    result[row] = confident > 1 ? likeliest : only;
  }
  return result;
}

/**
 * Shares of a joint of given by true labels: p(true | given), given by true label; or p(given | true), true by given
 * label. A class without rows keeps its label.
 */
function conditional(joint: Int32Array, classes: number, on: 'given' | 'true'): Float64Array {
  const result = new Float64Array(classes * classes);
  const cell = (condition: number, other: number): number =>
    joint[on === 'given' ? condition * classes + other : other * classes + condition] as number;
  for (let condition = 0; condition < classes; condition++) {
    let sum = 0;
    for (let other = 0; other < classes; other++) sum += cell(condition, other);
    for (let other = 0; other < classes; other++)
      result[condition * classes + other] =
        sum > 0 ? cell(condition, other) / sum : Number(condition === other);
  }
  return result;
}
