import type { ByteSource } from '../../types.ts';

const BLOCK_BYTES = 1 << 20;

/** Keeps the last block read, so that many small reads close together cost one. */
export function cachedSource(source: ByteSource): ByteSource {
  let block: Uint8Array = new Uint8Array(0);
  let blockAt = 0;
  return Object.freeze({
    size: source.size,
    read(offset: number, length: number): Promise<Uint8Array> | Uint8Array {
      const end = Math.min(offset + length, source.size);
      if (offset >= blockAt && end <= blockAt + block.length) {
        return block.subarray(offset - blockAt, end - blockAt);
      }
      if (length >= BLOCK_BYTES) return source.read(offset, length);
      return (async () => {
        const read = await source.read(offset, BLOCK_BYTES);
        block = read;
        blockAt = offset;
        return read.subarray(0, Math.max(0, end - offset));
      })();
    },
  });
}
