import { createRandom } from '../../statistics/random.ts';
import type { RandomBits } from '../types.ts';

/** Bytes that repeat for the same seed: for tests and benches only, no privacy at all. */
export function seededBits(seed: number): RandomBits {
  const stream = createRandom(seed);
  return Object.freeze({
    bytes: (count: number) => {
      const bytes = new Uint8Array(count);
      for (let at = 0; at < count; at += 4) {
        const word = stream.uint32();
        for (let part = 0; part < 4 && at + part < count; part++) bytes[at + part] = word >>> (8 * part);
      }
      return bytes;
    },
  });
}
