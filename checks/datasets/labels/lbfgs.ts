/** The value at `point`; writes the gradient there into `gradient`. */
export type Objective = (point: Float64Array, gradient: Float64Array) => number;

export interface Minimum {
  readonly point: Float64Array;
  readonly value: number;
  readonly rounds: number;
}

/** Pairs of steps and changes of the gradient that are remembered. */
const MEMORY = 10;
const MOST_ROUNDS = 100;
/** Share of the predicted fall that a step must bring (Armijo). */
const ARMIJO = 1e-4;

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] as number) * (b[at] as number);
  return sum;
};

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly product: number;
}

/**
 * Minimum of a smooth convex function by limited-memory BFGS with backtracking (Liu and Nocedal, Math. Programming 45,
 * 1989). Ends when no part of the gradient is over `tolerance`, when a round no longer helps, or after 100 rounds.
 * Gives way after each evaluation.
 */
export function* minimise(
  objective: Objective,
  start: Float64Array,
  tolerance: number,
): Generator<void, Minimum, void> {
  let point: Float64Array = start.slice();
  let gradient: Float64Array = new Float64Array(point.length);
  let value = objective(point, gradient);
  const pairs: Pair[] = [];
  let rounds = 0;
  for (; rounds < MOST_ROUNDS; rounds++) {
    yield;
    if (gradient.every((part) => Math.abs(part) <= tolerance)) break;
    const direction = descentDirection(gradient, pairs);
    const slope = dot(direction, gradient);
    const nextGradient = new Float64Array(point.length);
    let length = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
    let next = moved(point, direction, length);
    let nextValue = objective(next, nextGradient);
    for (let tries = 0; !(nextValue <= value + ARMIJO * length * slope) && tries < 30; tries++) {
      yield;
      length /= 2;
      next = moved(point, direction, length);
      nextValue = objective(next, nextGradient);
    }
    if (!(nextValue < value)) break;
    remember(pairs, { step: moved(next, point, -1), change: moved(nextGradient, gradient, -1) });
    [point, gradient, value] = [next, nextGradient, nextValue];
  }
  return { point, value, rounds };
}

function moved(from: Float64Array, direction: Float64Array, length: number): Float64Array {
  const result = new Float64Array(from.length);
  for (let at = 0; at < from.length; at++)
    result[at] = (from[at] as number) + length * (direction[at] as number);
  return result;
}

/** Keeps the pair when it tells of positive curvature, without which the next direction might lead upwards. */
function remember(pairs: Pair[], { step, change }: Omit<Pair, 'product'>): void {
  const product = dot(step, change);
  if (product <= 1e-12 * dot(change, change)) return;
  if (pairs.length === MEMORY) pairs.shift();
  pairs.push({ step, change, product });
}

/** The two-loop recursion. */
function descentDirection(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  let direction: Float64Array = gradient.map((part) => -part);
  const shares: number[] = [];
  for (const { step, change, product } of pairs.toReversed()) {
    const share = dot(step, direction) / product;
    shares.unshift(share);
    direction = moved(direction, change, -share);
  }
  const last = pairs.at(-1);
  if (last !== undefined) {
    const scale = last.product / dot(last.change, last.change);
    direction = direction.map((part) => part * scale);
  }
  pairs.forEach(({ step, change, product }, place) => {
    const back = dot(change, direction) / product;
    direction = moved(direction, step, (shares[place] as number) - back);
  });
  return direction;
}
