import type { ByteSource } from '../types.ts';
import { ScanFault } from '../types.ts';

const MOST_FILTERED = 256 * 2 ** 20;
/** For the last three bytes: whether a conversion is allowed, and which byte tells (bits: was E8 or E9). */
const ALLOWED: readonly boolean[] = [true, true, true, false, true, false, false, false];
const TELLING: readonly number[] = [0, 1, 2, 2, 3, 3, 3, 3];

const isSign = (byte: number | undefined): boolean => byte === 0 || byte === 255;

/** Absolute targets of calls and jumps back to relative ones, as a 32-bit x86 program has them. */
function plainTarget(target: number, end: number, mask: number): number {
  let from = target;
  for (;;) {
    const to = (from - end) | 0;
    if (mask === 0) return to;
    const bits = (TELLING[mask] as number) * 8;
    if (!isSign((to >>> (24 - bits)) & 255)) return to;
    from = to ^ (2 ** (32 - bits) - 1);
  }
}

/** Undoes the BCJ filter for x86 in place (7-Zip, xz). */
export function undoX86(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let [before, mask] = [-1, 0];
  for (let at = 0; at + 4 < bytes.length; at += 1) {
    if (((bytes[at] as number) & 0xfe) !== 0xe8) continue;
    const distance = at - before;
    mask = before < 0 || distance > 3 ? 0 : (mask << (distance - 1)) & 7;
    before = at;
    const blocked = mask !== 0 && (!ALLOWED[mask] || isSign(bytes[at + 4 - (TELLING[mask] as number)]));
    if (blocked || !isSign(bytes[at + 4])) {
      mask = (mask << 1) | 1;
      continue;
    }
    const to = plainTarget(view.getInt32(at + 1, true), at + 5, mask) & 0x01ffffff;
    view.setUint32(at + 1, (to & 0x01000000) === 0 ? to : (to | 0xfe000000) >>> 0, true);
    at += 4;
  }
}

/** Undoes the delta filter in place: each byte was written as the difference to the one `distance` before. */
export function undoDelta(bytes: Uint8Array, distance: number): void {
  for (let at = distance; at < bytes.length; at += 1) {
    bytes[at] = ((bytes[at] as number) + (bytes[at - distance] as number)) & 255;
  }
}

/** A copy of all of `source`, to be filtered. @throws ScanFault when it is too long. */
export async function copyOf(source: ByteSource): Promise<Uint8Array> {
  if (source.size > MOST_FILTERED) throw new ScanFault('filtered content that is too long to open');
  return Uint8Array.from(await source.read(0, source.size));
}
