import { hash } from 'node:crypto';
import type { EncodedRecords } from './encode.ts';
import { type BatchSha256, createBatchSha256 } from './sha256/batch.ts';

/** Bytes of a SHA-256. */
export const HASH_BYTES = 32;

/** SHA-256 of nothing: the root over no records (RFC 6962 §2.1). */
export const EMPTY_ROOT: Buffer = hash('sha256', Buffer.alloc(0), 'buffer');

/**
 * SHA-256 of `bytes` into `out` at `place`. As a string of bytes, since a Buffer for each costs four times as much:
 * millions are made of 32 bytes each.
 */
export function sha256Into(bytes: Uint8Array, out: Buffer, place: number): void {
  out.write(hash('sha256', bytes, 'binary'), place, HASH_BYTES, 'latin1');
}

let made: BatchSha256 | null | undefined;
/** Made when first needed; null where the machine cannot, and node:crypto does all of the work. */
function batch(): BatchSha256 | null {
  if (made === undefined) made = createBatchSha256();
  return made;
}

/** The hashes of the records, one after the other: SHA-256 over each encoding (an RFC 6962 leaf hash). */
export function hashRecords({ rows, bytes, offsets }: EncodedRecords): Buffer {
  const out = Buffer.allocUnsafeSlow(rows * HASH_BYTES);
  for (let row = 0; row < rows; ) {
    const rest = { first: row, count: rows - row };
    const done = batch()?.hash({ bytes, offsets }, rest, out.subarray(row * HASH_BYTES)) ?? 0;
    row += done;
    if (done > 0) continue;
    sha256Into(bytes.subarray(offsets[row], offsets[row + 1]), out, row * HASH_BYTES);
    row += 1;
  }
  return out;
}

const pair = Buffer.alloc(1 + 2 * HASH_BYTES);
pair[0] = 1;

/** SHA-256(0x01 ‖ left ‖ right) of the two hashes at `from`, into `out` at `place` (RFC 6962 §2.1). */
export function nodeInto(hashes: Uint8Array, from: number, out: Buffer, place: number): void {
  for (let i = 0; i < 2 * HASH_BYTES; i++) pair[1 + i] = hashes[from + i] as number;
  sha256Into(pair, out, place);
}

/** SHA-256(0x01 ‖ left ‖ right); both are 32 bytes (RFC 6962 §2.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  pair.set(left, 1);
  pair.set(right, 1 + HASH_BYTES);
  const out = Buffer.allocUnsafeSlow(HASH_BYTES);
  sha256Into(pair, out, 0);
  return out;
}

/** Root over `count` hashes, 1 or more, that lie one after the other from `start` bytes on (RFC 6962 §2.1). */
export function rootOf(hashes: Uint8Array, start: number, count: number): Buffer {
  let level = Buffer.from(hashes.subarray(start, start + count * HASH_BYTES));
  if (level.length !== count * HASH_BYTES || count < 1)
    throw new RangeError('there are fewer hashes than that');
  for (let width = count; width > 1; width = Math.ceil(width / 2)) {
    const pairs = width >> 1;
    const many = pairs > 1 ? batch() : null;
    if (many) many.nodes(level, pairs, level);
    else for (let i = 0; i < pairs; i++) nodeInto(level, 2 * i * HASH_BYTES, level, i * HASH_BYTES);
    // The last of an odd number goes up as it is, as RFC 6962's split at the largest power of two has it.
    if (width % 2 === 1)
      level.copy(level, ((width - 1) / 2) * HASH_BYTES, (width - 1) * HASH_BYTES, width * HASH_BYTES);
    level = level.subarray(0, Math.ceil(width / 2) * HASH_BYTES);
  }
  return level;
}
