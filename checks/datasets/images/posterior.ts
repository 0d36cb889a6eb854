import type { Share } from '../types.ts';

const BINS = 10;
/** No single row's looks count for more than this against or for it. */
const MOST_RATIO = 20;
const MOST_CERTAIN = 0.995;
/** How far the share that labels give may be off, as a standard deviation. */
const LABELS_ERROR = 0.2;
/** How far looks may be off because classes differ in how like the target they look, and errors that are still chance. */
const CLASSES_ERROR = 0.15;
const MOST_ERRORS = 2.6;
const Z = 1.959_963_984_540_054;
/** With fewer ordinary rows than this looks are not asked. */
const FEWEST_ORDINARY = 10;

/** Probabilities of the target label by looks. */
export interface Looks {
  /** Of the rows with the pattern and the label. */
  readonly suspected: ArrayLike<number>;
  /** Of rows with the label and without the pattern, and of rows with other labels without it. */
  readonly own: ArrayLike<number>;
  readonly others: ArrayLike<number>;
}

/** What share of the suspected rows is of other classes, and its standard deviation. */
export interface Estimate {
  readonly share: number;
  readonly error: number;
  /** Whether looks leave it open that all of them are. */
  readonly perhapsAll: boolean;
}

/**
 * Share of the suspected rows that look like other classes: the least squares mixture of the means of ordinary rows with
 * the label and of others, drawn towards `mixture`, what the labels of all rows with the pattern say, by the precision of each.
 */
export function estimateShare({ suspected, own, others }: Looks, mixture: number): Estimate {
  const prior = { share: mixture, error: LABELS_ERROR, perhapsAll: true };
  if (own.length < FEWEST_ORDINARY || others.length < FEWEST_ORDINARY) return prior;
  const [of, mine, other] = [momentsOf(suspected), momentsOf(own), momentsOf(others)];
  const apart = mine.mean - other.mean;
  if (apart <= 0.05) return prior;
  const share = (mine.mean - of.mean) / apart;
  const spread = Math.max(of.variance, (mine.variance + other.variance) / 4) / suspected.length;
  const error = Math.sqrt((spread + mine.variance / own.length) / apart ** 2 + CLASSES_ERROR ** 2);
  const [byLooks, byLabels] = [1 / error ** 2, 1 / LABELS_ERROR ** 2];
  return {
    share: Math.max(0, Math.min(1, (share * byLooks + mixture * byLabels) / (byLooks + byLabels))),
    error: Math.sqrt(1 / (byLooks + byLabels)),
    perhapsAll: 1 - share < MOST_ERRORS * error,
  };
}

function momentsOf(values: ArrayLike<number>): { mean: number; variance: number } {
  let [sum, squares] = [0, 0];
  for (let at = 0; at < values.length; at++) {
    sum += values[at] as number;
    squares += (values[at] as number) ** 2;
  }
  const mean = sum / values.length;
  return { mean, variance: Math.max(0, squares / values.length - mean * mean) };
}

/**
 * Per suspected row the probability that it was put there: the share, times how much more often its looks occur among
 * rows of other labels than among those of the label (histograms, one added to each bin).
 */
export function certaintiesOf({ suspected, own, others }: Looks, { share }: Estimate): Float32Array {
  const most = Math.min(MOST_CERTAIN, share);
  const odds = most / (1 - most);
  const [mine, other] = [histogram(own), histogram(others)];
  return Float32Array.from(suspected, (value) => {
    const bin = binOf(value);
    const ratio = (other[bin] as number) / (mine[bin] as number);
    const posterior = odds * Math.max(1 / MOST_RATIO, Math.min(MOST_RATIO, ratio));
    return Math.min(MOST_CERTAIN, posterior / (1 + posterior));
  });
}

const binOf = (value: number): number => Math.min(BINS - 1, Math.floor(value * BINS));

function histogram(values: ArrayLike<number>): Float64Array {
  const counts = new Float64Array(BINS).fill(1 / (values.length + BINS));
  for (let at = 0; at < values.length; at++) {
    const bin = binOf(values[at] as number);
    counts[bin] = (counts[bin] as number) + 1 / (values.length + BINS);
  }
  return counts;
}

/**
 * Precision of the rows that are named: the mean of their certainties, and an interval that holds the share that will turn
 * out to be bad in 95% of cases: the estimate's own error, and the lot that decides about each row. 1 is in it where
 * perhaps (2.5%) none of the rows is good, or looks leave that open.
 */
export function precisionOf(
  certainties: ArrayLike<number>,
  { error, perhapsAll }: Pick<Estimate, 'error' | 'perhapsAll'>,
): Share {
  const count = certainties.length;
  const value = momentsOf(certainties).mean;
  const spread = value * (1 - value);
  const half = Z * Math.sqrt(4 * spread * error ** 2 + (spread + 0.25 / count) / count);
  const none = Math.exp(-count * (1 - value));
  return {
    value,
    low: Math.max(0, value - half),
    high: perhapsAll || none >= 0.025 ? 1 : Math.min(1, value + half),
  };
}
