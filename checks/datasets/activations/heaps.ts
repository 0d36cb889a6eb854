/** Fewest rows of a heap, and the least distance of the two means in standard deviations within the heaps. */
const FEWEST_ROWS = 5;
const LEAST_DISTANCE = 3.2;
/** Middle part of the way between the means that must be thinly filled, and the most rows there per row of the heap. */
const VALLEY = [0.35, 0.65] as const;
const MOST_BETWEEN = 0.2;

/** Rows of a class along one direction, split in two where that splits best. */
export interface Heaps {
  /** Whether they are two heaps, not one and its tail. */
  readonly apart: boolean;
  /** Share of the smaller heap, 0..0.5. */
  readonly share: number;
  /** Distance of the means in standard deviations within the heaps. */
  readonly distance: number;
  /** Per number: probability that it belongs to the smaller heap, both taken as normal. */
  readonly certainties: Float64Array;
}

interface Heap {
  readonly mean: number;
  readonly spread: number;
  readonly share: number;
}

/**
 * The split with the least variance within (Otsu, 1979; two means in one dimension), and whether a valley lies between.
 * O(n log n).
 */
export function splitHeaps(along: Float64Array): Heaps {
  const sorted = along.slice().sort();
  const split = bestSplit(sorted);
  const [left, right] = [
    heapOf(sorted.subarray(0, split), along.length),
    heapOf(sorted.subarray(split), along.length),
  ];
  const [small, large] = left.share <= right.share ? [left, right] : [right, left];
  const within = Math.sqrt(small.share * small.spread ** 2 + large.share * large.spread ** 2);
  const distance = within > 0 ? Math.abs(small.mean - large.mean) / within : 0;
  const between = sorted.reduce((count, value) => {
    const part = (value - large.mean) / (small.mean - large.mean);
    return count + Number(part > VALLEY[0] && part < VALLEY[1]);
  }, 0);
  const rows = small.share * along.length;
  const apart = rows >= FEWEST_ROWS && distance >= LEAST_DISTANCE && between <= MOST_BETWEEN * rows;
  const certainties = along.map((value) => certaintyOf(value, small, large));
  return { apart, share: small.share, distance, certainties };
}

function bestSplit(sorted: Float64Array): number {
  const total = sorted.reduce((sum, value) => sum + value, 0);
  let [sum, best, split] = [0, -1, 1];
  for (let at = 1; at < sorted.length; at++) {
    sum += sorted[at - 1] as number;
    const difference = sum / at - (total - sum) / (sorted.length - at);
    const between = at * (sorted.length - at) * difference * difference;
    if (between > best) [best, split] = [between, at];
  }
  return split;
}

function heapOf(values: Float64Array, all: number): Heap {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, spread: Math.sqrt(squares / Math.max(1, values.length)), share: values.length / all };
}

function certaintyOf(value: number, small: Heap, large: Heap): number {
  const beyond = (value - small.mean) * Math.sign(small.mean - large.mean) > 0;
  const logOf = ({ mean, spread, share }: Heap, at: number): number => {
    const width = Math.max(spread, 1e-9, 0.2 * Math.abs(small.mean - large.mean) * 0.5);
    return Math.log(Math.max(share, 1e-12)) - Math.log(width) - 0.5 * ((at - mean) / width) ** 2;
  };
  const difference = logOf(large, value) - logOf(small, beyond ? small.mean : value);
  return 1 / (1 + Math.exp(Math.max(-50, Math.min(50, difference))));
}
