import type { ByteSource } from '../types.ts';
import { ScanFault } from '../types.ts';
import { lzma2Pieces, lzmaPieces } from './lzma2.ts';

/** Bytes of the check that follows each block, by its kind (xz file format 1.1, 2.1.1.2). */
const CHECK_BYTES: readonly number[] = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const LZMA2_FILTER = 0x21;

/** A number of 7 bits a byte; answers it and where it ends. */
function variable(bytes: Uint8Array, from: number): [value: number, next: number] {
  let [value, scale] = [0, 1];
  for (let at = from; at < Math.min(bytes.length, from + 9); at += 1) {
    const byte = bytes[at] as number;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return [value, at + 1];
    scale *= 128;
  }
  throw new ScanFault('broken xz content');
}

/** The dictionary property of a block header with LZMA2 as its only filter. */
function propertyOf(header: Uint8Array): number {
  const flags = header[1] ?? 0;
  if ((flags & 3) !== 0) throw new ScanFault('xz filters that cannot be undone here');
  let at = 2;
  if ((flags & 0x40) !== 0) [, at] = variable(header, at);
  if ((flags & 0x80) !== 0) [, at] = variable(header, at);
  const [filter, after] = variable(header, at);
  const [length, content] = variable(header, after);
  if (filter !== LZMA2_FILTER || length !== 1) throw new ScanFault('xz filters that cannot be undone here');
  return header[content] ?? 255;
}

/** Decompressed pieces of an xz file. @throws ScanFault */
export async function* xzPieces(source: ByteSource): AsyncGenerator<Uint8Array, void> {
  const flags = await source.read(6, 2);
  const check = CHECK_BYTES[(flags[1] ?? 0) & 15] ?? 0;
  for (let at = 12; ; ) {
    const [units = 0] = await source.read(at, 1);
    if (units === 0) return;
    const size = (units + 1) * 4;
    const header = await source.read(at, size);
    const property = propertyOf(header);
    const end = { offset: at + size };
    yield* lzma2Pieces(source, { start: at + size, property }, end);
    at = at + size + Math.ceil((end.offset - at - size) / 4) * 4 + check;
  }
}

/** Decompressed pieces of a file in the older .lzma format. @throws ScanFault */
export async function* lzmaFilePieces(source: ByteSource): AsyncGenerator<Uint8Array, void> {
  const head = await source.read(0, 13);
  if (head.length < 13) throw new ScanFault('LZMA content ends too soon');
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const size = view.getBigUint64(5, true);
  yield* lzmaPieces(source, {
    start: 13,
    property: head[0] ?? 255,
    dictionary: view.getUint32(1, true),
    size: size === 0xffffffffffffffffn ? -1 : Number(size),
  });
}
