import { Buffer } from 'node:buffer';
import type { Transform } from 'node:stream';
import {
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from 'node:zlib';
import type { ByteSource, ScanContext } from '../types.ts';
import { ScanFault } from '../types.ts';
import { bytesSource, sliceSource } from './bytes.ts';
import { salvage } from './salvage.ts';
import { zstdFrames } from './zstd.ts';

/** Compressions that Node knows. */
export type Compression = 'deflate' | 'zlib' | 'gzip' | 'zstd';

const READ_BYTES = 262_144;
const MOST_AT_ONCE = 262_144;
/** Content up to this size is kept in memory; larger is decompressed again for each pass. */
const MOST_KEPT = 32 * 2 ** 20;
/** What a forward pass keeps behind it, for small steps back. */
const KEPT_BEHIND = 4 * 2 ** 20;
const BOMB_FROM = 64 * 2 ** 20;
const MOST_PASSES = 200;

/** A bomb: built to exhaust whoever opens it. */
export class BombFault extends ScanFault {}

function engineOf(compression: Compression): Transform {
  switch (compression) {
    case 'deflate':
      return createInflateRaw();
    case 'zlib':
      return createInflate();
    case 'gzip':
      return createGunzip();
    case 'zstd':
      return createZstdDecompress();
  }
}

/** Pushes the compressed bytes through the engine; ends early when the engine does. */
async function feed(source: ByteSource, engine: Transform): Promise<void> {
  for (let offset = 0; offset < source.size && !engine.destroyed; offset += READ_BYTES) {
    const chunk = await source.read(offset, READ_BYTES);
    if (engine.destroyed) return;
    if (engine.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        engine.off('drain', go).off('close', go);
        resolve();
      };
      engine.on('drain', go).on('close', go);
    });
  }
  if (!engine.destroyed) engine.end();
}

/** Decompressed pieces of `source`, in order. @throws ScanFault where the content is broken. */
async function* decompressed(
  source: ByteSource,
  compression: Compression,
  { checkpoint }: Pick<ScanContext, 'checkpoint'>,
): AsyncGenerator<Buffer> {
  if (compression !== 'zstd') {
    yield* onePass(source, compression);
    return;
  }
  // Node ends with the first frame; other readers go on.
  for await (const { start, length } of zstdFrames(source, checkpoint)) {
    yield* onePass(sliceSource(source, start, length), compression);
  }
}

const SYNC: Readonly<Record<Compression, (packed: Uint8Array, options: object) => Buffer>> = {
  deflate: inflateRawSync,
  zlib: inflateSync,
  gzip: gunzipSync,
  zstd: zstdDecompressSync,
};

const brokenBy = (compression: Compression, code: string): ScanFault | undefined =>
  /^(?:Z_|ZSTD_|ERR_)/.test(code) ? new ScanFault(`broken ${compression} content (${code})`) : undefined;

/** Little content at once, which saves the engine's start; undefined where it turns out to be much. @throws ScanFault */
async function atOnce(source: ByteSource, compression: Compression): Promise<Buffer | undefined> {
  if (source.size > MOST_AT_ONCE) return undefined;
  try {
    return SYNC[compression](await source.read(0, source.size), { maxOutputLength: 4 * MOST_AT_ONCE });
  } catch (error) {
    if (error instanceof ScanFault || !(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw brokenBy(compression, String(error.code)) ?? error;
  }
}

async function* onePass(source: ByteSource, compression: Compression): AsyncGenerator<Buffer> {
  const plain = await atOnce(source, compression);
  if (plain !== undefined) {
    yield plain;
    return;
  }
  const engine = engineOf(compression);
  // A failed read must reach whoever waits for the engine.
  const feeding = feed(source, engine).catch((error: Error) => {
    engine.destroy(error);
  });
  try {
    for await (const piece of engine) yield piece as Buffer;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw brokenBy(compression, code) ?? error;
  } finally {
    engine.destroy();
    await feeding;
  }
}

/** Makes pieces anew for each pass over some content. */
export type OpenPieces = () => AsyncGenerator<Uint8Array>;

/** A source over content that can only be read forward; a step back begins a new pass. */
function forwardSource(open: OpenPieces, size: number, context: ScanContext): ByteSource {
  let pieces = open();
  let passes = 1;
  /** Pieces that are kept, in order, and where the first of them begins. */
  let kept: Uint8Array[] = [];
  let from = 0;
  let reached = 0;

  async function rewind(): Promise<void> {
    await pieces.return(undefined);
    passes += 1;
    if (passes > MOST_PASSES) throw new ScanFault('compressed content that is read back and forth too often');
    pieces = open();
    kept = [];
    from = 0;
    reached = 0;
  }

  function take(offset: number, length: number): Uint8Array {
    const out = new Uint8Array(length);
    let at = from;
    for (const piece of kept) {
      const start = Math.max(offset, at);
      const end = Math.min(offset + length, at + piece.length);
      if (start < end) out.set(piece.subarray(start - at, end - at), start - offset);
      at += piece.length;
    }
    return out;
  }

  return Object.freeze({
    size,
    async read(offset: number, wanted: number): Promise<Uint8Array> {
      const at = Math.min(offset, size);
      const length = Math.min(wanted, size - at);
      if (length <= 0) return new Uint8Array(0);
      if (at < from) await rewind();
      while (reached < at + length) {
        const next = await pieces.next();
        if (next.done === true) throw new ScanFault('compressed content ends too soon', reached);
        context.checkpoint();
        kept.push(next.value);
        reached += next.value.length;
        while (kept.length > 1 && from + (kept[0]?.length ?? 0) <= Math.min(at, reached - KEPT_BEHIND)) {
          from += kept.shift()?.length ?? 0;
        }
      }
      return take(at, length);
    },
  });
}

/** Content as far as it could be decompressed, and what ended it too soon. */
export interface Expanded {
  readonly content: ByteSource;
  readonly fault: ScanFault | undefined;
}

/**
 * The content of compressed pieces as a source. Goes over all of it once, to know its size and whether it is whole.
 *
 * @param packedBytes - length of the compressed content, for the ratio.
 * @throws BombFault above the limits.
 */
export async function expandAsFar(
  open: OpenPieces,
  packedBytes: number,
  context: ScanContext,
): Promise<Expanded> {
  const { limits, budget } = context;
  let kept: Uint8Array[] | undefined = [];
  let size = 0;
  let fault: ScanFault | undefined;
  try {
    for await (const piece of open()) {
      context.checkpoint();
      size += piece.length;
      budget.expandedBytes += piece.length;
      if (budget.expandedBytes > limits.expandedBytes) {
        throw new BombFault(`decompresses to more than ${limits.expandedBytes} bytes`);
      }
      if (size > BOMB_FROM && size > packedBytes * limits.ratio) {
        throw new BombFault(`decompresses to more than ${limits.ratio} times its size`);
      }
      if (size > MOST_KEPT) kept = undefined;
      else kept?.push(piece);
    }
  } catch (error) {
    if (!(error instanceof ScanFault) || error instanceof BombFault) throw error;
    fault = error;
  }
  const content = kept === undefined ? forwardSource(open, size, context) : bytesSource(Buffer.concat(kept));
  return { content, fault };
}

/** As `expandAsFar`, for content that must be whole. @throws BombFault above the limits, ScanFault for broken content. */
export async function expandPieces(
  open: OpenPieces,
  packedBytes: number,
  context: ScanContext,
): Promise<ByteSource> {
  const { content, fault } = await expandAsFar(open, packedBytes, context);
  if (fault !== undefined) throw fault;
  return content;
}

/** The decompressed content of `source`, as far as it goes. @throws BombFault above the limits. */
export async function expandStream(
  source: ByteSource,
  compression: Compression,
  context: ScanContext,
): Promise<Expanded> {
  const expanded = await expandAsFar(() => decompressed(source, compression, context), source.size, context);
  if (expanded.fault === undefined || expanded.content.size > MOST_KEPT) return expanded;
  const saved = await salvage(source, compression);
  context.budget.expandedBytes += saved.length;
  return saved.length > expanded.content.size
    ? { content: bytesSource(saved), fault: expanded.fault }
    : expanded;
}

/** The decompressed content of all of `source`. @throws as `expandPieces` does. */
export async function expand(
  source: ByteSource,
  compression: Compression,
  context: ScanContext,
): Promise<ByteSource> {
  return expandPieces(() => decompressed(source, compression, context), source.size, context);
}
