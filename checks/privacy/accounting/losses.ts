import type { Training } from './rdp.ts';
import { normalTail } from './special.ts';

/** Probability of privacy losses, under the first of a pair of neighbours, on a grid of `step`. */
export interface Losses {
  readonly step: number;
  /** Loss of the first mass is `first` × `step`. */
  readonly first: number;
  readonly masses: Float64Array;
  /** Probability of a loss without bound, which is what was cut off above. */
  readonly infinite: number;
}

/** `remove`: the first of the pair has the record; `add`: the second has it. */
export type Direction = 'remove' | 'add';

/** What a difference of two tails may be off by, in units of the tails; mass is moved up by it. */
const SLACK = 1e-14;

/**
 * Losses of one step, never too low: mass between two points of the grid is put on both so that its probability under
 * each neighbour stays as it is ("connect the dots", Doroshenko et al., 2207.04380, §4), which joins the points of the
 * privacy curve by straight lines above it. What is beyond `reach` standard deviations moves up: to the lowest point, or
 * to an infinite loss. `step` above 0. O(range / step).
 */
export function stepLosses(
  training: Training,
  direction: Direction,
  grid: { step: number; reach: number },
): Losses {
  const { step, reach } = grid;
  const [low, high] = lossRange(training, direction, reach);
  const first = Math.floor(low / step);
  const count = Math.max(1, Math.ceil(high / step) - first);
  const masses = new Float64Array(count + 1);
  const tails = tailsOf(training, direction);
  const [gap, growth] = [-Math.expm1(-step), Math.exp(step)];
  // From the lowest loss that there is, so that nothing below the grid is lost.
  let before = tails(Number.NEGATIVE_INFINITY);
  for (let place = 0; place < count; place++) {
    const loss = (first + place) * step;
    const after = tails(loss + step);
    const own = Math.max(0, between(before.own, after.own));
    const other = Math.max(0, between(before.other, after.other)) * Math.exp(loss);
    const error = SLACK * (size(before.own) + size(before.other) * Math.exp(loss) * growth);
    const up = Math.min(own, Math.max(0, (own - other + error) / gap));
    (masses[place + 1] as number) += up;
    (masses[place] as number) += own - up;
    before = after;
  }
  return { step, first, masses, infinite: before.own.above };
}

/** Probability of a loss above a point, and of one below, each with full relative precision. */
interface Tail {
  readonly above: number;
  readonly below: number;
}

const size = ({ above, below }: Tail): number => Math.min(above, below);
/** By the smaller tails, so that the difference keeps its digits. */
const between = (low: Tail, high: Tail): number =>
  low.above < 0.5 ? low.above - high.above : high.below - low.below;

/** Lowest and highest loss within `reach` standard deviations of either mean. */
function lossRange({ sigma, rate }: Training, direction: Direction, reach: number): [number, number] {
  const loss = (x: number): number => {
    const gain = (2 * x - 1) / (2 * sigma * sigma);
    return gain > 30
      ? gain + Math.log(rate + (1 - rate) * Math.exp(-gain))
      : Math.log1p(rate * Math.expm1(gain));
  };
  const [low, high] = [loss(-reach * sigma), loss(1 + reach * sigma)];
  return direction === 'remove' ? [low, high] : [-high, -low];
}

/** Tails of the loss under the pair: mixture against plain for `remove`, plain against mixture for `add`. */
function tailsOf(
  { sigma, rate }: Training,
  direction: Direction,
): (loss: number) => { readonly own: Tail; readonly other: Tail } {
  /** Where the loss of `remove` is this; −∞ below all losses. */
  const placeOf = (loss: number): number => {
    if (!Number.isFinite(loss)) return loss;
    const inside = Math.expm1(loss) / rate;
    if (inside <= -1) return Number.NEGATIVE_INFINITY;
    return sigma * sigma * Math.log1p(inside) + 0.5;
  };
  const plain = (x: number): Tail => {
    const tail = normalTail(Math.abs(x) / sigma);
    return x >= 0 ? { above: tail, below: 1 - tail } : { above: 1 - tail, below: tail };
  };
  const mixed = (x: number): Tail => {
    const [zero, one] = [plain(x), plain(x - 1)];
    return {
      above: (1 - rate) * zero.above + rate * one.above,
      below: (1 - rate) * zero.below + rate * one.below,
    };
  };
  const turn = ({ above, below }: Tail): Tail => ({ above: below, below: above });
  if (direction === 'remove')
    return (loss) => {
      const x = placeOf(loss);
      return { own: mixed(x), other: plain(x) };
    };
  return (loss) => {
    const x = placeOf(-loss);
    return { own: turn(plain(x)), other: turn(mixed(x)) };
  };
}
