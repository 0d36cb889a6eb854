export interface ImageSize {
  readonly format: 'png' | 'jpeg';
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** Size of a PNG (W3C PNG §11.2.2) from its first chunk. */
function pngSize(bytes: Buffer): ImageSize | null {
  if (bytes.length < 24 || !bytes.subarray(0, 8).equals(PNG) || bytes.readUInt32BE(8) !== 13) return null;
  if (bytes.toString('latin1', 12, 16) !== 'IHDR') return null;
  return sized('png', bytes.readUInt32BE(16), bytes.readUInt32BE(20));
}

const sized = (format: ImageSize['format'], width: number, height: number): ImageSize | null =>
  width > 0 && height > 0 && width < 2 ** 31 && height < 2 ** 31 ? { format, width, height } : null;

/** Start of frame: C0..CF but for C4 (tables), C8 (reserved) and CC (arithmetic conditions). */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
const hasNoLength = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);

/** Size of a JPEG (ITU-T T.81 §B.2.2) from its first frame header. */
function jpegSize(bytes: Buffer): ImageSize | null {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return null;
  for (let at = 2; at + 9 < bytes.length; ) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1] as number;
    if (marker === 0xff) at += 1;
    else if (hasNoLength(marker)) at += 2;
    else if (isFrame(marker)) return sized('jpeg', bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5));
    else if (marker === 0xd9 || marker === 0xda) return null;
    else at += 2 + Math.max(2, bytes.readUInt16BE(at + 2));
  }
  return null;
}

/** Format and size of an image by its first bytes, or null where they do not tell. */
export function imageSize(head: Uint8Array): ImageSize | null {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  return pngSize(bytes) ?? jpegSize(bytes);
}
