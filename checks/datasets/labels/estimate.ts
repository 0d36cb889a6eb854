import { wilson } from '../../statistics/wilson.ts';
import type { Share } from '../types.ts';
import { calibrate } from './calibration.ts';
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

const LEAST = 1e-9;

/**
 * Probability that the given label of each of these rows is wrong. The judge learnt from labels of which some are wrong,
 * so it gives p(given | x) = Σ p(given | true) p(true | x); with the estimated noise that is solved for the true class
 * between the given label and the likeliest other one, after what the judge says has been calibrated on its record.
 */
export function errorProbabilities(
  probabilities: Probabilities,
  labels: Labels,
  joint: ConfidentJoint,
  rows: Int32Array,
): Float32Array {
  const { classes, values } = probabilities;
  const calibrated = calibrate(probabilities, labels);
  return Float32Array.from(rows, (row) => {
    const given = labels.values[row] as number;
    const line = values.subarray(row * classes, (row + 1) * classes);
    const own = Math.max(LEAST, calibrated(line[given] as number));
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
