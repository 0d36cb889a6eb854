import { alignedBytes, BITS, type Dtype, MANTISSA } from './dtypes.ts';
import { BLOCK } from './moments.ts';
import { oddParts } from './parts.ts';
import { replacedShare } from './replaced.ts';
import type { BitFigures, OddPart, PlaneName } from './types.ts';
import { medianOf, type Windows } from './windows.ts';

/** Most windows of one tensor: larger tensors get wider windows. */
const MOST_WINDOWS = 4096;
/** So that windows fit into the pieces in which tensors are read. */
const MOST_WINDOW_NUMBERS = 1 << 19;
/** With fewer numbers other than zero a window says nothing. */
const LEAST_NUMBERS = 1024;

export interface BitMeter {
  /** Bytes of whole numbers, pieces in order; every piece but the last a multiple of the window. */
  add(bytes: Uint8Array): void;
  /** Windows whose low bits are not uniform, at most `most`, the first ones of each plane. */
  suspects(most: number): readonly { readonly from: number; readonly to: number }[];
  finish(): BitFigures;
}

export const hasBitFigures = (dtype: Dtype): boolean =>
  MANTISSA[dtype] !== undefined || dtype === 'I8' || dtype === 'U8';

const low = new Uint32Array(BLOCK);
const high = new Uint32Array(BLOCK);

/** Looks at the bits of one tensor of `numbers` numbers, window by window. Numbers that are exactly zero are left out. */
export function createBitMeter(dtype: Dtype, numbers: number): BitMeter {
  let windowNumbers = BLOCK;
  while (numbers / windowNumbers > MOST_WINDOWS && windowNumbers < MOST_WINDOW_NUMBERS) windowNumbers *= 2;
  const slots = Math.max(1, Math.ceil(numbers / windowNumbers));
  const array = () => new Float32Array(slots);
  const windows = {
    numbers: windowNumbers,
    planes: { b1: array(), b2: array(), b4: array(), b8: array() },
    middle: array(),
    topEntropy: array(),
    count: 0,
  };
  const counts = createCounts();
  const codes = new Uint32Array(BITS[dtype] >= 16 ? 65_536 : 256);
  const codeShift = BITS[dtype] >= 16 ? 16 : 24;
  let seen = 0;

  function close(): void {
    const at = windows.count;
    if (at >= slots) return;
    const enough = counts.numbers >= LEAST_NUMBERS;
    windows.planes.b1[at] = enough ? uniformZ(counts.b1) : Number.NaN;
    windows.planes.b2[at] = enough ? uniformZ(counts.b2) : Number.NaN;
    windows.planes.b4[at] = enough ? uniformZ(counts.b4) : Number.NaN;
    windows.planes.b8[at] = enough ? uniformZ(counts.b8) : Number.NaN;
    windows.middle[at] = enough ? uniformZ(counts.middle) : Number.NaN;
    windows.topEntropy[at] = enough ? entropyOf(counts.top) : Number.NaN;
    windows.count = at + 1;
    counts.clear();
    seen = 0;
  }

  const gather = gatherOf(dtype);
  const perBlock = (BLOCK * BITS[dtype]) / 8;
  return Object.freeze({
    add(bytes: Uint8Array) {
      const aligned = alignedBytes(bytes, Math.min(4, BITS[dtype] / 8));
      for (let at = 0; at < aligned.length; at += perBlock) {
        const part = aligned.subarray(at, at + perBlock);
        const got = gather(part);
        counts.add(got);
        for (let index = 0; index < got; index += 1) {
          const code = (high[index] as number) >>> codeShift;
          codes[code] = (codes[code] as number) + 1;
        }
        seen += (part.length * 8) / BITS[dtype];
        if (seen >= windowNumbers) close();
      }
    },
    suspects(most: number) {
      if (seen > 0) close();
      const found = new Set<number>();
      for (const values of Object.values(windows.planes)) {
        let taken = 0;
        for (let index = 0; index < windows.count && taken < most; index += 1) {
          if (!((values[index] as number) > SUSPECT_Z)) continue;
          found.add(index);
          taken += 1;
        }
      }
      return [...found].map((index) => ({ from: index * windowNumbers, to: (index + 1) * windowNumbers }));
    },
    finish() {
      if (seen > 0) close();
      return figuresOf(windows, replacedShare(dtype, codes), oddParts(dtype, windows));
    },
  });
}

/** Chance alone reaches this in less than one of 10^15 windows. */
const SUSPECT_Z = 12;

function figuresOf(
  windows: Windows,
  replaced: BitFigures['replaced'],
  parts: readonly OddPart[],
): BitFigures {
  const middle = (values: Float32Array) => Math.round(medianOf(values, windows.count) * 100) / 100;
  return {
    windows: windows.count,
    windowNumbers: windows.numbers,
    uniformity: {
      b1: middle(windows.planes.b1),
      b2: middle(windows.planes.b2),
      b4: middle(windows.planes.b4),
      b8: middle(windows.planes.b8),
    },
    topEntropyBits: middle(windows.topEntropy),
    parts,
    replaced,
  };
}

/** Fills `low` and `high` with the lower and upper 32 bits of the numbers that are not zero, upper ones flush left; answers how many. */
function gatherOf(dtype: Dtype): (bytes: Uint8Array<ArrayBuffer>) => number {
  switch (BITS[dtype]) {
    case 64:
      return ({ buffer, byteOffset, length }) => {
        const words = new Uint32Array(buffer, byteOffset, length >> 2);
        let count = 0;
        for (let index = 0; index + 1 < words.length; index += 2) {
          const [below, above] = [words[index] as number, words[index + 1] as number];
          if (below === 0 && (above & 0x7fffffff) === 0) continue;
          low[count] = below;
          high[count] = above;
          count += 1;
        }
        return count;
      };
    case 32:
      return ({ buffer, byteOffset, length }) => {
        const words = new Uint32Array(buffer, byteOffset, length >> 2);
        let count = 0;
        for (let index = 0; index < words.length; index += 1) {
          const word = words[index] as number;
          low[count] = word;
          high[count] = word;
          count += (word & 0x7fffffff) === 0 ? 0 : 1;
        }
        return count;
      };
    case 16:
      return ({ buffer, byteOffset, length }) => {
        const words = new Uint16Array(buffer, byteOffset, length >> 1);
        let count = 0;
        for (let index = 0; index < words.length; index += 1) {
          const word = words[index] as number;
          low[count] = word;
          high[count] = word << 16;
          count += (word & 0x7fff) === 0 ? 0 : 1;
        }
        return count;
      };
    default:
      return (bytes) => {
        let count = 0;
        for (let index = 0; index < bytes.length; index += 1) {
          const word = bytes[index] as number;
          low[count] = word;
          high[count] = word << 24;
          count += word === 0 ? 0 : 1;
        }
        return count;
      };
  }
}

function createCounts() {
  const b1 = new Uint32Array(256);
  const b2 = new Uint32Array(256);
  const b4 = new Uint32Array(256);
  const b8 = new Uint32Array(256);
  const middle = new Uint32Array(256);
  const top = new Uint32Array(256);
  const counts = {
    b1,
    b2,
    b4,
    b8,
    middle,
    top,
    numbers: 0,
    /** Takes the first `count` numbers of `low` and `high`, whole groups of 8 of them for the low planes. */
    add(count: number) {
      countPlanes(counts, count - (count % 8));
      for (let index = 0; index < count; index += 1) {
        const word = high[index] as number;
        const [second, first] = [(word >>> 16) & 255, word >>> 24];
        middle[second] = (middle[second] as number) + 1;
        top[first] = (top[first] as number) + 1;
      }
      counts.numbers += count;
    },
    clear() {
      for (const bins of [b1, b2, b4, b8, middle, top]) bins.fill(0);
      counts.numbers = 0;
    },
  };
  return counts;
}

type PlaneCounts = Readonly<Record<PlaneName, Uint32Array>>;

/** Histograms of the bytes that the lowest 1, 2, 4 and 8 bits of the numbers give, read in order. */
function countPlanes({ b1, b2, b4, b8 }: PlaneCounts, count: number): void {
  for (let at = 0; at < count; at += 8) {
    let one = 0;
    let two = 0;
    let four = 0;
    for (let index = at; index < at + 8; index += 2) {
      const a = low[index] as number;
      const b = low[index + 1] as number;
      b8[a & 255] = (b8[a & 255] as number) + 1;
      b8[b & 255] = (b8[b & 255] as number) + 1;
      four = ((a & 15) << 4) | (b & 15);
      b4[four] = (b4[four] as number) + 1;
      two = (two << 4) | ((a & 3) << 2) | (b & 3);
      one = (one << 2) | ((a & 1) << 1) | (b & 1);
    }
    b1[one] = (b1[one] as number) + 1;
    const upper = (two >> 8) & 255;
    b2[upper] = (b2[upper] as number) + 1;
    b2[two & 255] = (b2[two & 255] as number) + 1;
  }
}

/** Pearson's chi-square against 256 equal bins (255 degrees of freedom) as a z-score. */
export function uniformZ(bins: Uint32Array): number {
  let total = 0;
  let squares = 0;
  for (let index = 0; index < 256; index += 1) {
    const count = bins[index] as number;
    total += count;
    squares += count * count;
  }
  return total === 0 ? 0 : ((squares * 256) / total - total - 255) / Math.sqrt(510);
}

function entropyOf(bins: Uint32Array): number {
  let total = 0;
  for (const count of bins) total += count;
  let bits = 0;
  for (const count of bins) if (count > 0) bits -= (count / total) * Math.log2(count / total);
  return bits;
}
