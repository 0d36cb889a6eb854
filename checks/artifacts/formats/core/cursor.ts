import { type ByteSource, ScanFault } from '../../types.ts';

const WINDOW_BYTES = 1 << 18;
const CHECKPOINT_BYTES = 1 << 20;

/** Reads forward through `[start, end)` of a source with one buffer; numbers are little-endian unless told. */
export interface Cursor {
  readonly end: number;
  readonly position: () => number;
  /** The next `length` bytes; throws `ScanFault` where fewer are left. */
  readonly take: (length: number) => Promise<Uint8Array>;
  readonly skip: (length: number) => void;
  readonly u32: () => Promise<number>;
  /** As a number; throws `ScanFault` above 2^53. */
  readonly u64: () => Promise<number>;
}

export interface CursorOptions {
  readonly start?: number;
  readonly end?: number;
  readonly bigEndian?: boolean;
  readonly checkpoint?: () => void;
}

export function createCursor(source: ByteSource, options: CursorOptions = {}): Cursor {
  const end = Math.min(options.end ?? source.size, source.size);
  const littleEndian = options.bigEndian !== true;
  let at = options.start ?? 0;
  let buffer: Uint8Array = new Uint8Array(0);
  let bufferAt = at;
  let checkedAt = at;

  async function take(length: number): Promise<Uint8Array> {
    if (length < 0 || at + length > end) {
      throw new ScanFault(`ends ${at + length - end} bytes too early`, at);
    }
    if (at < bufferAt || at + length > bufferAt + buffer.length) {
      buffer = await source.read(at, Math.min(Math.max(length, WINDOW_BYTES), end - at));
      bufferAt = at;
      if (buffer.length < length) throw new ScanFault('ends too early', at);
    }
    const from = at - bufferAt;
    at += length;
    if (at - checkedAt > CHECKPOINT_BYTES) {
      checkedAt = at;
      options.checkpoint?.();
    }
    return buffer.subarray(from, from + length);
  }

  async function number(length: 4 | 8): Promise<number> {
    const bytes = await take(length);
    const view = new DataView(bytes.buffer, bytes.byteOffset, length);
    if (length === 4) return view.getUint32(0, littleEndian);
    const value = view.getBigUint64(0, littleEndian);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ScanFault('a count beyond any file', at - 8);
    return Number(value);
  }

  return Object.freeze({
    end,
    position: () => at,
    take,
    skip(length: number) {
      if (length < 0 || at + length > end) throw new ScanFault('ends too early', at);
      at += length;
    },
    u32: () => number(4),
    u64: () => number(8),
  });
}
