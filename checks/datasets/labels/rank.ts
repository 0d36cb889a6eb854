import type { Labels, Probabilities, Ranking } from './types.ts';

/** Confidence-weighted entropy divides by no less. */
const LEAST = 1e-6;

/**
 * Quality of every given label, 0..1, low for a suspect one. Self-confidence: its probability. Normalised margin: half of
 * 1 + its probability − that of the likeliest other class. Confidence-weighted entropy: ln(1 + u) / u with u the entropy
 * over the label's probability, so that a confident contradiction ranks lowest (Kuan and Mueller, "Model-agnostic label
 * quality scoring", ICML DataPerf workshop 2022). O(n · classes).
 */
export function labelQuality(probabilities: Probabilities, labels: Labels, ranking: Ranking): Float32Array {
  const { rows, classes, values } = probabilities;
  const measure = MEASURE[ranking];
  const result = new Float32Array(rows);
  for (let row = 0; row < rows; row++)
    result[row] = measure(values.subarray(row * classes, (row + 1) * classes), labels.values[row] as number);
  return result;
}

type Measure = (probabilities: Float32Array | Float64Array, label: number) => number;

const MEASURE: Readonly<Record<Ranking, Measure>> = {
  'self-confidence': (probabilities, label) => probabilities[label] as number,
  'normalised-margin': (probabilities, label) =>
    (1 + (probabilities[label] as number) - (probabilities[likeliestOther(probabilities, label)] as number)) /
    2,
  'confidence-weighted-entropy': (probabilities, label) => {
    let entropy = 0;
    for (const value of probabilities) if (value > 0) entropy -= value * Math.log(value);
    const weighted =
      entropy / Math.log(probabilities.length) / Math.max(LEAST, probabilities[label] as number);
    return weighted > LEAST ? Math.log1p(weighted) / weighted : 1;
  },
};

/** The likeliest class but the label, the first of equals. */
export function likeliestOther(probabilities: Float32Array | Float64Array, label: number): number {
  let best = label === 0 ? 1 : 0;
  for (let c = best + 1; c < probabilities.length; c++)
    if (c !== label && (probabilities[c] as number) > (probabilities[best] as number)) best = c;
  return best;
}
