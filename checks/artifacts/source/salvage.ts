import { Buffer } from 'node:buffer';
import { constants, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import type { ByteSource } from '../types.ts';

/** Compressed bytes that are looked at, and decompressed ones that are kept, of content that is broken. */
const MOST_PACKED = 2 * 2 ** 20;
const MOST_PLAIN = 16 * 2 ** 20;

type Inflate = (packed: Uint8Array) => Buffer;

const lenient = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MOST_PLAIN };
const ENGINES: Readonly<Record<'deflate' | 'zlib' | 'gzip' | 'zstd', Inflate>> = {
  deflate: (packed) => inflateRawSync(packed, lenient),
  zlib: (packed) => inflateSync(packed, lenient),
  gzip: (packed) => gunzipSync(packed, lenient),
  zstd: (packed) =>
    zstdDecompressSync(packed, { finishFlush: constants.ZSTD_e_flush, maxOutputLength: MOST_PLAIN }),
};

function attempt(inflate: Inflate, packed: Uint8Array): Buffer | undefined {
  try {
    return inflate(packed);
  } catch {
    return undefined;
  }
}

/**
 * What a reader gets out of broken content before it meets the fault: loaders read from the front and act on what
 * they have. Looks for the longest beginning that can be decompressed, at most the first 2 MiB of it.
 */
export async function salvage(source: ByteSource, compression: keyof typeof ENGINES): Promise<Buffer> {
  const packed = await source.read(0, Math.min(source.size, MOST_PACKED));
  const inflate = ENGINES[compression];
  let best: Buffer = Buffer.alloc(0);
  let [good, bad] = [0, packed.length + 1];
  while (bad - good > 1) {
    const length = bad > packed.length && good === 0 ? packed.length : (good + bad) >>> 1;
    const plain = attempt(inflate, packed.subarray(0, length));
    if (plain === undefined) bad = length;
    else [good, best] = [length, plain];
  }
  return best;
}
