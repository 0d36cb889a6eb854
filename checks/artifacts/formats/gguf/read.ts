import { type ByteSource, ScanFault } from '../../types.ts';
import { type Cursor, createCursor } from '../core/cursor.ts';
import { utf8 } from '../core/text.ts';
import { ARRAY_TYPE, STRING_TYPE, VALUE_BYTES } from './types.ts';

/** A text among the metadata; a text in an array comes with the array's key. */
export interface GgufText {
  readonly key: string;
  readonly text: string;
  readonly offset: number;
}

export interface GgufTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly type: number;
  /** From the start of the tensor data. */
  readonly offset: number;
  /** Where in the file it is described. */
  readonly at: number;
}

export interface GgufFile {
  readonly version: number;
  readonly keys: readonly string[];
  readonly texts: readonly GgufText[];
  readonly tensors: readonly GgufTensor[];
  readonly alignment: number;
  readonly dataStart: number;
}

const MOST_KEYS = 100_000;
const MOST_TENSORS = 1_000_000;
const MOST_ITEMS = 50_000_000;
const MOST_DIMS = 8;
/** Longer than any token and any template; the longest that is known is a tokenizer model of some MiB. */
const MOST_STRING_BYTES = 64 * 2 ** 20;
/** Words of a vocabulary are shorter: only longer texts are kept. */
const LEAST_KEPT_IN_ARRAY = 64;
const MOST_KEPT_BYTES = 64 * 2 ** 20;
const MOST_NESTING = 4;

/** Reads header, metadata and tensor descriptions of GGUF 1 to 3. Throws `ScanFault`. */
export async function readGguf(source: ByteSource, checkpoint: () => void): Promise<GgufFile> {
  const start = await source.read(0, 8);
  const bigEndian = start.length === 8 && start[4] === 0;
  const reader = createReader(createCursor(source, { start: 4, bigEndian, checkpoint }), bigEndian);
  const version = await reader.cursor.u32();
  if (version < 1 || version > 3) throw new ScanFault(`version ${version} is not known`, 4);
  reader.useWideCounts(version > 1);
  const tensorCount = await reader.count(MOST_TENSORS, 'tensors');
  const keyCount = await reader.count(MOST_KEYS, 'keys');
  const keys: string[] = [];
  let alignment = 32;
  for (let index = 0; index < keyCount; index += 1) {
    const key = utf8(await reader.string(65_536));
    keys.push(key);
    const type = await reader.cursor.u32();
    if (key === 'general.alignment' && type === 4) alignment = await reader.cursor.u32();
    else await reader.value(key, type, 0);
  }
  if (alignment < 1 || alignment > 2 ** 20 || (alignment & (alignment - 1)) !== 0) {
    throw new ScanFault(`an alignment of ${alignment}`, reader.cursor.position());
  }
  const tensors: GgufTensor[] = [];
  for (let index = 0; index < tensorCount; index += 1) tensors.push(await reader.tensor());
  const dataStart = Math.ceil(reader.cursor.position() / alignment) * alignment;
  return { version, keys, texts: reader.texts, tensors, alignment, dataStart };
}

function createReader(cursor: Cursor, bigEndian: boolean) {
  const texts: GgufText[] = [];
  let kept = 0;
  let wide = true;
  let items = 0;
  const number = () => (wide ? cursor.u64() : cursor.u32());

  async function count(most: number, what: string): Promise<number> {
    const at = cursor.position();
    const value = await number();
    // Each needs at least a byte: a larger count is a lie that makes naive readers allocate.
    if (value > most || value > cursor.end - cursor.position()) throw new ScanFault(`${value} ${what}`, at);
    return value;
  }

  async function string(most: number): Promise<Uint8Array> {
    const at = cursor.position();
    const length = await number();
    if (length > most) throw new ScanFault(`a text of ${length} bytes`, at);
    return cursor.take(length);
  }

  async function text(key: string, least: number): Promise<void> {
    const bytes = await string(MOST_STRING_BYTES);
    if (bytes.length < least) return;
    kept += bytes.length;
    if (kept > MOST_KEPT_BYTES) throw new ScanFault('too much text', cursor.position());
    texts.push({ key, text: utf8(bytes), offset: cursor.position() - bytes.length });
  }

  async function array(key: string, depth: number): Promise<void> {
    if (depth > MOST_NESTING) throw new ScanFault('arrays nested too deep', cursor.position());
    const type = await cursor.u32();
    const length = await count(MOST_ITEMS, 'items');
    const bytes = VALUE_BYTES[type];
    if (bytes !== undefined) {
      cursor.skip(bytes * length);
      return;
    }
    items += length;
    if (items > MOST_ITEMS) throw new ScanFault('too many items', cursor.position());
    for (let index = 0; index < length; index += 1) {
      if (type === STRING_TYPE) await text(key, key.includes('template') ? 0 : LEAST_KEPT_IN_ARRAY);
      else await value(key, type, depth + 1);
    }
  }

  async function value(key: string, type: number, depth: number): Promise<void> {
    const bytes = VALUE_BYTES[type];
    if (bytes !== undefined) cursor.skip(bytes);
    else if (type === STRING_TYPE) await text(key, 0);
    else if (type === ARRAY_TYPE) await array(key, depth);
    else throw new ScanFault(`a value of the unknown type ${type}`, cursor.position() - 4);
  }

  async function tensor(): Promise<GgufTensor> {
    const at = cursor.position();
    const name = utf8(await string(65_536));
    const rank = await cursor.u32();
    if (rank > MOST_DIMS) throw new ScanFault(`a tensor of ${rank} dimensions`, at);
    const dims: number[] = [];
    for (let index = 0; index < rank; index += 1) dims.push(await number());
    const type = await cursor.u32();
    return { name, dims, type, offset: await cursor.u64(), at };
  }

  return Object.freeze({
    cursor,
    bigEndian,
    texts,
    count,
    string,
    value,
    tensor,
    useWideCounts(is: boolean) {
      wide = is;
    },
  });
}
