import type { ColumnChunk, ColumnType, Field } from './types.ts';
import { SHORT_DECIMAL } from './values.ts';

/** In front of the bits for missing values: the prefix of a leaf and the schema's digest. */
export const HEAD_BYTES = 33;

/** Bytes of every value of a type, or null where they differ. Integers in typed arrays take 9. */
export function widthOf(type: ColumnType): number | null {
  switch (type.kind) {
    case 'boolean':
      return 1;
    case 'float':
    case 'date':
      return 4;
    case 'double':
    case 'time':
    case 'timestamp':
    case 'instant':
      return 8;
    case 'decimal':
      return type.precision <= SHORT_DECIMAL ? 8 : 16;
    default:
      return null;
  }
}

/** Whether a row has a value. */
export const isThere = (valid: Uint8Array | null, row: number): boolean =>
  valid === null || ((valid[row >> 3] as number) & (1 << (row & 7))) !== 0;

/** What an encoder works on: where each record ends so far, first as sizes, then as places. */
export interface Work {
  readonly rows: number;
  readonly bytes: Buffer;
  readonly at: Uint32Array;
}

/** Sets the bit of column `index` where its value is missing; `at` are the starts of the records. */
export function markMissing(column: ColumnChunk, index: number, { rows, bytes, at }: Work): void {
  const { valid } = column;
  const nulls = column.store === 'values' ? column.values : null;
  if (valid === null && nulls === null) return;
  const place = HEAD_BYTES + (index >> 3);
  for (let row = 0; row < rows; row++) {
    if (isThere(valid, row) && (nulls === null || (nulls[row] ?? null) !== null)) continue;
    const byte = (at[row] as number) + place;
    bytes[byte] = (bytes[byte] as number) | (1 << (index & 7));
  }
}

/** Writes the values of a column behind what each record has so far. */
export function writeColumn(
  field: Field,
  column: ColumnChunk,
  encoded: (Buffer | null)[] | null,
  work: Work,
): void {
  if (encoded !== null) return writeEncoded(encoded, work);
  switch (column.store) {
    case 'bits':
      return writeBits(column.values, column.valid, work);
    case 'packed':
      return writePacked(column, work);
    case 'float32':
    case 'float64':
      return writeReals(column, work);
    case 'integers':
      return writeIntegers(field.type, column, work);
    case 'values':
      throw new TypeError('values are encoded when they are measured');
  }
}

function writeEncoded(encoded: readonly (Buffer | null)[], { rows, bytes, at }: Work): void {
  for (let row = 0; row < rows; row++) {
    const value = encoded[row];
    if (!value) continue;
    bytes.set(value, at[row] as number);
    at[row] = (at[row] as number) + value.length;
  }
}

function writeBits(values: Uint8Array, valid: Uint8Array | null, { rows, bytes, at }: Work): void {
  for (let row = 0; row < rows; row++) {
    if (!isThere(valid, row)) continue;
    const place = at[row] as number;
    bytes[place] = values[row] === 0 ? 0 : 1;
    at[row] = place + 1;
  }
}

/** Below this a loop is faster than a call. */
const SHORT_COPY = 48;

function writePacked(column: ColumnChunk & { readonly store: 'packed' }, { rows, bytes, at }: Work): void {
  const { starts, ends, bytes: source } = column.values;
  const from = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  for (let row = 0; row < rows; row++) {
    if (!isThere(column.valid, row)) continue;
    const start = starts[row] as number;
    const end = ends[row] as number;
    const length = end - start;
    let place = at[row] as number;
    bytes[place] = length;
    bytes[place + 1] = length >>> 8;
    bytes[place + 2] = length >>> 16;
    bytes[place + 3] = length >>> 24;
    place += 4;
    if (length > SHORT_COPY) from.copy(bytes, place, start, end);
    else for (let i = 0; i < length; i++) bytes[place + i] = source[start + i] as number;
    at[row] = place + length;
  }
}

function writeReals(
  column: ColumnChunk & { readonly store: 'float32' | 'float64' },
  { rows, bytes, at }: Work,
): void {
  const { values, valid } = column;
  const width = values.BYTES_PER_ELEMENT;
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  for (let row = 0; row < rows; row++) {
    if (!isThere(valid, row)) continue;
    const place = at[row] as number;
    const value = values[row] as number;
    if (value === value) for (let i = 0; i < width; i++) bytes[place + i] = raw[row * width + i] as number;
    else {
      for (let i = 0; i < width - 2; i++) bytes[place + i] = 0;
      bytes[place + width - 2] = width === 8 ? 0xf8 : 0xc0;
      bytes[place + width - 1] = 0x7f;
    }
    at[row] = place + width;
  }
}

type IntegerColumn = ColumnChunk & { readonly store: 'integers' };

function writeIntegers(type: ColumnType, column: IntegerColumn, work: Work): void {
  const { rows, bytes, at } = work;
  const prefix = type.kind === 'integer';
  const width = prefix ? 8 : (widthOf(type) as number);
  const { values, valid } = column;
  const wide = values instanceof BigInt64Array;
  // Two halves of each number, which spares a bigint for each.
  const halves = wide ? new Int32Array(values.buffer, values.byteOffset, values.length * 2) : values;
  for (let row = 0; row < rows; row++) {
    if (!isThere(valid, row)) continue;
    let place = at[row] as number;
    if (prefix) bytes[place++] = 8;
    const low = (wide ? halves[row * 2] : halves[row]) as number;
    const high = wide ? (halves[row * 2 + 1] as number) : low < 0 ? -1 : 0;
    put32(bytes, place, low);
    if (width > 4) put32(bytes, place + 4, high);
    if (width === 16) {
      put32(bytes, place + 8, high >> 31);
      put32(bytes, place + 12, high >> 31);
    }
    at[row] = place + width;
  }
}

function put32(bytes: Uint8Array, place: number, value: number): void {
  bytes[place] = value;
  bytes[place + 1] = value >>> 8;
  bytes[place + 2] = value >>> 16;
  bytes[place + 3] = value >>> 24;
}
