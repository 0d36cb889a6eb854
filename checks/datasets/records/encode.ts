/**
 * The canonical form of a record, version 1. All numbers are little-endian.
 *
 *     0x00 ‖ schema digest (32 bytes) ‖ missing ‖ values
 *
 * - 0x00 is RFC 6962's prefix of a leaf, so that SHA-256 over all of it is both the record's hash and its leaf.
 * - `missing` has a bit for each column (lowest first, filled up with 0 to whole bytes), 1 where the value is missing.
 * - `values` are those that are there, in the order of the columns. Missing, empty and zero are three things.
 *
 * | kind | bytes |
 * |---|---|
 * | boolean | 0 or 1 |
 * | integer | 8 and two's complement in 8 bytes, or 16 and 16 bytes where 8 are too few |
 * | decimal | times 10^scale, two's complement in 8 bytes up to 18 digits, 16 above |
 * | float, double | IEEE 754; -0 is not 0, infinities are values, all NaN are one (7fc00000, 7ff8000000000000) |
 * | text | length (u32) and UTF-8 as it is: not normalised, since what trains a model is the very code points |
 * | bytes | length (u32) and bytes |
 * | date | days since 1970-01-01 in 4 bytes |
 * | time, timestamp, instant | microseconds in 8 bytes |
 * | list | count (u32), then `missing` and values as above |
 * | struct | `missing` and values of its fields as above |
 *
 * Given the schema each form can be read in one way only, and the schema's digest is part of it.
 */
import { DatasetInputError } from '../types.ts';
import { schemaDigest } from './schema.ts';
import {
  type Chunk,
  type ColumnChunk,
  type ColumnType,
  type Field,
  type Integers,
  MAX_CELL_BYTES,
  type Schema,
} from './types.ts';
import { ValueError, valueBytes } from './values.ts';
import { HEAD_BYTES, isThere, markMissing, widthOf, writeColumn } from './write.ts';

/** Records one after the other: record i is `bytes[offsets[i]]` up to `bytes[offsets[i + 1]]`. Good until the next call. */
export interface EncodedRecords {
  readonly rows: number;
  readonly bytes: Buffer;
  readonly offsets: Uint32Array;
}

export interface RecordEncoder {
  readonly schemaDigest: Buffer;
  /** DatasetInputError, with the column and the row of the chunk (from 0), for values that are not of the schema. */
  readonly encode: (chunk: Chunk) => EncodedRecords;
}

/** Encodes chunks of one schema; its buffers are used again, so memory is that of the largest chunk. */
export function createRecordEncoder(schema: Schema): RecordEncoder {
  const digest = schemaDigest(schema);
  const head = HEAD_BYTES + Math.ceil(schema.columns.length / 8);
  let bytes = Buffer.allocUnsafeSlow(1 << 16);
  let offsets = new Uint32Array(0);
  let at = new Uint32Array(0);

  function encode(chunk: Chunk): EncodedRecords {
    const { rows, columns } = chunk;
    if (columns.length !== schema.columns.length)
      throw new DatasetInputError(
        `A chunk has ${columns.length} columns where the schema has ${schema.columns.length}.`,
      );
    if (at.length < rows) {
      at = new Uint32Array(rows);
      offsets = new Uint32Array(rows + 1);
    }
    at.fill(head, 0, rows);
    const written = columns.map((column, index) => measure(schema.columns[index] as Field, column, rows, at));
    let total = 0;
    for (let row = 0; row < rows; row++) {
      offsets[row] = total;
      total += at[row] as number;
      if (total > 0xffffffff) throw new DatasetInputError('The records of a chunk take more than 4 GiB.');
    }
    offsets[rows] = total;
    if (bytes.length < total) bytes = Buffer.allocUnsafeSlow(Math.max(total, bytes.length * 2));
    for (let row = 0; row < rows; row++) {
      const start = offsets[row] as number;
      bytes[start] = 0;
      bytes.set(digest, start + 1);
      for (let i = HEAD_BYTES; i < head; i++) bytes[start + i] = 0;
      at[row] = start + head;
    }
    columns.forEach((column, index) => {
      markMissing(column, index, { rows, bytes, at: offsets });
      writeColumn(schema.columns[index] as Field, column, written[index] ?? null, { rows, bytes, at });
    });
    return { rows, bytes, offsets: offsets.subarray(0, rows + 1) };
  }

  return Object.freeze({ schemaDigest: digest, encode });
}

/** Adds the bytes of a column to the size of each record; gives back what it had to encode for that. */
function measure(
  field: Field,
  column: ColumnChunk,
  rows: number,
  sizes: Uint32Array,
): (Buffer | null)[] | null {
  checkStore(field, column, rows);
  const { valid } = column;
  if (column.store === 'packed') {
    const { starts, ends } = column.values;
    for (let row = 0; row < rows; row++) {
      if (!isThere(valid, row)) continue;
      const length = (ends[row] as number) - (starts[row] as number);
      if (length < 0 || length > MAX_CELL_BYTES)
        throw new DatasetInputError(
          `Column ${JSON.stringify(field.name)} holds a value of ${length} bytes in row ${row} of the chunk, more than ${MAX_CELL_BYTES}.`,
        );
      sizes[row] = (sizes[row] as number) + 4 + length;
    }
    return null;
  }
  if (column.store === 'values' || column.values instanceof BigUint64Array)
    return measureValues(field, column, rows, sizes);
  const width = field.type.kind === 'integer' ? 9 : (widthOf(field.type) as number);
  for (let row = 0; row < rows; row++) if (isThere(valid, row)) sizes[row] = (sizes[row] as number) + width;
  return null;
}

function measureValues(
  field: Field,
  column: ColumnChunk,
  rows: number,
  sizes: Uint32Array,
): (Buffer | null)[] {
  const values = column.values as ArrayLike<Parameters<typeof valueBytes>[0] | null>;
  const out: (Buffer | null)[] = [];
  for (let row = 0; row < rows; row++) {
    const value = isThere(column.valid, row) ? (values[row] ?? null) : null;
    try {
      const encoded = value === null ? null : valueBytes(value, field.type);
      out.push(encoded);
      sizes[row] = (sizes[row] as number) + (encoded?.length ?? 0);
    } catch (cause) {
      if (!(cause instanceof ValueError)) throw cause;
      throw new DatasetInputError(
        `Column ${JSON.stringify(field.name)}, row ${row} of the chunk, ${cause.message}`,
        { cause },
      );
    }
  }
  return out;
}

const STORES: Readonly<Record<ColumnType['kind'], readonly ColumnChunk['store'][]>> = Object.freeze({
  boolean: ['bits'],
  integer: ['integers'],
  decimal: ['integers'],
  float: ['float32'],
  double: ['float64'],
  text: ['packed'],
  bytes: ['packed'],
  date: ['integers'],
  time: ['integers'],
  timestamp: ['integers'],
  instant: ['integers'],
  list: [],
  struct: [],
});

function checkStore({ name, type }: Field, column: ColumnChunk, rows: number): void {
  if (column.store !== 'values' && !STORES[type.kind].includes(column.store))
    throw new DatasetInputError(`Column ${JSON.stringify(name)} of ${type.kind} comes as ${column.store}.`);
  if (type.kind === 'date' && column.store === 'integers' && !isDays(column.values))
    throw new DatasetInputError(
      `Column ${JSON.stringify(name)} of dates comes in other than 32 bits with a sign.`,
    );
  const length =
    column.store === 'packed'
      ? Math.min(column.values.starts.length, column.values.ends.length)
      : column.values.length;
  if (length < rows || (column.valid !== null && column.valid.length < rows / 8))
    throw new DatasetInputError(`Column ${JSON.stringify(name)} has fewer values than the chunk has rows.`);
}

const isDays = (values: Integers): boolean =>
  values instanceof Int32Array || values instanceof Int16Array || values instanceof Int8Array;
