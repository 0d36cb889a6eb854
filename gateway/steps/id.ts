import { randomFillSync } from 'node:crypto';

const POOL_IDS = 256;
const RANDOM_BYTES = 10;
const pool = Buffer.alloc(POOL_IDS * RANDOM_BYTES);
let used = POOL_IDS;

/**
 * A UUIDv7 (RFC 9562 §5.7): 48 bits of `nowMs`, then 74 random bits. Random bytes are drawn for many ids at
 * a time, because the gateway needs one for every request.
 */
export function uuidv7(nowMs: number): string {
  if (used === POOL_IDS) {
    randomFillSync(pool);
    used = 0;
  }
  const at = used * RANDOM_BYTES;
  used += 1;
  pool[at] = 0x70 | ((pool[at] as number) & 0x0f);
  pool[at + 2] = 0x80 | ((pool[at + 2] as number) & 0x3f);
  const time = nowMs.toString(16).padStart(12, '0');
  const hex = pool.toString('hex', at, at + RANDOM_BYTES);
  return `${time.slice(0, 8)}-${time.slice(8)}-${hex.slice(0, 4)}-${hex.slice(4, 8)}-${hex.slice(8)}`;
}
