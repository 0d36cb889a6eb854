import type { ByteSource } from '../types.ts';
import { ScanFault } from '../types.ts';

/** RFC 8878: frames one after the other, and frames to be skipped between them. */
const FRAME = 0xfd2fb528;
const SKIPPED = 0x184d2a50;
const MOST_BLOCKS = 50_000_000;

async function view(source: ByteSource, at: number, length: number): Promise<DataView> {
  const bytes = await source.read(at, length);
  if (bytes.length < length) throw new ScanFault('broken zstd content', at);
  return new DataView(bytes.buffer, bytes.byteOffset, length);
}

/** Bytes of the frame's header behind the mark, by its descriptor (section 3.1.1.1). */
function headerBytes(descriptor: number): number {
  const single = (descriptor & 0x20) !== 0;
  const size = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  const dictionary = [0, 1, 2, 4][descriptor & 3] as number;
  return 1 + (single ? 0 : 1) + dictionary + size;
}

/** The end of the frame at `start`, by the lengths of its blocks. @throws ScanFault */
async function frameEnd(source: ByteSource, start: number, checkpoint: () => void): Promise<number> {
  const descriptor = (await view(source, start + 4, 1)).getUint8(0);
  let at = start + 4 + headerBytes(descriptor);
  for (let blocks = 0; blocks < MOST_BLOCKS; blocks += 1) {
    if ((blocks & 1_023) === 0) checkpoint();
    const head = await view(source, at, 3);
    const block = head.getUint16(0, true) | (head.getUint8(2) << 16);
    const isRepeated = ((block >> 1) & 3) === 1;
    at += 3 + (isRepeated ? 1 : block >> 3);
    if ((block & 1) === 1) return at + ((descriptor & 4) === 0 ? 0 : 4);
  }
  throw new ScanFault('more blocks than are followed', start);
}

export interface ZstdFrame {
  readonly start: number;
  readonly length: number;
}

/**
 * Where the frames of a Zstandard file lie. The last one may be cut off: it then reaches to the end of the file.
 *
 * @throws ScanFault where something else stands between them.
 */
export async function* zstdFrames(source: ByteSource, checkpoint: () => void): AsyncGenerator<ZstdFrame> {
  for (let at = 0; at < source.size; ) {
    const mark = (await view(source, at, 4)).getUint32(0, true);
    if (mark === FRAME) {
      let end = source.size;
      try {
        end = Math.min(end, await frameEnd(source, at, checkpoint));
      } catch (fault) {
        if (!(fault instanceof ScanFault)) throw fault;
      }
      yield { start: at, length: end - at };
      at = end;
    } else if ((mark & ~15) >>> 0 === SKIPPED) {
      at += 8 + (await view(source, at + 4, 4)).getUint32(0, true);
    } else throw new ScanFault('broken zstd content', at);
  }
}
