import type { Labels, Probabilities } from './types.ts';

/** Share of the records that are said to be of a class which are its surest. */
const SUREST = 0.15;
const LEAST = 50;
/** Records of any class's noise that each class's own is mixed with. */
const PRIOR = 20;
/** Mean rank of the surest group, in groups: the rate is drawn out from there to the very surest. */
const MIDDLE = 0.5;

/**
 * Label noise p(given | true), true label by given label, each row summing to 1, from the records of each class that the
 * judge is surest of (anchor points: Patrini et al., CVPR 2017, section 4.1): those are of their class nearly beyond
 * doubt, so what share of them has another label is noise, while elsewhere it may as well be that the classes overlap.
 * Where even among the surest the share still falls from the next surest group to them, it is drawn out along that line
 * to the very surest: what overlaps goes on falling, noise does not. Classes with few such records borrow from the
 * others. O(n log n + classes²).
 */
export function anchorNoise(probabilities: Probabilities, labels: Labels): Float64Array {
  const { classes, values } = probabilities;
  const counts = new Float64Array(classes * classes);
  const totals = new Float64Array(classes);
  let [off, all] = [0, 0];
  members(probabilities).forEach((own, truth) => {
    const most = Math.min(own.length, Math.max(LEAST, Math.ceil(SUREST * own.length)));
    const sureness = (row: number): number => values[row * classes + truth] as number;
    const order = own.sort((a, b) => sureness(b) - sureness(a) || a - b);
    const kept = keptNoise(order, most, (row) => labels.values[row] !== truth);
    for (const row of order.slice(0, most)) {
      const label = labels.values[row] as number;
      const weight = label === truth ? 1 : kept;
      counts[truth * classes + label] = (counts[truth * classes + label] as number) + weight;
      totals[truth] = (totals[truth] as number) + weight;
      if (label !== truth) off += weight;
      all += weight;
    }
  });
  const share = (off + 0.5) / (all + 1);
  return counts.map((count, at) => {
    const truth = Math.floor(at / classes);
    const usual = at % classes === truth ? 1 - share : share / (classes - 1);
    return (count + PRIOR * usual) / ((totals[truth] as number) + PRIOR);
  });
}

/** Which part of the other labels among the surest is noise and not overlap, 0..1. */
function keptNoise(order: readonly number[], size: number, isOff: (row: number) => boolean): number {
  if (order.length < 2 * size) return 1;
  const rate = (from: number): number => order.slice(from, from + size).filter(isOff).length / size;
  const [surest, next] = [rate(0), rate(size)];
  if (surest === 0) return 1;
  return Math.max(0, surest - MIDDLE * Math.max(0, next - surest)) / surest;
}

/** Rows by the class that the judge finds likeliest. */
function members({ rows, classes, values }: Probabilities): number[][] {
  const result: number[][] = Array.from({ length: classes }, () => []);
  for (let row = 0; row < rows; row++) {
    let best = 0;
    for (let c = 1; c < classes; c++)
      if ((values[row * classes + c] as number) > (values[row * classes + best] as number)) best = c;
    result[best]?.push(row);
  }
  return result;
}
