import type { ByteSource, Probe } from '../types.ts';
import { PROBE_BYTES } from '../types.ts';

/** Bytes in memory as a source; `bytes` must not change afterwards. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return Object.freeze({
    size: bytes.length,
    read: (offset: number, length: number) =>
      bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + length, bytes.length)),
  });
}

/** `length` bytes of `source` from `start`; cut where `source` ends. */
export function sliceSource(source: ByteSource, start: number, length: number): ByteSource {
  const from = Math.min(start, source.size);
  const size = Math.max(0, Math.min(length, source.size - from));
  return Object.freeze({
    size,
    read: (offset: number, wanted: number) => {
      const at = Math.min(offset, size);
      return source.read(from + at, Math.min(wanted, size - at));
    },
  });
}

/** First and last bytes of a source, for `recognise`. */
export async function probe(source: ByteSource): Promise<Probe> {
  const head = await source.read(0, Math.min(PROBE_BYTES, source.size));
  const tailStart = Math.max(0, source.size - PROBE_BYTES);
  const tail = tailStart === 0 ? head : await source.read(tailStart, source.size - tailStart);
  return { head, tail, size: source.size };
}
