import { PrivacyInputError } from '../types.ts';
import { compose, type DeltaCurve, logMoment, tailBounds, tilted } from './compose.ts';
import { gaussianDelta, sampledGaussianDelta, sampledGaussianSigma } from './gaussian.ts';
import { type Direction, type Losses, stepLosses } from './losses.ts';
import { assertTraining, type Training, trainingRdpEpsilon } from './rdp.ts';

/** Points of the grid of sums: doubled up to the most while they are coarse for the losses of one step. */
const POINTS = 2 ** 16;
const MOST_POINTS = 2 ** 20;
/** Most points of the losses of one step. */
const STEP_POINTS = 2 ** 20;
/** Losses above this cannot be told in doubles. */
const MOST_LOSS = 300;

const DIRECTIONS: readonly Direction[] = ['remove', 'add'];

/** An ε that holds for a training run, and where it comes from. */
export interface TrainingEpsilon {
  readonly epsilon: number;
  /** `exact` for one step or no sampling; `pld` by numerical composition; `rdp` where losses are too large for that. */
  readonly method: 'exact' | 'pld' | 'rdp';
}

/**
 * Least ε at δ known to hold for a DP-SGD run, neighbours by adding or removing a record (the larger of both
 * directions): an upper bound in exact arithmetic, near the true value (well under 1% above it where 10⁻¹² ≤ δ ≤ 0.1),
 * of the privacy loss distribution. Below one second as a rule, and below 200 MB. PrivacyInputError for parameters out of range.
 */
export function trainingEpsilon(training: Training, delta: number): TrainingEpsilon {
  assertTraining(training);
  if (!(delta > 0 && delta < 1)) throw new PrivacyInputError('δ is above 0 and below 1');
  const { sigma, rate, steps } = training;
  if (rate === 1) {
    const one = sigma / Math.sqrt(steps);
    return { epsilon: leastEpsilon((epsilon) => gaussianDelta(one, epsilon), delta, 0), method: 'exact' };
  }
  if (steps === 1) {
    const curve = (epsilon: number) => sampledGaussianDelta(sigma, rate, epsilon);
    return { epsilon: leastEpsilon(curve, delta, 0), method: 'exact' };
  }
  const rdp = trainingRdpEpsilon(training, delta);
  const reach = 1 + Math.sqrt(2 * Math.log((1e6 * steps) / delta));
  if ((2 * (1 + reach * sigma) + 1) / (2 * sigma * sigma) > MOST_LOSS || rdp.epsilon === 0)
    return { epsilon: rdp.epsilon, method: 'rdp' };
  let epsilon = 0;
  for (const direction of DIRECTIONS) {
    const curve = curveOf(training, direction, { delta, reach });
    epsilon = Math.max(epsilon, leastEpsilon(curve.deltaAt, delta, Math.max(0, curve.lowest)));
  }
  return epsilon < rdp.epsilon ? { epsilon, method: 'pld' } : { epsilon: rdp.epsilon, method: 'rdp' };
}

/** Coarse losses say how wide the sums are; fine ones are then added up. */
function curveOf(
  training: Training,
  direction: Direction,
  { delta, reach }: { delta: number; reach: number },
): DeltaCurve {
  const { steps } = training;
  const range = rangeOf(stepLosses(training, direction, { step: 0.05, reach }));
  const rough = stepLosses(training, direction, { step: Math.max(range, 1e-9) / 8192, reach });
  const tilt = bestTilt(rough, steps, delta);
  const { mean, variance } = tilted(rough, tilt);
  const bottom = Math.min(0, mean * steps - 10 * Math.sqrt(variance * steps));
  // Sums above it weigh less than δ/100,000.
  const top = Math.min(
    ...tailBounds(rough, steps, tilt).map(([at, moment]) => (moment + Math.log(1e5 / delta)) / at),
  );
  const width = 1.01 * Math.max(top - bottom, 1e-6);
  // Joining dots adds about step²/6 to the variance of each loss.
  const fine = Math.sqrt(tilted(rough, 0).variance) / 10;
  let length = POINTS;
  while (length < MOST_POINTS && width / length > fine) length *= 2;
  const step = Math.max(width / length, range / STEP_POINTS);
  return compose(stepLosses(training, direction, { step, reach }), { runs: steps, tilt, bottom, length });
}

const rangeOf = ({ masses, step }: Losses): number => masses.length * step;

/** θ with the least (steps × ln E e^{θ loss} − ln δ) / θ: where Chernoff's bound of δ is best. */
function bestTilt(losses: Losses, steps: number, delta: number): number {
  const bound = (log: number) => {
    const tilt = Math.exp(log);
    return (steps * logMoment(losses, tilt) - Math.log(delta)) / tilt;
  };
  let [low, high] = [Math.log(0.05), Math.log(5000)];
  const golden = (Math.sqrt(5) - 1) / 2;
  while (high - low > 0.01) {
    const [left, right] = [high - golden * (high - low), low + golden * (high - low)];
    if (bound(left) < bound(right)) high = right;
    else low = left;
  }
  return Math.exp((low + high) / 2);
}

/** Least ε ≥ `lowest` with δ(ε) ≤ δ, from above. */
function leastEpsilon(curve: (epsilon: number) => number, delta: number, lowest: number): number {
  if (curve(lowest) <= delta) return lowest;
  let [low, high] = [lowest, lowest + 1];
  while (curve(high) > delta) {
    low = high;
    high = 2 * high + 1;
    if (high > 1e9) return Number.POSITIVE_INFINITY;
  }
  for (let turn = 0; turn < 100 && high - low > 1e-12 * high; turn++) {
    const middle = (low + high) / 2;
    if (curve(middle) <= delta) high = middle;
    else low = middle;
  }
  return high;
}

/** What is asked of a training run: at most this ε at this δ. */
export interface NoiseTarget {
  readonly epsilon: number;
  readonly delta: number;
  readonly rate: number;
  readonly steps: number;
}

/**
 * Least noise multiplier σ with which a DP-SGD run keeps ε at δ, within 0.1% from above; for one step exact. Some ten
 * times the time of `trainingEpsilon`. PrivacyInputError where no σ below 10⁶ is enough.
 */
export function calibrateNoise({ epsilon, delta, rate, steps }: NoiseTarget): number {
  assertTraining({ sigma: 1, rate, steps });
  if (!(epsilon > 0 && epsilon < 700)) throw new PrivacyInputError('The target ε is above 0 and below 700');
  if (!(delta > 0 && delta < 1)) throw new PrivacyInputError('δ is above 0 and below 1');
  if (steps === 1) return sampledGaussianSigma(epsilon, delta, rate);
  if (rate === 1) return sampledGaussianSigma(epsilon, delta, 1) * Math.sqrt(steps);
  const least = sampledGaussianSigma(epsilon, delta, rate);
  const rdp = (sigma: number) => trainingRdpEpsilon({ sigma, rate, steps }, delta).epsilon <= epsilon;
  const holds = (sigma: number) => trainingEpsilon({ sigma, rate, steps }, delta).epsilon <= epsilon;
  let high = least;
  while (!rdp(high)) {
    high *= 2;
    if (high > 1e6)
      throw new PrivacyInputError('No noise below 10^6 is enough; take fewer steps or a larger ε');
  }
  high = narrow(Math.max(least, high / 2), high, rdp);
  let low = Math.max(least, high * 0.9);
  while (low > least && holds(low)) [low, high] = [Math.max(least, low * 0.9), low];
  return narrow(low, high, holds);
}

/** Least number that holds, within 0.1% from above; `high` holds. */
function narrow(low: number, high: number, holds: (value: number) => boolean): number {
  while (high > low * 1.001) {
    const middle = Math.sqrt(low * high);
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
