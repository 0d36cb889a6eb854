/** A seeded stream of numbers: the same ones for the same seed on every machine. Not for keys, tokens or privacy. */
export interface Random {
  /** Uniform whole number, 0..2³²−1. */
  readonly uint32: () => number;
  /** Uniform number, 0 ≤ x < 1, with 53 bits. */
  readonly next: () => number;
  /** Uniform whole number, 0 ≤ x < `below` (1..2³²), without bias. RangeError for another `below`. */
  readonly integer: (below: number) => number;
  /** Standard normal number (Marsaglia's polar method, 1964). */
  readonly normal: () => number;
  /** Puts the items into a uniformly random order, in place (Fisher and Yates); gives the same object back. */
  readonly shuffle: <Items extends { readonly length: number; [place: number]: unknown }>(
    items: Items,
  ) => Items;
}

const MASK = (1n << 64n) - 1n;

/** Four words for a seed by SplitMix64, low half first, as the authors of xoshiro advise. */
function words(seed: number): Uint32Array {
  const state = new Uint32Array(4);
  let at = BigInt(seed);
  for (let pair = 0; pair < 2; pair++) {
    at = (at + 0x9e3779b97f4a7c15n) & MASK;
    let mixed = ((at ^ (at >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
    mixed = ((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn) & MASK;
    mixed ^= mixed >> 31n;
    state[2 * pair] = Number(mixed & 0xffffffffn);
    state[2 * pair + 1] = Number(mixed >> 32n);
  }
  return state;
}

/** xoshiro128** 1.1 (Blackman and Vigna, ACM TOMS 47, 2021) from these four words, not all 0. */
export function xoshiro128(state: Uint32Array): () => number {
  let [a, b, c, d] = [state[0] ?? 0, state[1] ?? 0, state[2] ?? 0, state[3] ?? 0];
  return () => {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
}

/** A stream for `seed`, a whole number 0..2⁵³−1. RangeError for any other seed. */
export function createRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`A seed is a whole number from 0 to 2^53 - 1, not ${String(seed)}`);
  const uint32 = xoshiro128(words(seed));
  const next = (): number => ((uint32() >>> 5) * 0x4000000 + (uint32() >>> 6)) / 0x20000000000000;
  const integer = (below: number): number => {
    if (!Number.isInteger(below) || below < 1 || below > 0x100000000)
      throw new RangeError(`A bound is a whole number from 1 to 2^32, not ${String(below)}`);
    const whole = 0x100000000 - (0x100000000 % below);
    for (;;) {
      const drawn = uint32();
      if (drawn < whole) return drawn % below;
    }
  };
  let spare: number | null = null;
  const normal = (): number => {
    if (spare !== null) {
      const kept = spare;
      spare = null;
      return kept;
    }
    for (;;) {
      const [x, y] = [2 * next() - 1, 2 * next() - 1];
      const square = x * x + y * y;
      if (square === 0 || square >= 1) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      spare = y * scale;
      return x * scale;
    }
  };
  const shuffle: Random['shuffle'] = (items) => {
    for (let end = items.length - 1; end > 0; end--) {
      const place = integer(end + 1);
      const moved = items[end];
      (items as Record<number, unknown>)[end] = items[place];
      (items as Record<number, unknown>)[place] = moved;
    }
    return items;
  };
  return Object.freeze({ uint32, next, integer, normal, shuffle });
}
