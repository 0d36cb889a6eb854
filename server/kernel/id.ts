import { randomFillSync } from 'node:crypto';

const bytes = Buffer.alloc(16);
const RANDOM_BYTES = 10;
/** Drawn ahead, for one draw costs more than all the rest; each byte is used once. */
const drawn = Buffer.alloc(RANDOM_BYTES * 256);
let next = drawn.length;

/** A UUIDv7 (RFC 9562 §5.7): 48 bits of `nowMs`, then 74 random bits. */
export function uuidv7(nowMs: number): string {
  if (next === drawn.length) {
    randomFillSync(drawn);
    next = 0;
  }
  drawn.copy(bytes, 6, next, next + RANDOM_BYTES);
  next += RANDOM_BYTES;
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The instant inside a UUIDv7, in milliseconds since the epoch. */
export function timeOfUuidv7(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
