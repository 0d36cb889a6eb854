import type { ByteSource } from '../../types.ts';

/** What the numbers of one tensor say. All sums are over finite numbers. */
export interface TensorStats {
  readonly count: number;
  readonly nan: number;
  readonly infinite: number;
  readonly zeros: number;
  readonly maxAbs: number;
  /** Root mean square. */
  readonly rms: number;
  /** Sum over the finite numbers, in their order: with `rms` and `maxAbs` it tells tensors apart. */
  readonly sum: number;
}

/** Number types whose statistics are known, with their width in bytes. */
export const STAT_TYPES = Object.freeze({ F64: 8, F32: 4, F16: 2, BF16: 2 });
export type StatType = keyof typeof STAT_TYPES;

const CHUNK_BYTES = 4 << 20;

export interface TensorPlace {
  readonly offset: number;
  readonly length: number;
  readonly type: StatType;
}

/** Reads the tensor as a stream (little-endian) and counts. A last partial number is left out. */
export async function tensorStats(
  source: ByteSource,
  place: TensorPlace,
  checkpoint: () => void,
): Promise<TensorStats> {
  const width = STAT_TYPES[place.type];
  const sums: Sums = { nan: 0, infinite: 0, zeros: 0, maxAbs: 0, sum: 0, squares: 0 };
  const end = place.offset + place.length;
  let count = 0;
  for (let at = place.offset; at < end; at += CHUNK_BYTES) {
    checkpoint();
    const bytes = await source.read(at, Math.min(CHUNK_BYTES, end - at));
    const numbers = Math.floor(bytes.length / width);
    count += numbers;
    ADD[place.type](aligned(bytes, width), sums);
  }
  const finite = count - sums.nan - sums.infinite;
  return {
    count,
    nan: sums.nan,
    infinite: sums.infinite,
    zeros: sums.zeros,
    maxAbs: sums.maxAbs,
    rms: finite === 0 ? 0 : Math.sqrt(sums.squares / finite),
    sum: sums.sum,
  };
}

/** Shannon entropy in bits per byte, 0 to 8. */
export function entropy(bytes: Uint8Array): number {
  if (bytes.length === 0) return 0;
  const counts = new Float64Array(256);
  for (const byte of bytes) counts[byte] = (counts[byte] as number) + 1;
  let bits = 0;
  for (const count of counts) {
    if (count > 0) bits -= (count / bytes.length) * Math.log2(count / bytes.length);
  }
  return bits;
}

interface Sums {
  nan: number;
  infinite: number;
  zeros: number;
  maxAbs: number;
  sum: number;
  squares: number;
}

function aligned(bytes: Uint8Array, width: number): ArrayBuffer {
  const length = Math.floor(bytes.length / width) * width;
  if (bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength && bytes.length === length) {
    return bytes.buffer as ArrayBuffer;
  }
  return bytes.slice(0, length).buffer;
}

function addNumbers(values: Float32Array | Float64Array, sums: Sums): void {
  let { nan, infinite, zeros, maxAbs, sum, squares } = sums;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    const size = Math.abs(value);
    if (size <= Number.MAX_VALUE) {
      if (size > maxAbs) maxAbs = size;
      if (size === 0) zeros += 1;
      sum += value;
      squares += value * value;
    } else if (size === Number.POSITIVE_INFINITY) infinite += 1;
    else nan += 1;
  }
  Object.assign(sums, { nan, infinite, zeros, maxAbs, sum, squares });
}

/** IEEE half precision by table: 65,536 values are all there are. */
let halves: Float32Array | undefined;
function halfTable(): Float32Array {
  if (halves !== undefined) return halves;
  const table = new Float32Array(65_536);
  for (let bits = 0; bits < 65_536; bits += 1) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0x1f) table[bits] = fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    else if (exponent === 0) table[bits] = sign * fraction * 2 ** -24;
    else table[bits] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  halves = table;
  return table;
}

function addHalves(bits: Uint16Array, sums: Sums): void {
  const table = halfTable();
  const values = new Float32Array(bits.length);
  for (let index = 0; index < bits.length; index += 1) {
    values[index] = table[bits[index] as number] as number;
  }
  addNumbers(values, sums);
}

function addBrain(bits: Uint16Array, sums: Sums): void {
  const wide = new Uint32Array(bits.length);
  for (let index = 0; index < bits.length; index += 1) wide[index] = (bits[index] as number) << 16;
  addNumbers(new Float32Array(wide.buffer), sums);
}

const ADD: Readonly<Record<StatType, (buffer: ArrayBuffer, sums: Sums) => void>> = {
  F64: (buffer, sums) => addNumbers(new Float64Array(buffer), sums),
  F32: (buffer, sums) => addNumbers(new Float32Array(buffer), sums),
  F16: (buffer, sums) => addHalves(new Uint16Array(buffer), sums),
  BF16: (buffer, sums) => addBrain(new Uint16Array(buffer), sums),
};
