import type { Labels, Probabilities } from '../labels/index.ts';

/** Standard errors by which a gain must be above none: about one in a thousand sets of labels drawn by lot is. */
const ERRORS = 3.3;
/** Groups of records, and the fewest in one. */
const GROUPS = 20;
const LEAST_IN_GROUP = 50;
const LEAST = 1e-3;
const SHRUNK = 0.1;

/**
 * Rows (1) for which out-of-sample probabilities foretell the given labels better than the frequencies of the labels do,
 * by log loss. Rows are grouped by how far the judge is from the frequencies (Kullback–Leibler); a group counts when its
 * own mean gain, or that of it and all less sure ones, is above chance by its standard error, so that a few records
 * that are easy to tell vouch for no others. The judge is shrunk to within a tenth of the frequencies: one that is
 * merely too sure of itself, or learnt from sounder labels than these, still knows something. O(n log n + n · classes).
 */
export function skilledRows({ rows, classes, values }: Probabilities, labels: Labels): Uint8Array {
  const frequencies = new Float64Array(classes);
  for (const label of labels.values) frequencies[label] = (frequencies[label] as number) + 1 / rows;
  const distance = new Float64Array(rows);
  const gains = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    for (let each = 0; each < classes; each++) {
      const [own, usual] = [values[row * classes + each] as number, frequencies[each] as number];
      if (own > 0 && usual > 0) distance[row] = (distance[row] as number) + own * Math.log(own / usual);
    }
    const given = labels.values[row] as number;
    const lift = (values[row * classes + given] as number) / (frequencies[given] as number);
    gains[row] = Math.log(1 - SHRUNK + SHRUNK * Math.max(LEAST, lift));
  }
  const order = Int32Array.from(distance.keys()).sort(
    (a, b) => (distance[a] as number) - (distance[b] as number) || a - b,
  );
  return skilledGroups(order, gains);
}

function skilledGroups(order: Int32Array, gains: Float64Array): Uint8Array {
  const size = Math.max(LEAST_IN_GROUP, Math.ceil(order.length / GROUPS));
  const skilled = new Uint8Array(order.length);
  const all = { sum: 0, squares: 0, count: 0 };
  for (let from = 0; from < order.length; from += size) {
    const group = { sum: 0, squares: 0, count: 0 };
    for (const row of order.subarray(from, from + size))
      for (const each of [group, all]) {
        each.sum += gains[row] as number;
        each.squares += (gains[row] as number) ** 2;
        each.count++;
      }
    if (isAboveChance(group) || isAboveChance(all))
      for (const row of order.subarray(from, from + size)) skilled[row] = 1;
  }
  return skilled;
}

interface Gain {
  readonly sum: number;
  readonly squares: number;
  readonly count: number;
}

function isAboveChance({ sum, squares, count }: Gain): boolean {
  const mean = sum / count;
  const variance = Math.max(0, squares / count - mean * mean);
  return mean > 0 && mean > ERRORS * Math.sqrt(variance / count);
}
