import { Buffer } from 'node:buffer';
import { gunzipSync, inflateSync } from 'node:zlib';
import type { Value } from './values.ts';
import { bytes, itemsOf, text } from './values.ts';

const MOST_BYTES = 1_048_576;
const LATIN1: ReadonlySet<string> = new Set(['latin1', 'iso88591']);

/** The whole content of a text or bytes value; undefined where it is not known in full. */
function contentOf(value: Value | undefined): Buffer | undefined {
  if (typeof value !== 'object') return undefined;
  if (value.kind === 'text') return value.whole ? Buffer.from(value.text, 'utf8') : undefined;
  if (value.kind !== 'bytes' || value.head.length !== value.size) return undefined;
  return Buffer.from(value.head.buffer, value.head.byteOffset, value.head.length);
}

/** Decompresses at most 1 MiB; undefined when it is more or broken. */
export function inflated(content: Uint8Array, how: 'zlib' | 'gzip'): Buffer | undefined {
  try {
    const options = { maxOutputLength: MOST_BYTES };
    return how === 'zlib' ? inflateSync(content, options) : gunzipSync(content, options);
  } catch {
    return undefined;
  }
}

function rot13(plain: string): string {
  return plain.replace(/[a-zA-Z]/g, (letter) => {
    const code = letter.charCodeAt(0);
    const first = code < 97 ? 65 : 97;
    return String.fromCharCode(((code - first + 13) % 26) + first);
  });
}

const codecName = (value: Value | undefined): string =>
  typeof value === 'object' && value.kind === 'text'
    ? value.text.toLowerCase().replace(/[-_ ]/g, '')
    : 'utf8';

function decode(content: Buffer, codec: string): Value | undefined {
  switch (codec) {
    case 'rot13':
      return text(rot13(content.toString('utf8')));
    case 'hex':
    case 'hexcodec':
      return bytes(Buffer.from(content.toString('latin1'), 'hex'));
    case 'base64':
    case 'base64codec':
      return bytes(Buffer.from(content.toString('latin1'), 'base64'));
    case 'zlib':
    case 'zip':
    case 'zlibcodec': {
      const plain = inflated(content, 'zlib');
      return plain && bytes(plain);
    }
    case 'latin1':
    case 'iso88591':
      return text(content.toString('latin1'));
    case 'utf8':
    case 'ascii':
      return text(content.toString('utf8'));
    default:
      return undefined;
  }
}

/** `text.encode(codec)`: rot13 stays text, the rest become bytes. */
function encode(value: Value | undefined, codec: string): Value | undefined {
  if (typeof value !== 'object' || value.kind !== 'text') return undefined;
  if (!value.whole) {
    const { written } = value;
    if (written === undefined || !LATIN1.has(codec)) return undefined;
    return { ...bytes(Buffer.from(value.text, 'latin1'), written.length), written };
  }
  if (codec === 'rot13') return text(rot13(value.text));
  if (LATIN1.has(codec)) return bytes(Buffer.from(value.text, 'latin1'));
  return codec === 'utf8' || codec === 'ascii' ? bytes(Buffer.from(value.text, 'utf8')) : undefined;
}

/**
 * What a decoding function of the standard library gives for known arguments.
 *
 * @param name - `encode`, `decode`, `bytes`, `hex`, `base64`, `zlib` or `gzip`.
 */
export function decodeWith(name: string, args: readonly (Value | undefined)[]): Value | undefined {
  const [value, codec] = args;
  if (name === 'encode') return encode(value, codecName(codec));
  if (name === 'bytes') {
    const items = itemsOf(value);
    if (items.length > 0 && items.every((item) => typeof item === 'number')) return bytes(Buffer.from(items));
    return typeof value === 'object' && value.kind === 'bytes' ? value : encode(value, codecName(codec));
  }
  const content = contentOf(value);
  if (content === undefined || content.length > MOST_BYTES) return undefined;
  if (name === 'zlib' || name === 'gzip') {
    const plain = inflated(content, name);
    return plain && bytes(plain);
  }
  return decode(content, name === 'decode' ? codecName(codec) : name);
}
