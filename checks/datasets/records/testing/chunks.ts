import type { Chunk, ColumnChunk, ColumnType, RecordStream, Schema, Value } from '../types.ts';

/** Rows as chunks of one value after the other, at most `perChunk` rows each. */
export function streamOf(schema: Schema, rows: readonly (readonly Value[])[], perChunk = 3): RecordStream {
  return {
    schema,
    chunks: async function* () {
      for (let at = 0; at < rows.length; at += perChunk) yield chunkOf(schema, rows.slice(at, at + perChunk));
    },
  };
}

export const chunkOf = (schema: Schema, rows: readonly (readonly Value[])[]): Chunk => ({
  rows: rows.length,
  columns: schema.columns.map((_, column) => ({
    store: 'values',
    valid: null,
    values: rows.map((row) => row[column] ?? null),
  })),
});

const pack = (values: readonly Uint8Array[]) => {
  const starts = new Uint32Array(values.length);
  const ends = new Uint32Array(values.length);
  let at = 3;
  values.forEach((value, index) => {
    starts[index] = at;
    at += value.length;
    ends[index] = at;
    at += index % 2;
  });
  const bytes = Buffer.alloc(at, 0xee);
  values.forEach((value, index) => bytes.set(value, starts[index]));
  return { bytes, starts, ends };
};

/** The same column in the typed store that a reader would give; null for types without one. */
export function typedColumn(type: ColumnType, values: readonly Value[]): ColumnChunk | null {
  const valid = new Uint8Array(Math.ceil(values.length / 8));
  values.forEach((value, row) => {
    if (value !== null) valid[row >> 3] = (valid[row >> 3] ?? 0) | (1 << (row & 7));
  });
  const whole = (): bigint[] => values.map((value) => BigInt((value ?? 0) as number | bigint));
  switch (type.kind) {
    case 'boolean':
      return { store: 'bits', valid, values: Uint8Array.from(values, (value) => (value === true ? 1 : 0)) };
    case 'text':
      return {
        store: 'packed',
        valid,
        values: pack(values.map((value) => Buffer.from((value ?? '') as string))),
      };
    case 'bytes':
      return {
        store: 'packed',
        valid,
        values: pack(values.map((value) => (value ?? Buffer.alloc(0)) as Uint8Array)),
      };
    case 'float':
      return {
        store: 'float32',
        valid,
        values: Float32Array.from(values, (value) => (value ?? 0) as number),
      };
    case 'double':
      return {
        store: 'float64',
        valid,
        values: Float64Array.from(values, (value) => (value ?? 0) as number),
      };
    case 'date':
      return { store: 'integers', valid, values: Int32Array.from(whole(), Number) };
    case 'list':
    case 'struct':
      return null;
    default:
      return { store: 'integers', valid, values: BigInt64Array.from(whole()) };
  }
}
