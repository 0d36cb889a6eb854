import type { ByteSource, Probe, ScanContext } from '../../types.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
const lossy = new TextDecoder('utf-8', { fatal: false });
const utf16le = new TextDecoder('utf-16le', { fatal: false });
const utf16be = new TextDecoder('utf-16be', { fatal: false });

/** The start of a file as text, null when it is not text. Reads UTF-8, and UTF-16 with a byte order mark. */
export function probeText({ head, size }: Probe): string | null {
  if (head.length === 0) return null;
  if (head[0] === 0xff && head[1] === 0xfe) return utf16le.decode(head);
  if (head[0] === 0xfe && head[1] === 0xff) return utf16be.decode(head);
  if (head.includes(0)) return null;
  try {
    return decoder.decode(cutAtCharacter(head, size > head.length));
  } catch {
    // A few stray bytes make no binary of a text: an old encoding, or a trap for strict readers.
    const text = lossy.decode(head);
    const odd = (text.match(/[\ufffd\u0001-\u0008\u000e-\u001f]/g) ?? []).length;
    return odd * 50 < text.length ? text : null;
  }
}

/** The whole source as text; null when it is larger than `mostBytes`. */
export async function readText(source: ByteSource, mostBytes: number): Promise<string | null> {
  if (source.size > mostBytes) return null;
  const bytes = await source.read(0, source.size);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return utf16le.decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return utf16be.decode(bytes);
  return lossy.decode(bytes);
}

/** UTF-8, damaged characters replaced. */
export function utf8(bytes: Uint8Array): string {
  return lossy.decode(bytes);
}

/** At most `chars` of `text`, with a mark where it was cut. */
export function cut(text: string, chars = 200): string {
  return text.length <= chars ? text : `${text.slice(0, chars)}…`;
}

/** The byte offset of a UTF-16 offset in the text of a UTF-8 file. */
export function byteOffset(text: string, index: number): number {
  let bytes = 0;
  for (let at = 0; at < index && at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800 || (unit >= 0xd800 && unit < 0xe000)) bytes += 2;
    else bytes += 3;
  }
  return bytes;
}

/** How much text of one file is held in memory at once. */
export const TEXT_LIMIT_BYTES = 64 * 2 ** 20;

function cutAtCharacter(bytes: Uint8Array, mayBeCut: boolean): Uint8Array {
  if (!mayBeCut) return bytes;
  let end = bytes.length;
  for (let back = 0; back < 3 && end > 0 && (bytes[end - 1] as number) >= 0x80; back += 1) {
    end -= 1;
    if ((bytes[end] as number) >= 0xc0) return bytes.subarray(0, end);
  }
  return bytes.subarray(0, end);
}

export type { ScanContext };
