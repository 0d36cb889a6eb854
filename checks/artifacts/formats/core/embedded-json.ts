import { type ByteSource, ScanFault } from '../../types.ts';
import { type JsonValue, parseJson } from '../json/parse.ts';
import { cachedSource } from './cached.ts';
import { utf8 } from './text.ts';

const CHUNK_BYTES = 1 << 20;
const MOST_OBJECT_BYTES = 64 << 20;
/** Shorter ones say nothing. */
const LEAST_BYTES = 16;
const MOST_OBJECTS = 10_000;

export interface EmbeddedJson {
  readonly value: JsonValue;
  readonly offset: number;
  readonly length: number;
}

/**
 * Every JSON object with a key that lies in a binary file as one piece, outermost ones only. Numbers hardly ever look
 * like one for more than a few bytes, so this is one pass. Throws `ScanFault` for files built to make it many.
 */
export async function* embeddedJson(input: ByteSource, checkpoint: () => void): AsyncGenerator<EmbeddedJson> {
  const source = cachedSource(input);
  const budget = { left: 8 * source.size + MOST_OBJECT_BYTES };
  let found = 0;
  let from = 0;
  while (from < source.size) {
    checkpoint();
    const chunk = await source.read(from, CHUNK_BYTES - 1);
    let at = chunk.indexOf(0x7b);
    let next = from + chunk.length;
    while (at >= 0) {
      const offset = from + at;
      const end = await skim(source, offset, budget);
      if (end - offset >= LEAST_BYTES) {
        const value = await parsed(source, offset, end);
        if (value !== undefined) {
          found += 1;
          if (found > MOST_OBJECTS) throw new ScanFault(`more than ${MOST_OBJECTS} JSON objects`, offset);
          yield { value, offset, length: end - offset };
          if (end >= from + chunk.length) {
            next = end;
            break;
          }
          at = end - from - 1;
        }
      }
      at = chunk.indexOf(0x7b, at + 1);
    }
    from = next;
  }
}

async function parsed(source: ByteSource, offset: number, end: number): Promise<JsonValue | undefined> {
  try {
    return parseJson(utf8(await source.read(offset, end - offset))).value;
  } catch (fault) {
    if (fault instanceof ScanFault) return undefined;
    throw fault;
  }
}

/** Where the braces that open at `offset` are closed, reading only what JSON may hold; `offset` where they are not. */
async function skim(source: ByteSource, offset: number, budget: { left: number }): Promise<number> {
  let depth = 0;
  let inString = false;
  let escaped = false;
  let piece = 256;
  for (let from = offset; from < Math.min(source.size, offset + MOST_OBJECT_BYTES); ) {
    const bytes = await source.read(from, piece);
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at] as number;
      budget.left -= 1;
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === 0x5c) escaped = true;
        else if (byte === 0x22) inString = false;
        else if (byte < 0x20) return offset;
      } else if (byte === 0x22) inString = true;
      else if (byte === 0x7b || byte === 0x5b) depth += 1;
      else if (byte === 0x7d || byte === 0x5d) {
        depth -= 1;
        if (depth === 0) return from + at + 1;
      } else if (!isPlain(byte)) return offset;
      if (
        from + at === offset + 1 &&
        byte !== 0x22 &&
        byte !== 0x20 &&
        byte !== 0x0a &&
        byte !== 0x0d &&
        byte !== 0x09
      ) {
        return offset;
      }
    }
    if (budget.left < 0) throw new ScanFault('too many things that look like JSON', offset);
    from += bytes.length;
    piece = Math.min(piece * 4, CHUNK_BYTES / 2);
  }
  return offset;
}

/** Blanks, digits, letters of words and numbers, and `+-.,:`. */
function isPlain(byte: number): boolean {
  return (
    byte === 0x20 ||
    byte === 0x0a ||
    byte === 0x0d ||
    byte === 0x09 ||
    (byte >= 0x30 && byte <= 0x3a) ||
    (byte >= 0x41 && byte <= 0x7a && byte !== 0x5c) ||
    byte === 0x2b ||
    byte === 0x2c ||
    byte === 0x2d ||
    byte === 0x2e
  );
}
