import type { RandomBits } from '../types.ts';

/** A uniform whole number of `bits` bits, 0 ≤ x < 2^bits; `bits` 0..32768. */
export function uniformBits(random: RandomBits, bits: number): bigint {
  if (bits === 0) return 0n;
  const bytes = random.bytes((bits + 7) >>> 3);
  let value = 0n;
  let [word, held] = [0, 0];
  for (const byte of bytes) {
    word = word * 256 + byte;
    held += 8;
    if (held < 48) continue;
    value = (value << 48n) | BigInt(word);
    [word, held] = [0, 0];
  }
  value = (value << BigInt(held)) | BigInt(word);
  return value >> BigInt(bytes.length * 8 - bits);
}

/** A uniform whole number, 0 ≤ x < `below`, exactly (by rejection); `below` is 1 or more. RangeError otherwise. */
export function uniformBelow(random: RandomBits, below: bigint): bigint {
  if (below < 1n) throw new RangeError(`A bound is 1 or more, not ${below}`);
  const bits = (below - 1n).toString(2).length;
  if (below === 1n) return 0n;
  for (;;) {
    const drawn = uniformBits(random, bits);
    if (drawn < below) return drawn;
  }
}
