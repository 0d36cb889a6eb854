import type { DuckDBDataChunk, DuckDBType } from '@duckdb/node-api';
import { DuckDBTypeId } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import type { Chunk, ColumnChunk, ColumnType, Integers, Schema } from '../records/index.ts';
import { nestedValue } from './nested.ts';
import { packedColumn } from './packed.ts';

/** Bytes of a value in a vector of DuckDB, and the array that they are. */
type Store = (bytes: Uint8Array, rows: number) => ColumnChunk;

const view = <Array>(
  make: new (buffer: ArrayBufferLike, offset: number, length: number) => Array,
  { buffer, byteOffset }: Uint8Array,
  rows: number,
): Array => new make(buffer, byteOffset, rows);

const integers =
  (make: new (buffer: ArrayBufferLike, offset: number, length: number) => Integers): Store =>
  (bytes, rows) => ({ store: 'integers', valid: null, values: view(make, bytes, rows) });

/** Whole numbers of 128 bits: as 64 bits where all fit, which they nearly always do. */
const hugeIntegers: Store = (bytes, rows) => {
  const words = view(BigInt64Array, bytes, rows * 2);
  const values: bigint[] = [];
  for (let row = 0; row < rows; row++)
    values.push(((words[row * 2 + 1] as bigint) << 64n) | BigInt.asUintN(64, words[row * 2] as bigint));
  return { store: 'values', valid: null, values };
};

const STORES: Readonly<Partial<Record<DuckDBTypeId, { readonly width: number; readonly store: Store }>>> =
  Object.freeze({
    [DuckDBTypeId.BOOLEAN]: { width: 1, store: (values) => ({ store: 'bits', valid: null, values }) },
    [DuckDBTypeId.TINYINT]: { width: 1, store: integers(Int8Array) },
    [DuckDBTypeId.SMALLINT]: { width: 2, store: integers(Int16Array) },
    [DuckDBTypeId.INTEGER]: { width: 4, store: integers(Int32Array) },
    [DuckDBTypeId.BIGINT]: { width: 8, store: integers(BigInt64Array) },
    [DuckDBTypeId.UTINYINT]: { width: 1, store: integers(Uint8Array) },
    [DuckDBTypeId.USMALLINT]: { width: 2, store: integers(Uint16Array) },
    [DuckDBTypeId.UINTEGER]: { width: 4, store: integers(Uint32Array) },
    [DuckDBTypeId.UBIGINT]: { width: 8, store: integers(BigUint64Array) },
    [DuckDBTypeId.HUGEINT]: { width: 16, store: hugeIntegers },
    [DuckDBTypeId.FLOAT]: {
      width: 4,
      store: (bytes, rows) => ({ store: 'float32', valid: null, values: view(Float32Array, bytes, rows) }),
    },
    [DuckDBTypeId.DOUBLE]: {
      width: 8,
      store: (bytes, rows) => ({ store: 'float64', valid: null, values: view(Float64Array, bytes, rows) }),
    },
    [DuckDBTypeId.DATE]: { width: 4, store: integers(Int32Array) },
    [DuckDBTypeId.TIME]: { width: 8, store: integers(BigInt64Array) },
    [DuckDBTypeId.TIMESTAMP]: { width: 8, store: integers(BigInt64Array) },
    [DuckDBTypeId.TIMESTAMP_TZ]: { width: 8, store: integers(BigInt64Array) },
  });

/** Of a decimal, whose width goes with its precision. */
function storeOf(type: DuckDBType): { readonly width: number; readonly store: Store } | undefined {
  if (type.typeId !== DuckDBTypeId.DECIMAL) return STORES[type.typeId];
  const { width } = type;
  if (width <= 4) return { width: 2, store: integers(Int16Array) };
  if (width <= 9) return { width: 4, store: integers(Int32Array) };
  if (width <= 18) return { width: 8, store: integers(BigInt64Array) };
  return { width: 16, store: hugeIntegers };
}

const ROWS_OF_A_WORD = 64;

/** The rows that have a value, as a bit each; null where all have. */
function validity(vector: duckdb.Vector, rows: number): Uint8Array | null {
  return duckdb.vector_get_validity(vector, Math.ceil(rows / ROWS_OF_A_WORD) * 8) ?? null;
}

/**
 * The columns of a chunk of DuckDB: numbers as they lie there, without a value for each. Good as long as the chunk is.
 * `before` is the number of rows in front of it, for messages.
 */
export function columnsOf(
  chunk: DuckDBDataChunk,
  types: readonly DuckDBType[],
  schema: Schema,
  before: number,
): Chunk {
  const rows = chunk.rowCount;
  const columns = schema.columns.map((field, index): ColumnChunk => {
    const type = types[index] as DuckDBType;
    const vector = duckdb.data_chunk_get_vector(chunk.chunk, index);
    const valid = validity(vector, rows);
    if (field.type.kind === 'text' || field.type.kind === 'bytes')
      return packedColumn({ vector, rows, valid, name: field.name, before });
    const known = storeOf(type);
    if (known !== undefined)
      return { ...known.store(duckdb.vector_get_data(vector, rows * known.width), rows), valid };
    return { store: 'values', valid, values: nestedValues(chunk, index, field.type) };
  });
  return { rows, columns };
}

const nestedValues = (chunk: DuckDBDataChunk, index: number, type: ColumnType) =>
  chunk.getColumnValues(index).map((value) => nestedValue(value, type));
