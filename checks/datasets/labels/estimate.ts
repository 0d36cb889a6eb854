import { wilson } from '../../statistics/wilson.ts';
import type { Share } from '../types.ts';
import { rowsPerClass } from './joint.ts';
import { likeliestOther } from './rank.ts';
import type { ConfidentJoint, Labels, Probabilities } from './types.ts';

/**
 * Share of the labels that are wrong, by the calibrated joint. The interval combines the Wilson intervals of the given
 * classes (MOVER: Zou and Donner, Statistics in Medicine 27, 2008); it is over chance alone and tells nothing of a judge
 * that is wrong itself.
 */
export function noiseShare(joint: ConfidentJoint, labels: Labels): Share {
  const { classes, counts } = joint;
  const rows = labels.values.length;
  let [value, below, above] = [0, 0, 0];
  rowsPerClass(labels).forEach((members, given) => {
    if (members === 0) return;
    const confident = counts.subarray(given * classes, (given + 1) * classes);
    const sum = confident.reduce((total, count) => total + count, 0);
    const off = sum - (confident[given] as number);
    const [low, high] = wilson(off, sum);
    const weight = members / rows;
    value += (weight * off) / sum;
    below += (weight * (off / sum - low)) ** 2;
    above += (weight * (high - off / sum)) ** 2;
  });
  return { value, low: Math.max(0, value - Math.sqrt(below)), high: Math.min(1, value + Math.sqrt(above)) };
}

const LEAST = 1e-6;
const JUDGED_ROWS = 20_000;

/**
 * The power to which probabilities are raised, and scaled to 1, for the least loss on the given labels: under 1 for a
 * judge that is too sure (Guo et al., ICML 2017). Between ¼ and 4; on at most 20,000 rows taken evenly.
 */
export function sharpness(probabilities: Probabilities, labels: Labels): number {
  let [low, high] = [Math.log(0.25), Math.log(4)];
  const golden = (Math.sqrt(5) - 1) / 2;
  const lossAt = (logPower: number): number => powerLoss(probabilities, labels, Math.exp(logPower));
  let [left, right] = [high - golden * (high - low), low + golden * (high - low)];
  let [atLeft, atRight] = [lossAt(left), lossAt(right)];
  while (high - low > 0.01) {
    if (atLeft < atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - golden * (high - low);
      atLeft = lossAt(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + golden * (high - low);
      atRight = lossAt(right);
    }
  }
  return Math.exp((low + high) / 2);
}

function powerLoss({ rows, classes, values }: Probabilities, labels: Labels, power: number): number {
  const stride = Math.max(1, Math.floor(rows / JUDGED_ROWS));
  let loss = 0;
  for (let row = 0; row < rows; row += stride) {
    const from = row * classes;
    loss -= Math.log(
      Math.max(LEAST, sharpened(values.subarray(from, from + classes), labels.values[row] as number, power)),
    );
  }
  return loss;
}

function sharpened(probabilities: Float32Array | Float64Array, label: number, power: number): number {
  let sum = 0;
  for (const value of probabilities) sum += Math.max(LEAST, value) ** power;
  return Math.max(LEAST, probabilities[label] as number) ** power / sum;
}

/**
 * Probability that the given label of each of these rows is wrong. The judge learnt from labels of which some are wrong,
 * so it gives p(given | x) = Σ p(given | true) p(true | x); with the estimated noise that is solved for the true class
 * between the given label and the likeliest other one, after the judge has been made as sure as its record allows.
 */
export function errorProbabilities(
  probabilities: Probabilities,
  labels: Labels,
  joint: ConfidentJoint,
  rows: Int32Array,
): Float32Array {
  const { classes, values } = probabilities;
  const power = sharpness(probabilities, labels);
  return Float32Array.from(rows, (row) => {
    const given = labels.values[row] as number;
    const line = values.subarray(row * classes, (row + 1) * classes);
    const own = sharpened(line, given, power);
    const kept = joint.noise[given * classes + given] as number;
    const flipped = flipRate(joint, likeliestOther(line, given), given);
    if (kept <= flipped) return 1 - own;
    const right = Math.max(0, Math.min(1, (own - flipped) / (kept - flipped)));
    return 1 - Math.min(1, (kept * right) / own);
  });
}

/** p(given | true): half of it the pair's own, half the mean of that true class, since a single cell holds few rows. */
function flipRate({ noise, classes }: ConfidentJoint, truth: number, given: number): number {
  const mean = (1 - (noise[truth * classes + truth] as number)) / (classes - 1);
  return ((noise[truth * classes + given] as number) + mean) / 2;
}

/** Share of these rows whose label is wrong, from the probability of each; the interval is over chance alone. */
export function expectedPrecision(errors: Float32Array): Share {
  const wrong = errors.reduce((sum, probability) => sum + probability, 0);
  const [low, high] = wilson(wrong, errors.length);
  return { value: errors.length > 0 ? wrong / errors.length : 0, low, high };
}
