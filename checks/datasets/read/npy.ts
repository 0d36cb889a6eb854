import { type FileHandle, open } from 'node:fs/promises';
import { type Chunk, type ColumnChunk, type ColumnType, MAX_COLUMNS, type Schema } from '../records/index.ts';
import { DatasetInputError, type Matrix } from '../types.ts';
import { regularFile } from './engine.ts';
import { type OpenDataset, ReadError, type ReadOptions } from './types.ts';

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
const MAX_HEADER = 1_048_576;
const MAX_SIDES = 32;
/** Bytes of rows that are read at once. */
const READ_BYTES = 4 * 2 ** 20;

type Numbers =
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Float32Array
  | Float64Array;
interface Kind {
  readonly make: new (buffer: ArrayBuffer, offset: number, length: number) => Numbers;
  readonly store: 'bits' | 'integers' | 'float32' | 'float64';
  readonly type: ColumnType;
}
const integers = (make: Kind['make']): Kind => ({ make, store: 'integers', type: { kind: 'integer' } });
const KINDS: Readonly<Record<string, Kind>> = Object.freeze({
  b1: { make: Uint8Array, store: 'bits', type: { kind: 'boolean' } },
  i1: integers(Int8Array),
  i2: integers(Int16Array),
  i4: integers(Int32Array),
  i8: integers(BigInt64Array),
  u1: integers(Uint8Array),
  u2: integers(Uint16Array),
  u4: integers(Uint32Array),
  u8: integers(BigUint64Array),
  f4: { make: Float32Array, store: 'float32', type: { kind: 'float' } },
  f8: { make: Float64Array, store: 'float64', type: { kind: 'double' } },
});

export interface NpyHeader {
  /** Of numbers: `<f4` and the like. */
  readonly descr: string;
  readonly shape: readonly number[];
  /** Where the numbers begin. */
  readonly offset: number;
}

const HEADER =
  /^\{\s*'descr'\s*:\s*'([<>|=][biuf][0-9]{1,2})'\s*,\s*'fortran_order'\s*:\s*(True|False)\s*,\s*'shape'\s*:\s*\(([0-9L,\s]{0,1000})\)\s*,?\s*\}\s*$/;

/**
 * The header of an array of numbers from the first bytes of a file (NEP 1); it is matched, never evaluated. ReadError
 * for objects (they would be pickles), structures, texts, Fortran order, and bytes in the other order.
 */
export function parseNpyHeader(head: Uint8Array, size: number): NpyHeader {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (bytes.length < 12 || !bytes.subarray(0, 6).equals(MAGIC)) throw new ReadError('This is no npy file.');
  const version = bytes[6] ?? 0;
  if (version < 1 || version > 3) throw new ReadError(`The version ${version} of the npy file is unknown.`);
  const length = version === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  const offset = (version === 1 ? 10 : 12) + length;
  if (length > MAX_HEADER || offset > bytes.length)
    throw new ReadError('The header of the npy file is too long or cut off.');
  const match = HEADER.exec(bytes.toString('latin1', offset - length, offset).trim());
  if (match === null)
    throw new ReadError(
      'The npy file is no plain array of numbers: objects, structures and texts are not read.',
    );
  const [, descr = '', fortran, sides = ''] = match;
  const kind = KINDS[descr.slice(1)];
  if (kind === undefined || (descr.startsWith('>') && descr !== '>b1' && !descr.endsWith('1')))
    throw new ReadError(
      `Numbers of type ${descr} are not read; save them as little-endian integers or floats.`,
    );
  const shape = sides
    .split(',')
    .map((side) => side.replace('L', '').trim())
    .filter((side) => side !== '')
    .map(Number);
  if (shape.length === 0 || shape.length > MAX_SIDES) throw new ReadError('The array has no rows.');
  if (fortran === 'True' && shape.length > 1)
    throw new ReadError('The array is in Fortran order; save it in C order.');
  const items = shape.reduce((product, side) => product * side, 1);
  const width = shape.slice(1).reduce((product, side) => product * side, 1);
  if (!Number.isSafeInteger(width) || !shape.every(Number.isSafeInteger))
    throw new ReadError('The shape of the array is past all bounds.');
  // Rows of nothing take no bytes, and could be as many as somebody likes.
  if (width === 0 && shape[0] !== 0) throw new ReadError('The rows of the array are empty.');
  if (!Number.isSafeInteger(items) || offset + items * Number(descr.slice(2)) > size)
    throw new ReadError('The array is cut off.');
  if (offset + items * Number(descr.slice(2)) < size) throw new ReadError('Bytes follow the array.');
  return { descr, shape, offset };
}

/** Numbers of some rows, as they lie in the file; good until the next. */
interface Rows {
  readonly rows: number;
  readonly values: Numbers;
}

async function* rowsOf(file: FileHandle, { descr, shape, offset }: NpyHeader): AsyncGenerator<Rows> {
  const { make } = KINDS[descr.slice(1)] as Kind;
  const [total = 0, ...sides] = shape;
  const width = sides.reduce((product, side) => product * side, 1);
  const item = Number(descr.slice(2));
  const perRead = Math.max(1, Math.floor(READ_BYTES / Math.max(1, width * item)));
  for (let at = 0; at < total; at += perRead) {
    const rows = Math.min(perRead, total - at);
    const bytes = Buffer.from(new ArrayBuffer(rows * width * item));
    let read = 0;
    while (read < bytes.length) {
      const { bytesRead } = await file.read(
        bytes,
        read,
        bytes.length - read,
        offset + at * width * item + read,
      );
      if (bytesRead === 0) throw new ReadError('The array was cut off while it was read.');
      read += bytesRead;
    }
    yield { rows, values: new make(bytes.buffer, 0, rows * width) };
  }
}

async function openHeader(path: string, most?: number) {
  const { path: real, bytes } = await regularFile(path, most);
  const file = await open(real, 'r');
  try {
    const head = Buffer.alloc(Math.min(bytes, MAX_HEADER + 12));
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    return { file, bytes, header: parseNpyHeader(head.subarray(0, bytesRead), bytes) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Opens an array as records: its first side are the rows, the others, one after the other, the columns `0`, `1` and on. */
export async function openNpy(path: string, options: ReadOptions = {}): Promise<OpenDataset> {
  const { file, bytes, header } = await openHeader(path, options.limits?.fileBytes);
  const width = header.shape.slice(1).reduce((product, side) => product * side, 1);
  const kind = KINDS[header.descr.slice(1)] as Kind;
  if (width > MAX_COLUMNS || options.schema !== undefined) {
    await file.close();
    throw new ReadError(
      width > MAX_COLUMNS
        ? `The array has ${width} numbers a row, more than ${MAX_COLUMNS} columns.`
        : 'An npy file has its own schema.',
    );
  }
  const schema: Schema = {
    columns: Array.from({ length: width }, (_, at) => ({ name: String(at), type: kind.type })),
  };
  return Object.freeze({
    format: 'npy',
    bytes,
    schema,
    chunks: async function* () {
      for await (const { rows, values } of rowsOf(file, header)) yield transposed(rows, values, width, kind);
    },
    close: () => file.close(),
  });
}

function transposed(rows: number, values: Numbers, width: number, { make, store }: Kind): Chunk {
  const columns = Array.from({ length: width }, (_, column): ColumnChunk => {
    const out = new make(new ArrayBuffer(rows * values.BYTES_PER_ELEMENT), 0, rows);
    for (let row = 0; row < rows; row++) out[row] = values[row * width + column] as never;
    return { store, valid: null, values: out } as ColumnChunk;
  });
  return { rows, columns };
}

export interface NumberArray extends Matrix {
  readonly shape: readonly number[];
}

/**
 * Reads a whole array into memory as a matrix of its first side by all others; float32 stays, other numbers become
 * float64. DatasetInputError for whole numbers past 2^53, and for more than `maxBytes` of memory (default 2 GiB).
 */
export async function readNpy(
  path: string,
  { maxBytes = 2 ** 31 }: { readonly maxBytes?: number } = {},
): Promise<NumberArray> {
  const { file, header } = await openHeader(path);
  try {
    const [rows = 0, ...sides] = header.shape;
    const columns = sides.reduce((product, side) => product * side, 1);
    const single = header.descr.endsWith('f4');
    if (rows * columns * (single ? 4 : 8) > maxBytes)
      throw new DatasetInputError(`The array needs more than ${maxBytes} bytes of memory.`);
    const values = single ? new Float32Array(rows * columns) : new Float64Array(rows * columns);
    let at = 0;
    for await (const part of rowsOf(file, header)) {
      for (const value of part.values) {
        const number = Number(value);
        if (typeof value === 'bigint' && !Number.isSafeInteger(number))
          throw new DatasetInputError('The array holds whole numbers past 2^53.');
        values[at++] = number;
      }
    }
    return { rows, columns, values, shape: header.shape };
  } finally {
    await file.close();
  }
}
