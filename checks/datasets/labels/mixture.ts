import type { Labels, Probabilities } from './types.ts';

/** No probability counts as less, so that one absurd row cannot decide. */
const LEAST = 1e-6;
/** Rows by which the mixture is chosen, taken evenly over the dataset. */
const JUDGED_ROWS = 50_000;

/** Mean negative logarithm of the given labels' probabilities, nats; taken evenly over at most 50,000 rows. */
export function logLoss({ rows, classes, values }: Probabilities, labels: Labels): number {
  const stride = Math.max(1, Math.floor(rows / JUDGED_ROWS));
  let [sum, count] = [0, 0];
  for (let row = 0; row < rows; row += stride, count++)
    sum -= Math.log(Math.max(LEAST, values[row * classes + (labels.values[row] as number)] as number));
  return sum / count;
}

export interface Mixture {
  readonly probabilities: Probabilities;
  /** Weight of the first, 0..1 in steps of .05: the one with the least loss on the given labels. */
  readonly weight: number;
}

/**
 * The linear mixture of two out-of-sample judges with the least loss on the given labels (the linear opinion pool). One
 * number is chosen on all rows, which no single label sways. O(n · classes).
 */
export function bestMixture(first: Probabilities, second: Probabilities, labels: Labels): Mixture {
  const { rows, classes } = first;
  const stride = Math.max(1, Math.floor(rows / JUDGED_ROWS));
  let best = { weight: 1, loss: Number.POSITIVE_INFINITY };
  for (let step = 20; step >= 0; step--) {
    const weight = step / 20;
    let loss = 0;
    for (let row = 0; row < rows; row += stride) {
      const at = row * classes + (labels.values[row] as number);
      const mixed = weight * (first.values[at] as number) + (1 - weight) * (second.values[at] as number);
      loss -= Math.log(Math.max(LEAST, mixed));
    }
    if (loss < best.loss) best = { weight, loss };
  }
  const { weight } = best;
  if (weight === 1) return { probabilities: first, weight };
  if (weight === 0) return { probabilities: second, weight };
  const values = new Float32Array(rows * classes);
  for (let at = 0; at < values.length; at++)
    values[at] = weight * (first.values[at] as number) + (1 - weight) * (second.values[at] as number);
  return { probabilities: { rows, classes, values }, weight };
}
