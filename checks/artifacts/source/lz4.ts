import { Buffer } from 'node:buffer';
import type { ByteSource } from '../types.ts';
import { ScanFault } from '../types.ts';

/** LZ4 frame format 1.6.4: frames of blocks, and what may stand between them. */
const FRAME = 0x184d2204;
const LEGACY = 0x184c2102;
const SKIPPED = 0x184d2a50;
const HISTORY = 65_536;
const MOST_BLOCK = 8 * 2 ** 20;
const LEGACY_BLOCK = 8 * 2 ** 20;

const broken = (at: number): ScanFault => new ScanFault('broken LZ4 content', at);

/** True at the beginning of an LZ4 frame. */
export const isLz4 = (head: Uint8Array): boolean =>
  head[0] === 0x04 && head[1] === 0x22 && head[2] === 0x4d && head[3] === 0x18;

async function read(source: ByteSource, at: number, length: number): Promise<Buffer> {
  const bytes = await source.read(at, length);
  if (bytes.length < length) throw broken(at);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** A length that goes on in further bytes while they are 255. */
function extended(packed: Uint8Array, from: number, base: number): { length: number; next: number } {
  let [length, next] = [base, from];
  if (base !== 15) return { length, next };
  for (;;) {
    const byte = packed[next];
    if (byte === undefined) throw broken(from);
    length += byte;
    next += 1;
    if (byte !== 255) return { length, next };
  }
}

/**
 * One block behind `history`; answers what it adds.
 *
 * @param most - bytes that a block may give.
 * @throws ScanFault where it is broken.
 */
export function unpackBlock(packed: Uint8Array, history: Uint8Array, most: number): Uint8Array {
  const out = new Uint8Array(history.length + most);
  out.set(history);
  let to = history.length;
  let at = 0;
  while (at < packed.length) {
    const token = packed[at] as number;
    const literals = extended(packed, at + 1, token >> 4);
    at = literals.next;
    if (at + literals.length > packed.length || to + literals.length > out.length) throw broken(at);
    out.set(packed.subarray(at, at + literals.length), to);
    at += literals.length;
    to += literals.length;
    if (at === packed.length) break;
    const offset = (packed[at] ?? 0) | ((packed[at + 1] ?? 0) << 8);
    const match = extended(packed, at + 2, token & 15);
    at = match.next;
    const length = match.length + 4;
    if (offset === 0 || offset > to || to + length > out.length) throw broken(at);
    for (let end = to + length; to < end; to += 1) out[to] = out[to - offset] as number;
  }
  return out.subarray(history.length, to);
}

interface Frame {
  /** Offset of the first block. */
  readonly at: number;
  readonly dependent: boolean;
  readonly blockSum: boolean;
  readonly contentSum: boolean;
  readonly mostBlock: number;
}

async function readFrame(source: ByteSource, at: number): Promise<Frame> {
  const [flags = 0, blocks = 0] = await read(source, at + 4, 2);
  if (flags >> 6 !== 1) throw broken(at);
  const size = (blocks >> 4) & 7;
  if (size < 4) throw broken(at);
  return {
    at: at + 7 + ((flags & 8) === 0 ? 0 : 8) + ((flags & 1) === 0 ? 0 : 4),
    dependent: (flags & 0x20) === 0,
    blockSum: (flags & 0x10) !== 0,
    contentSum: (flags & 0x04) !== 0,
    mostBlock: Math.min(MOST_BLOCK, 2 ** (8 + 2 * size)),
  };
}

/** The decompressed blocks of one frame; returns the offset behind it. */
async function* framePieces(source: ByteSource, start: number): AsyncGenerator<Uint8Array, number> {
  const frame = await readFrame(source, start);
  let at = frame.at;
  let history: Uint8Array = new Uint8Array(0);
  for (;;) {
    const header = (await read(source, at, 4)).readUInt32LE(0);
    at += 4;
    if (header === 0) return at + (frame.contentSum ? 4 : 0);
    const length = header & 0x7fffffff;
    if (length > frame.mostBlock + 64) throw broken(at);
    const packed = await read(source, at, length);
    const plain =
      (header & 0x80000000) !== 0 ? Uint8Array.from(packed) : unpackBlock(packed, history, frame.mostBlock);
    at += length + (frame.blockSum ? 4 : 0);
    if (frame.dependent) {
      history = Buffer.concat([history, plain]).subarray(-HISTORY);
    }
    yield plain;
  }
}

/** Blocks of the format before frames; returns the offset behind them. */
async function* legacyPieces(source: ByteSource, start: number): AsyncGenerator<Uint8Array, number> {
  let at = start + 4;
  while (at + 4 <= source.size) {
    const length = (await read(source, at, 4)).readUInt32LE(0);
    if (length === FRAME || length === LEGACY || length > LEGACY_BLOCK * 1.01) return at;
    yield unpackBlock(await read(source, at + 4, length), new Uint8Array(0), LEGACY_BLOCK);
    at += 4 + length;
  }
  return at;
}

/** Decompressed pieces of an LZ4 file, all its frames. @throws ScanFault where it is broken. */
export async function* lz4Pieces(source: ByteSource): AsyncGenerator<Uint8Array> {
  let at = 0;
  while (at < source.size) {
    const mark = (await read(source, at, 4)).readUInt32LE(0);
    if (mark === FRAME) at = yield* framePieces(source, at);
    else if (mark === LEGACY) at = yield* legacyPieces(source, at);
    else if ((mark & ~15) >>> 0 === SKIPPED) at += 8 + (await read(source, at + 4, 4)).readUInt32LE(0);
    else throw broken(at);
  }
}
