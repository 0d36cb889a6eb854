import { hash } from 'node:crypto';

/** Bytes of a SHA-256. */
export const HASH_BYTES = 32;

const sha256 = (bytes: Uint8Array): Buffer => hash('sha256', bytes, 'buffer');

/** Root of a tree without leaves: SHA-256 of nothing (RFC 6962 §2.1). */
export const EMPTY_ROOT: Buffer = sha256(Buffer.alloc(0));

/** `SHA-256(0x00 ‖ data)` (RFC 6962 §2.1). */
export function leafHash(data: Uint8Array): Buffer {
  const prefixed = Buffer.allocUnsafe(data.length + 1);
  prefixed[0] = 0;
  prefixed.set(data, 1);
  return sha256(prefixed);
}

const pair = Buffer.alloc(1 + 2 * HASH_BYTES);
pair[0] = 1;

/** `SHA-256(0x01 ‖ left ‖ right)`; both are 32 bytes (RFC 6962 §2.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  pair.set(left, 1);
  pair.set(right, 1 + HASH_BYTES);
  return sha256(pair);
}

/** Root over `count` (a power of two) hashes that lie one after the other in `hashes`, from `from` on. */
export function perfectRoot(hashes: Uint8Array, from: number, count: number): Buffer {
  let level = Buffer.from(hashes.subarray(from * HASH_BYTES, (from + count) * HASH_BYTES));
  if (level.length !== count * HASH_BYTES) throw new RangeError('there are fewer hashes than that');
  for (let width = count; width > 1; width /= 2) {
    const above = Buffer.allocUnsafe((width / 2) * HASH_BYTES);
    for (let i = 0; i < width; i += 2) {
      const at = i * HASH_BYTES;
      const node = nodeHash(
        level.subarray(at, at + HASH_BYTES),
        level.subarray(at + HASH_BYTES, at + 2 * HASH_BYTES),
      );
      above.set(node, (i / 2) * HASH_BYTES);
    }
    level = above;
  }
  return level;
}
