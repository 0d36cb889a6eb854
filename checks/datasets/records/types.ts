/**
 * What a value of a column is. The kind, not the file that it was read from, decides how it is hashed: a whole number
 * is the same in 8 and in 64 bits, but an `integer` and a `double` are different columns.
 */
export type ColumnType =
  | { readonly kind: 'boolean' }
  /** Whole numbers of any size up to 128 bits. */
  | { readonly kind: 'integer' }
  /** `precision` digits (1..38), `scale` of them behind the point. */
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  /** IEEE 754 binary32. */
  | { readonly kind: 'float' }
  /** IEEE 754 binary64. */
  | { readonly kind: 'double' }
  | { readonly kind: 'text' }
  | { readonly kind: 'bytes' }
  /** Days since 1970-01-01. */
  | { readonly kind: 'date' }
  /** Microseconds since midnight. */
  | { readonly kind: 'time' }
  /** Microseconds since 1970-01-01 00:00, without a time zone. */
  | { readonly kind: 'timestamp' }
  /** Microseconds since 1970-01-01 00:00 UTC. */
  | { readonly kind: 'instant' }
  | { readonly kind: 'list'; readonly item: ColumnType }
  | { readonly kind: 'struct'; readonly fields: readonly Field[] };

export interface Field {
  readonly name: string;
  readonly type: ColumnType;
}

/** Names and types of the columns, in their order. Names are unique. */
export interface Schema {
  readonly columns: readonly Field[];
}

export const MAX_COLUMNS = 5_000;
/** Bytes of one cell. */
export const MAX_CELL_BYTES = 16 * 1_048_576;
/** Lists and structs in each other. */
export const MAX_DEPTH = 32;

/** Texts (UTF-8) or byte strings: that of row i is `bytes[starts[i]]` up to `bytes[ends[i]]`; other bytes mean nothing. */
export interface PackedBytes {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/**
 * A value as JavaScript has it: `integer` and `decimal` (times 10^scale) a bigint or a safe integer, `float` and
 * `double` a number, `date` days, `time`, `timestamp` and `instant` microseconds (bigint or safe integer), `list` an
 * array, `struct` an array of its fields' values in their order. null is missing.
 */
export type Value = null | boolean | number | bigint | string | Uint8Array | readonly Value[];

/** Whole numbers as they are stored: of a column of integers, decimals (times 10^scale), days or microseconds. */
export type Integers =
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** The values of a column by kind: numbers in typed arrays, texts packed, the rest (and whole numbers past 64 bits) one by one. */
export type ColumnData =
  | { readonly store: 'bits'; readonly values: Uint8Array }
  | { readonly store: 'integers'; readonly values: Integers }
  | { readonly store: 'float32'; readonly values: Float32Array }
  | { readonly store: 'float64'; readonly values: Float64Array }
  | { readonly store: 'packed'; readonly values: PackedBytes }
  | { readonly store: 'values'; readonly values: readonly Value[] };

/** A column of some rows. What stands in `data` where a value is missing means nothing. */
export type ColumnChunk = ColumnData & {
  /** Bit i (of byte i >> 3, lowest first) is 1 where row i has a value; null where all have. */
  readonly valid: Uint8Array | null;
};

/** Some rows of a dataset, column by column in the order of the schema. Good until the next chunk is asked for. */
export interface Chunk {
  readonly rows: number;
  readonly columns: readonly ColumnChunk[];
}

/** A dataset that is read once, from its first record to its last. */
export interface RecordStream {
  readonly schema: Schema;
  readonly chunks: () => AsyncIterable<Chunk>;
}

/** Scratch space that external sorting writes to and reads from; nothing in it outlives the work. */
export interface Spill {
  readonly create: () => Promise<SpillFile>;
}

export interface SpillFile {
  readonly append: (bytes: Uint8Array) => Promise<void>;
  /** Fills `into` from `offset` on; the bytes must have been appended. */
  readonly read: (offset: number, into: Uint8Array) => Promise<void>;
  readonly remove: () => Promise<void>;
}
