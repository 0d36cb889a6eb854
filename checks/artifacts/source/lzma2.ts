import type { ByteSource } from '../types.ts';
import { ScanFault } from '../types.ts';
import { lzma2Dictionary, lzmaDecoder } from './lzma.ts';

const MOST_PACKED = 512 * 2 ** 20;

/** An LZMA2 chunk: what its control byte and sizes say. */
interface Chunk {
  readonly packed: number;
  readonly size: number;
  readonly head: number;
  readonly plain: boolean;
  readonly resetDictionary: boolean;
  readonly resetState: boolean;
  readonly properties: number | undefined;
}

function chunkOf(head: Uint8Array): Chunk {
  const [control = 0, a = 0, b = 0, c = 0, d = 0, e = 0] = head;
  const low = a * 256 + b + 1;
  if (control < 0x80) {
    if (control > 2) throw new ScanFault('broken LZMA2 content');
    const resets = { resetDictionary: control === 1, resetState: false, properties: undefined };
    return { packed: low, size: low, head: 3, plain: true, ...resets };
  }
  const reset = (control >> 5) & 3;
  return {
    packed: c * 256 + d + 1,
    size: (control & 0x1f) * 65_536 + low,
    head: reset >= 2 ? 6 : 5,
    plain: false,
    resetDictionary: reset === 3,
    resetState: reset >= 1,
    properties: reset >= 2 ? e : undefined,
  };
}

/** Where LZMA2 content ended: offset after its end mark. */
export interface Lzma2End {
  offset: number;
}

/**
 * Decompressed pieces of LZMA2 content that begins at `start`; sets `end` when done.
 *
 * @param property - the dictionary size as LZMA2 writes it.
 * @throws ScanFault for broken content.
 */
export async function* lzma2Pieces(
  source: ByteSource,
  { start, property }: { readonly start: number; readonly property: number },
  end?: Lzma2End,
): AsyncGenerator<Uint8Array, void> {
  const decoder = lzmaDecoder(lzma2Dictionary(property));
  let known = false;
  for (let at = start; ; ) {
    const head = await source.read(at, 6);
    if (head.length === 0) throw new ScanFault('LZMA2 content ends too soon', at);
    if (head[0] === 0) {
      if (end !== undefined) end.offset = at + 1;
      return;
    }
    const chunk = chunkOf(head);
    const content = await source.read(at + chunk.head, chunk.packed);
    if (content.length < chunk.packed) throw new ScanFault('LZMA2 content ends too soon', at);
    if (chunk.resetDictionary) decoder.resetDictionary();
    if (chunk.properties !== undefined) {
      decoder.setProperties(chunk.properties);
      known = true;
    }
    if (chunk.plain) yield decoder.copy(content);
    else {
      if (!known) throw new ScanFault('broken LZMA2 content', at);
      if (chunk.resetState && chunk.properties === undefined) decoder.resetState();
      yield* decoder.decode(content, chunk.size);
    }
    at += chunk.head + chunk.packed;
  }
}

/** How LZMA content of one piece is set up. */
export interface LzmaSetup {
  /** Offset of the compressed content. */
  readonly start: number;
  readonly property: number;
  readonly dictionary: number;
  /** Bytes that come out; -1 when an end mark tells. */
  readonly size: number;
}

/** Decompressed pieces of LZMA content that reaches to the end of `source`. @throws ScanFault */
export async function* lzmaPieces(source: ByteSource, setup: LzmaSetup): AsyncGenerator<Uint8Array, void> {
  const { start, property, dictionary, size } = setup;
  if (source.size - start > MOST_PACKED) throw new ScanFault('LZMA content that is too long to open');
  const reach = size >= 0 ? Math.min(dictionary, size) : dictionary;
  const decoder = lzmaDecoder(Math.max(4_096, reach));
  decoder.setProperties(property);
  yield* decoder.decode(await source.read(start, source.size - start), size);
}
