import type { Dtype } from './dtypes.ts';
import type { BitFigures } from './types.ts';

/** Where the codes of a type lie on a line: `run` codes in a row have the same distance from one to the next. */
const LAYOUT: Readonly<
  Partial<Record<Dtype, { readonly run: number; readonly most: number; readonly hidden: number }>>
> = Object.freeze({
  BF16: { run: 128, most: 5, hidden: 0 },
  F16: { run: 1024, most: 8, hidden: 0 },
  F32: { run: 128, most: 5, hidden: 16 },
  F64: { run: 16, most: 2, hidden: 48 },
  I8: { run: 128, most: 3, hidden: 0 },
});

/** Below this many standard deviations of signal nothing can be told. */
const LEAST_SIGNAL = 6;
/** Deviations that the missing slope must be off by. */
const LEAST_Z = 8;
const LEAST_SHARE = 0.5;
/** Steps between neighbours that are larger than this part of a group are an edge, not a slope. */
const MOST_STEP = 0.5;
const LEAST_GROUPS = 8;

/**
 * How much of a tensor has its `k` lowest bits replaced by bits that look random, from the histogram of its codes.
 * Weights have a smooth density: within a group of 2^k neighbouring codes the upper half holds fewer (or more) numbers
 * than the lower one, by what the neighbouring groups predict. Replacing the k lowest bits makes both halves equal.
 * The regression of the observed on the predicted difference has slope 1 for untouched and 0 for replaced tensors, so
 * 1 − slope estimates the share (own construction, in the line of Westfeld and Pfitzmann's pairs of values, 1999).
 * Null where the density has no slope to speak of, or too few numbers: then nothing can be told.
 */
export function replacedShare(dtype: Dtype, codes: Uint32Array): BitFigures['replaced'] {
  const layout = LAYOUT[dtype];
  if (layout === undefined) return null;
  let best: BitFigures['replaced'] = null;
  for (let k = 1; k <= layout.most; k += 1) {
    const { slope, signal, roughness } = regress(codes, layout.run, 2 ** k);
    if (!(signal >= LEAST_SIGNAL)) continue;
    const z = (1 - slope) * signal;
    const share = Math.min(1, Math.max(0, 1 - slope));
    // Grids (quantised, converted twice) are rough within a group; replaced bits are as even as chance.
    const isFound = z > LEAST_Z && share > LEAST_SHARE && roughness < 1.6;
    const figures = { bits: k + layout.hidden, share: isFound ? share : 0, z };
    if (
      best === null ||
      figures.share > best.share ||
      (figures.share === best.share && share > 0 && k > 1 && isFound)
    ) {
      best = figures;
    }
  }
  return best;
}

/** Weighted least squares of half differences over the groups that have neighbours on both sides in their run. */
function regress(codes: Uint32Array, run: number, size: number) {
  const half = size / 2;
  let [cross, power, noise, rough, groups, largest] = [0, 0, 0, 0, 0, 0];
  for (let start = 0; start + run <= codes.length; start += run) {
    let before = -1;
    let here = -1;
    let hereDifference = 0;
    for (let at = start; at < start + run; at += size) {
      let lower = 0;
      let upper = 0;
      for (let index = at; index < at + half; index += 1) {
        lower += codes[index] as number;
        upper += codes[index + half] as number;
      }
      const total = lower + upper;
      if (before >= 25 && here >= 25 && total >= 25 && Math.abs(total - before) <= MOST_STEP * here) {
        const expected = (total - before) / 8;
        cross += (hereDifference * expected) / here;
        power += (expected * expected) / here;
        largest = Math.max(largest, (expected * expected) / here);
        noise += (total + before) / 64 / here;
        rough += (hereDifference * hereDifference) / here;
        groups += 1;
      }
      before = here;
      here = total;
      hereDifference = upper - lower;
    }
  }
  // What chance adds to the squared prediction must not count as signal.
  const signal = power - noise;
  return {
    slope: signal > 0 ? cross / signal : Number.NaN,
    // An edge of the distribution is no slope: the signal must come from many groups.
    signal: signal > 0 && groups >= LEAST_GROUPS && largest < signal / 4 ? Math.sqrt(signal) : 0,
    roughness: groups === 0 ? 0 : rough / groups,
  };
}
