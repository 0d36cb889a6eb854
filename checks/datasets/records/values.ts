import { DatasetInputError } from '../types.ts';
import { type ColumnType, MAX_CELL_BYTES, type Value } from './types.ts';

const MIN_64 = -(1n << 63n);
const MAX_64 = (1n << 63n) - 1n;
const MIN_128 = -(1n << 127n);
const MAX_128 = (1n << 127n) - 1n;
const NAN_64 = 0x7ff80000_00000000n;

/** Decimals of up to so many digits are kept in 64 bits, longer ones in 128. */
export const SHORT_DECIMAL = 18;

/** Of one value, without a column's name in front: the message is put behind it. */
export class ValueError extends DatasetInputError {}

const sized = (bytes: Uint8Array): Buffer => {
  if (bytes.length > MAX_CELL_BYTES)
    throw new ValueError(`holds a value of ${bytes.length} bytes, more than ${MAX_CELL_BYTES}.`);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
};

function whole(value: Value): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  throw new ValueError('holds a value that is no whole number.');
}

/** `value` as two's complement, little-endian, in 8 or 16 bytes. */
export function wholeBytes(value: bigint, bytes: 8 | 16): Buffer {
  const [low, high] = bytes === 8 ? [MIN_64, MAX_64] : [MIN_128, MAX_128];
  if (value < low || value > high)
    throw new ValueError(`holds ${value}, which needs more than ${bytes} bytes.`);
  const out = Buffer.alloc(bytes);
  out.writeBigUInt64LE(BigInt.asUintN(64, value));
  if (bytes === 16) out.writeBigUInt64LE(BigInt.asUintN(64, value >> 64n), 8);
  return out;
}

/** 8 and the number in 8 bytes, or 16 and the number in 16 where 8 are too few. */
function integerBytes(value: bigint): Buffer {
  const width = value >= MIN_64 && value <= MAX_64 ? 8 : 16;
  return Buffer.concat([Buffer.of(width), wholeBytes(value, width)]);
}

function realBytes(value: Value, kind: 'float' | 'double'): Buffer {
  if (typeof value !== 'number') throw new ValueError('holds a value that is no number.');
  if (kind === 'double') {
    const out = Buffer.alloc(8);
    if (Number.isNaN(value)) out.writeBigUInt64LE(NAN_64);
    else out.writeDoubleLE(value);
    return out;
  }
  const out = Buffer.alloc(4);
  if (Number.isNaN(value)) out.writeUInt32LE(0x7fc00000);
  else if (Math.fround(value) === value) out.writeFloatLE(value);
  else throw new ValueError('holds a number that binary32 cannot hold.');
  return out;
}

/** A bit for each value, 1 where one is missing, then those that are there. */
function groupBytes(values: readonly Value[], typeOf: (at: number) => ColumnType): Buffer {
  const missing = Buffer.alloc(Math.ceil(values.length / 8));
  const parts: Buffer[] = [missing];
  values.forEach((value, at) => {
    if (value === null) missing[at >> 3] = (missing[at >> 3] ?? 0) | (1 << (at & 7));
    else parts.push(valueBytes(value, typeOf(at)));
  });
  return Buffer.concat(parts);
}

function decimalBytes(value: Value, type: ColumnType & { readonly kind: 'decimal' }): Buffer {
  const unscaled = whole(value);
  const most = 10n ** BigInt(type.precision);
  if (unscaled >= most || unscaled <= -most)
    throw new ValueError(`holds a decimal of more than ${type.precision} digits.`);
  return wholeBytes(unscaled, type.precision <= SHORT_DECIMAL ? 8 : 16);
}

function nestedBytes(value: Value, type: ColumnType & { readonly kind: 'list' | 'struct' }): Buffer {
  if (!Array.isArray(value)) throw new ValueError(`holds a value that is no ${type.kind}.`);
  const items = value as readonly Value[];
  if (type.kind === 'list') {
    const count = Buffer.alloc(4);
    count.writeUInt32LE(items.length);
    return Buffer.concat([count, groupBytes(items, () => type.item)]);
  }
  if (items.length !== type.fields.length) throw new ValueError('holds a struct with other fields.');
  return groupBytes(items, (at) => (type.fields[at] as { type: ColumnType }).type);
}

/**
 * A value that is there in its one form, see encode.ts. ValueError (the end of a sentence that begins with the
 * column) for a value that is not of the type.
 */
export function valueBytes(value: Exclude<Value, null>, type: ColumnType): Buffer {
  switch (type.kind) {
    case 'boolean':
      if (typeof value !== 'boolean') throw new ValueError('holds a value that is neither true nor false.');
      return Buffer.of(value ? 1 : 0);
    case 'integer':
      return integerBytes(whole(value));
    case 'decimal':
      return decimalBytes(value, type);
    case 'float':
    case 'double':
      return realBytes(value, type.kind);
    case 'text':
      if (typeof value !== 'string' || !value.isWellFormed())
        throw new ValueError('holds a value that is no well-formed text.');
      return sized(Buffer.from(value));
    case 'bytes':
      if (!(value instanceof Uint8Array)) throw new ValueError('holds a value that is no byte string.');
      return sized(value);
    case 'date': {
      const days = whole(value);
      if (BigInt.asIntN(32, days) !== days) throw new ValueError('holds a date out of range.');
      return wholeBytes(days, 8).subarray(0, 4);
    }
    case 'time':
    case 'timestamp':
    case 'instant':
      return wholeBytes(whole(value), 8);
    default:
      return nestedBytes(value, type);
  }
}
