import { type Dtype, isFloat } from './dtypes.ts';
import type { OddPart } from './types.ts';
import { medianOf, type Windows } from './windows.ts';

/** A z-score above which the bits of a window have a structure, and one below which they look uniform. */
const STRUCTURED_Z = 40;
const UNIFORM_Z = 8;
const MOST_PARTS = 8;

/**
 * Parts of a tensor whose bits are of another kind than those of its rest. Whole tensors of one kind say nothing:
 * converted, quantised and freshly drawn weights have structured low bits, trained ones uniform ones.
 */
export function oddParts(dtype: Dtype, windows: Windows): OddPart[] {
  if (!isFloat(dtype) || windows.count < 4) return [];
  const found: OddPart[] = [];
  for (const [plane, values] of Object.entries(windows.planes)) {
    const usual = medianOf(values, windows.count);
    const where = `low ${plane.slice(1)} bits`;
    if (usual < UNIFORM_Z) {
      found.push(
        ...runs(values, windows, (z) => z > STRUCTURED_Z).map((run) => ({
          ...run,
          kind: 'structured-in-random' as const,
          where,
          usual,
        })),
      );
    } else if (usual > STRUCTURED_Z) {
      found.push(
        ...runs(values, windows, (z) => z < UNIFORM_Z, 2).map((run) => ({
          ...run,
          kind: 'random-in-structured' as const,
          where,
          usual,
        })),
      );
    }
  }
  return [...found, ...upperParts(dtype, windows)].slice(0, MOST_PARTS);
}

/** Random bytes over the exponent, and mantissas without the slope that numbers have. */
function upperParts(dtype: Dtype, windows: Windows): OddPart[] {
  const found: OddPart[] = [];
  const entropy = medianOf(windows.topEntropy, windows.count);
  if (entropy < 5) {
    for (const run of runs(windows.topEntropy, windows, (bits) => bits > 6.5)) {
      found.push({ ...run, kind: 'random-bytes', where: 'the uppermost byte', usual: entropy });
    }
  }
  const middle = medianOf(windows.middle, windows.count);
  if (dtype === 'F32' && middle > 12) {
    for (const run of runs(windows.middle, windows, (z) => z < 4.5, 4)) {
      found.push({ ...run, kind: 'flat-mantissa', where: 'the second byte', usual: middle });
    }
  }
  return found;
}

/** Runs of at least `least` windows that fit; windows without a figure neither fit nor break a run. */
function runs(
  values: Float32Array,
  { count, numbers }: Windows,
  fits: (value: number) => boolean,
  least = 1,
): { from: number; to: number; value: number }[] {
  const found: { from: number; to: number; value: number }[] = [];
  let start = -1;
  let sum = 0;
  let length = 0;
  const end = (at: number) => {
    if (length >= least) found.push({ from: start * numbers, to: at * numbers, value: sum / length });
    [start, sum, length] = [-1, 0, 0];
  };
  for (let index = 0; index < count; index += 1) {
    const value = values[index] as number;
    if (Number.isNaN(value)) continue;
    if (fits(value)) {
      if (start < 0) start = index;
      sum += value;
      length += 1;
    } else if (start >= 0) end(index);
  }
  if (start >= 0) end(count);
  return found;
}
