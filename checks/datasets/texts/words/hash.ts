/** Mixes all bits of a number into all bits (the finaliser of MurmurHash3); 0..2³²−1. */
export function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Hash of a sequence from the hash of all but its last member, and that member; order counts. */
export const join = (before: number, next: number): number =>
  mix(Math.imul(before, 31) + Math.imul(next, 0x9e3779b1) + 0x7f4a7c15);
