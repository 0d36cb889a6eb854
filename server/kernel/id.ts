import { randomFillSync } from 'node:crypto';

const bytes = Buffer.alloc(16);

/** A UUIDv7 (RFC 9562 §5.7): 48 bits of `nowMs`, then 74 random bits. */
export function uuidv7(nowMs: number): string {
  randomFillSync(bytes, 6);
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
