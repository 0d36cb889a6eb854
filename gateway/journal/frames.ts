import { crc32 } from 'node:zlib';

/**
 * A frame is `magic u32 | payload length u32 | record count u32 | crc32 u32 | payload`, big endian. The CRC
 * covers length, count and payload, so a frame is either whole and right or not a frame. The magic lets a
 * reader find the next frame behind damage.
 */
export const FRAME_HEADER_BYTES = 16;
const MAGIC = 0x425a4631; // "BZF1"
const MAGIC_BYTES = Buffer.from('BZF1');
/** Larger lengths are damage: one record is at most 32 MiB of JSON, a group at most that plus 1 MiB. */
export const MAX_PAYLOAD_BYTES = 128 * 1024 * 1024;

export interface Frame {
  readonly kind: 'frame';
  readonly offset: number;
  /** Offset of the byte after the frame. */
  readonly end: number;
  /** Records inside. */
  readonly count: number;
  readonly payload: Buffer;
}

export type FrameRead =
  | Frame
  /** The bytes end before the frame does; `end` is how far it would reach (at least the header). */
  | { readonly kind: 'incomplete'; readonly end: number }
  | { readonly kind: 'damaged' };

/** Wraps a payload of `count` records. Throws RangeError when it is larger than a frame may be. */
export function encodeFrame(payload: Buffer, count: number): Buffer {
  if (payload.length > MAX_PAYLOAD_BYTES) throw new RangeError('payload too large for a journal frame');
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  frame.writeUInt32BE(MAGIC, 0);
  frame.writeUInt32BE(payload.length, 4);
  frame.writeUInt32BE(count, 8);
  frame.writeUInt32BE(crc32(payload, crc32(frame.subarray(4, 12))), 12);
  payload.copy(frame, FRAME_HEADER_BYTES);
  return frame;
}

/** Reads the frame that starts at `offset`. Never throws. */
export function readFrame(bytes: Buffer, offset: number): FrameRead {
  const head = bytes.subarray(offset, offset + FRAME_HEADER_BYTES);
  if (head.length < FRAME_HEADER_BYTES) {
    const known = Math.min(head.length, MAGIC_BYTES.length);
    return head.subarray(0, known).equals(MAGIC_BYTES.subarray(0, known))
      ? { kind: 'incomplete', end: offset + FRAME_HEADER_BYTES }
      : { kind: 'damaged' };
  }
  const length = head.readUInt32BE(4);
  if (head.readUInt32BE(0) !== MAGIC || length > MAX_PAYLOAD_BYTES) return { kind: 'damaged' };
  const end = offset + FRAME_HEADER_BYTES + length;
  if (end > bytes.length) return { kind: 'incomplete', end };
  const payload = bytes.subarray(offset + FRAME_HEADER_BYTES, end);
  if (crc32(payload, crc32(head.subarray(4, 12))) !== head.readUInt32BE(12)) return { kind: 'damaged' };
  return { kind: 'frame', offset, end, count: head.readUInt32BE(8), payload };
}

export interface Damage {
  readonly start: number;
  readonly end: number;
  /** True for an unfinished last frame: what a killed writer leaves, never acknowledged. */
  readonly torn: boolean;
}

/** The first whole frame at or after `from`, or null. */
export function findFrame(bytes: Buffer, from: number): Frame | null {
  for (let at = bytes.indexOf(MAGIC_BYTES, from); at !== -1; at = bytes.indexOf(MAGIC_BYTES, at + 1)) {
    const read = readFrame(bytes, at);
    if (read.kind === 'frame') return read;
  }
  return null;
}

/** Visits every whole frame from `start` on and returns the stretches in between that are not frames. */
export function scanFrames(bytes: Buffer, start: number, visit: (frame: Frame) => void): Damage[] {
  const damages: Damage[] = [];
  let offset = start;
  while (offset < bytes.length) {
    const read = readFrame(bytes, offset);
    if (read.kind === 'frame') {
      visit(read);
      offset = read.end;
      continue;
    }
    const next = findFrame(bytes, offset + 1);
    damages.push({
      start: offset,
      end: next?.offset ?? bytes.length,
      torn: next === null && read.kind === 'incomplete',
    });
    offset = next?.offset ?? bytes.length;
  }
  return damages;
}
