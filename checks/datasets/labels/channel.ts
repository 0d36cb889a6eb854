import type { Labels, Probabilities } from './types.ts';

/** What stands between the true classes and the given labels, and what the judge's sureness is worth. */
export interface NoiseChannel {
  readonly classes: number;
  /** p(given | true), true label by given label; each row sums to 1. */
  readonly noise: Float64Array;
  /** Power to which the judge's probabilities are taken: below 1 for one that is too sure of itself. */
  readonly sharpness: number;
  /** Share of the labels that are wrong, 0..1. */
  readonly share: number;
}

export interface ChannelOptions {
  /** Takes the judge's probabilities as they are. */
  readonly trusting?: boolean;
}

/** Rows × classes that one round looks at, taken evenly over the dataset. */
const MOST_WORK = 600_000;
const ROUNDS = 80;
/** No probability counts as less, so that one absurd row cannot decide. */
const LEAST = 1e-6;
const START_SHARE = 0.05;
/** Records of any class's noise that each class's own is mixed with. */
const PRIOR = 20;
const [LEAST_SHARPNESS, MOST_SHARPNESS] = [0.05, 2];
const SETTLED = 1e-6;
const SETTLED_SHARPNESS = 1e-4;

/**
 * Noise of the given labels by maximum likelihood: the judge's probabilities, to a power (temperature scaling: Guo et
 * al., ICML 2017), are those of the true class, and a channel makes the given label of it. Labels that are merely hard to
 * tell grow rarer the surer the judge is, flipped ones do not: what stays among the surest is noise (anchor points:
 * Patrini et al., CVPR 2017, section 4.1), and both are told apart by one likelihood (EM; as in robust logistic
 * regression, Bootkrajang and Kabán, ECML 2012). O(80 · min(n · classes, 600,000) + classes²).
 */
export function noiseChannel(
  probabilities: Probabilities,
  labels: Labels,
  { trusting = false }: ChannelOptions = {},
): NoiseChannel {
  const sample = sampleOf(probabilities, labels);
  const { classes } = sample;
  let noise = evenNoise(classes, START_SHARE);
  let [sharpness, share] = [1, START_SHARE];
  for (let round = 0; round < ROUNDS; round++) {
    const told = expect(sample, noise, sharpness);
    const moved = Math.abs(told.share - share);
    [noise, share] = [noiseOf(told.counts, classes), told.share];
    const before = sharpness;
    if (!trusting) sharpness = Math.max(LEAST_SHARPNESS, Math.min(MOST_SHARPNESS, sharpness + told.step));
    if (moved < SETTLED && Math.abs(sharpness - before) < SETTLED_SHARPNESS) break;
  }
  return { classes, noise, sharpness, share };
}

interface Sample {
  readonly rows: number;
  readonly classes: number;
  /** ln of the probabilities. */
  readonly logs: Float32Array;
  readonly given: Int32Array;
}

function sampleOf({ rows, classes, values }: Probabilities, labels: Labels): Sample {
  const stride = Math.max(1, Math.ceil((rows * classes) / MOST_WORK));
  const count = Math.ceil(rows / stride);
  const logs = new Float32Array(count * classes);
  const given = new Int32Array(count);
  for (let at = 0, row = 0; row < rows; at++, row += stride) {
    given[at] = labels.values[row] as number;
    for (let c = 0; c < classes; c++)
      logs[at * classes + c] = Math.log(Math.max(LEAST, values[row * classes + c] as number));
  }
  return { rows: count, classes, logs, given };
}

const evenNoise = (classes: number, share: number): Float64Array =>
  Float64Array.from({ length: classes * classes }, (_, at) =>
    Math.floor(at / classes) === at % classes ? 1 - share : share / (classes - 1),
  );

/** Writes the judge's probabilities to the power `sharpness`, made to sum to 1, into `into`. */
export function sharpened(
  logs: ArrayLike<number>,
  from: number,
  sharpness: number,
  into: Float64Array,
): void {
  let most = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < into.length; c++) most = Math.max(most, logs[from + c] as number);
  let sum = 0;
  for (let c = 0; c < into.length; c++) {
    into[c] = Math.exp(sharpness * ((logs[from + c] as number) - most));
    sum += into[c] as number;
  }
  for (let c = 0; c < into.length; c++) into[c] = (into[c] as number) / sum;
}

interface Expected {
  /** Rows by true and given label. */
  readonly counts: Float64Array;
  readonly share: number;
  /** By how much the sharpness is to change. */
  readonly step: number;
}

function expect({ rows, classes, logs, given }: Sample, noise: Float64Array, sharpness: number): Expected {
  const counts = new Float64Array(classes * classes);
  const judged = new Float64Array(classes);
  let [slope, bend, wrong] = [0, 0, 0];
  for (let row = 0; row < rows; row++) {
    const own = given[row] as number;
    sharpened(logs, row * classes, sharpness, judged);
    let [sum, told, square] = [0, 0, 0];
    for (let c = 0; c < classes; c++) {
      const log = logs[row * classes + c] as number;
      const p = judged[c] as number;
      sum += p * (noise[c * classes + own] as number);
      told += p * log;
      square += p * log * log;
    }
    let seen = 0;
    for (let c = 0; c < classes; c++) {
      const part = ((judged[c] as number) * (noise[c * classes + own] as number)) / sum;
      counts[c * classes + own] = (counts[c * classes + own] as number) + part;
      seen += part * (logs[row * classes + c] as number);
      if (c !== own) wrong += part;
    }
    slope += seen - told;
    bend += square - told * told;
  }
  const step = Math.max(-0.3, Math.min(0.3, slope / Math.max(1e-9, bend)));
  return { counts, share: wrong / rows, step };
}

/** Counts as shares, each class mixed with what is usual for all. */
function noiseOf(counts: Float64Array, classes: number): Float64Array {
  const totals = new Float64Array(classes);
  let [off, all] = [0, 0];
  counts.forEach((count, at) => {
    const truth = Math.floor(at / classes);
    totals[truth] = (totals[truth] as number) + count;
    all += count;
    if (at % classes !== truth) off += count;
  });
  const share = off / all;
  return counts.map((count, at) => {
    const truth = Math.floor(at / classes);
    const usual = at % classes === truth ? 1 - share : share / (classes - 1);
    return (count + PRIOR * usual) / ((totals[truth] as number) + PRIOR);
  });
}

/** Probability that the given label of each of these rows is wrong, by the channel. O(rows · classes). */
export function wrongBy(
  { noise, sharpness, classes }: NoiseChannel,
  probabilities: Probabilities,
  labels: Labels,
  rows: Int32Array,
): Float32Array {
  const logs = new Float64Array(classes);
  const judged = new Float64Array(classes);
  return Float32Array.from(rows, (row) => {
    for (let c = 0; c < classes; c++)
      logs[c] = Math.log(Math.max(LEAST, probabilities.values[row * classes + c] as number));
    sharpened(logs, 0, sharpness, judged);
    const given = labels.values[row] as number;
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += (judged[c] as number) * (noise[c * classes + given] as number);
    return (
      1 - ((judged[given] as number) * (noise[given * classes + given] as number)) / Math.max(1e-300, sum)
    );
  });
}
