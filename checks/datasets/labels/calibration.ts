import type { Labels, Probabilities } from './types.ts';

/** Probabilities looked at, taken from rows evenly over the dataset, and bins of equally many of them. */
const MOST_PAIRS = 400_000;
const BINS = 200;
/** Fewest probabilities in a bin: the share of a few is chance. */
const LEAST_IN_BIN = 100;

/** What a probability of the judge is worth: the share of the given labels that it foretold, 0..1, never falling. */
export type Calibration = (probability: number) => number;

/**
 * How often a class with this probability was the given label, over all rows and classes: means of equally full bins,
 * made monotonous by pooling neighbours that are not (isotonic regression; Zadrozny and Elkan, KDD 2002).
 * O(m log m) for m = at most 400,000 pairs of row and class.
 */
export function calibrate({ rows, classes, values }: Probabilities, labels: Labels): Calibration {
  const stride = Math.max(1, Math.ceil((rows * classes) / MOST_PAIRS));
  const count = Math.ceil(rows / stride) * classes;
  const pairs = new Float64Array(count);
  const hits = new Uint8Array(count);
  let filled = 0;
  for (let row = 0; row < rows; row += stride)
    for (let c = 0; c < classes; c++, filled++) {
      pairs[filled] = values[row * classes + c] as number;
      hits[filled] = Number(labels.values[row] === c);
    }
  const order = Int32Array.from(pairs.keys()).sort((a, b) => (pairs[a] as number) - (pairs[b] as number));
  const size = Math.max(LEAST_IN_BIN, Math.ceil(count / BINS));
  const blocks: Block[] = [];
  for (let from = 0; from < count; from = blocks.at(-1)?.end ?? count)
    pool(blocks, nextBlock({ order, pairs, hits }, from, size));
  return (probability) => meanAt(blocks, probability);
}

interface Block {
  /** Largest probability in it, and where it ends in the order. */
  readonly upTo: number;
  readonly end: number;
  readonly hits: number;
  readonly count: number;
}

interface Sorted {
  readonly order: Int32Array;
  readonly pairs: Float64Array;
  readonly hits: Uint8Array;
}

/** `size` pairs from `from` on, and all others that are equal to the last of them. */
function nextBlock({ order, pairs, hits }: Sorted, from: number, size: number): Block {
  const last = order[Math.min(order.length, from + size) - 1] as number;
  const upTo = pairs[last] as number;
  let [end, sum] = [from, 0];
  while (end < order.length && (pairs[order[end] as number] as number) <= upTo)
    sum += hits[order[end++] as number] as number;
  return { upTo, end, hits: sum, count: end - from };
}

function pool(blocks: Block[], added: Block): void {
  let block = added;
  for (let before = blocks.at(-1); before !== undefined; before = blocks.at(-1)) {
    if (before.hits * block.count <= block.hits * before.count) break;
    blocks.pop();
    block = { ...block, hits: block.hits + before.hits, count: block.count + before.count };
  }
  blocks.push(block);
}

function meanAt(blocks: readonly Block[], probability: number): number {
  let [low, high] = [0, blocks.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((blocks[middle] as Block).upTo >= probability) high = middle;
    else low = middle + 1;
  }
  const { hits, count } = blocks[low] as Block;
  return hits / count;
}
