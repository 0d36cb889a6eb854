import type { RandomBits } from '../types.ts';

const POOL = 1024;

/**
 * The same source asked for 1,024 bytes at a time, since noise takes many small numbers; each byte is given once and
 * then wiped from the pool. Make one for each release.
 */
export function pooled(random: RandomBits): RandomBits {
  let pool = new Uint8Array(0);
  let used = 0;
  return Object.freeze({
    bytes: (count: number) => {
      if (count > POOL) return random.bytes(count);
      if (used + count > pool.length) {
        pool = Uint8Array.from(random.bytes(POOL));
        used = 0;
      }
      const given = pool.slice(used, used + count);
      pool.fill(0, used, used + count);
      used += count;
      return given;
    },
  });
}
