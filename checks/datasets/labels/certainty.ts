import { wilson } from '../../statistics/wilson.ts';
import type { Share } from '../types.ts';
import { anchorNoise } from './anchors.ts';
import { noiseChannel, wrongBy } from './channel.ts';
import { errorProbabilities } from './estimate.ts';
import type { ConfidentJoint, Labels, Probabilities, Readings } from './types.ts';

/** Classes from which on the noise between each two is not fitted: there is too little of it to learn from. */
const MOST_CLASSES = 1000;

/** A share estimated from some records says no more of one. */
const MOST_CERTAIN = 0.98;

/** O(n log n + n · classes). */
export function readingsOf(probabilities: Probabilities, labels: Labels, joint: ConfidentJoint): Readings {
  const all = Int32Array.from({ length: probabilities.rows }, (_, row) => row);
  const noise = joint.classes > MOST_CLASSES ? joint.noise : anchorNoise(probabilities, labels);
  const anchored = errorProbabilities(probabilities, labels, { ...joint, noise }, all).map((own) =>
    Math.min(MOST_CERTAIN, own),
  );
  if (joint.classes > MOST_CLASSES)
    return { fitted: anchored, trusting: anchored, anchored, wrong: anchored };
  const by = (trusting: boolean): Float32Array =>
    wrongBy(noiseChannel(probabilities, labels, { trusting }), probabilities, labels, all);
  const fitted = by(false);
  const { values, classes } = probabilities;
  const wrong = fitted.map((own, row) => {
    const denied = 1 - (values[row * classes + (labels.values[row] as number)] as number);
    return Math.min(Math.max(own, anchored[row] as number), denied);
  });
  return { fitted, trusting: by(true), anchored, wrong };
}

const total = (rows: Int32Array, each: (row: number) => number): number =>
  rows.reduce((sum, row) => sum + each(row), 0);

/** Noise may be twice or half of what is estimated: so do the odds of an error go with it. */
const TIMES = 2;
const withOdds = (p: number, times: number): number => (p * times) / (1 - p + p * times);

/**
 * Share of these rows whose label is wrong, whoever made it so. The interval is for noise of half to twice the estimated
 * rate, up to what the judge at its word says, and chance on top (Wilson).
 */
export function expectedPrecision(rows: Int32Array, { wrong, trusting }: Readings): Share {
  if (rows.length === 0) return { value: 0, low: 0, high: 1 };
  const read = (times: number): number => total(rows, (row) => withOdds(wrong[row] as number, times));
  const most = Math.max(
    read(TIMES),
    total(rows, (row) => trusting[row] as number),
  );
  return {
    value: read(1) / rows.length,
    low: wilson(read(1 / TIMES), rows.length)[0],
    high: wilson(most, rows.length)[1],
  };
}

/**
 * As `expectedPrecision`, of confident learning's errors: the middle of the readings and of the confident joint, which
 * takes all that is confidently of another class for wrong. The interval spans all of them. `byJoint` is the joint's
 * probability of each of the errors.
 */
export function errorPrecision(errors: Int32Array, byJoint: Float32Array, readings: Readings): Share {
  const size = errors.length;
  if (size === 0) return { value: 0, low: 0, high: 1 };
  const { wrong, fitted, trusting, anchored } = readings;
  const joint = byJoint.reduce((sum, probability) => sum + probability, 0);
  const sums = [
    joint,
    ...[wrong, fitted, trusting, anchored].map((reading) => total(errors, (row) => reading[row] as number)),
  ];
  return {
    value: (joint + (sums[1] as number)) / 2 / size,
    low: wilson(Math.min(...sums), size)[0],
    high: wilson(Math.max(...sums), size)[1],
  };
}
