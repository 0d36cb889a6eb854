/**
 * Number types of tensors and how their bytes become numbers. Little-endian throughout, as safetensors and ONNX store
 * them. 8-bit floats after Micikevicius et al., "FP8 formats for deep learning" (2022), and ONNX's float8 notes; FP4
 * after the OCP Microscaling specification 1.0.
 */
export type Dtype =
  | 'F64'
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'F8_E4M3'
  | 'F8_E5M2'
  | 'F8_E4M3FNUZ'
  | 'F8_E5M2FNUZ'
  | 'F8_E8M0'
  | 'F4'
  | 'C64'
  | 'I64'
  | 'U64'
  | 'I32'
  | 'U32'
  | 'I16'
  | 'U16'
  | 'I8'
  | 'U8'
  | 'I4'
  | 'U4'
  | 'BOOL';

/** Bits of one number. `C64` counts as two numbers of 32. */
export const BITS: Readonly<Record<Dtype, number>> = Object.freeze({
  F64: 64,
  F32: 32,
  F16: 16,
  BF16: 16,
  F8_E4M3: 8,
  F8_E5M2: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  F8_E8M0: 8,
  F4: 4,
  C64: 32,
  I64: 64,
  U64: 64,
  I32: 32,
  U32: 32,
  I16: 16,
  U16: 16,
  I8: 8,
  U8: 8,
  I4: 4,
  U4: 4,
  BOOL: 8,
});

export const isDtype = (name: string): name is Dtype => Object.hasOwn(BITS, name);
export const isFloat = (dtype: Dtype): boolean => /^(?:F|BF|C)/.test(dtype);

/** Bits of the mantissa that are stored; 0 for types without one. */
export const MANTISSA: Readonly<Partial<Record<Dtype, number>>> = Object.freeze({
  F64: 52,
  F32: 23,
  C64: 23,
  F16: 10,
  BF16: 7,
});

export type Numbers = Float32Array | Float64Array;

/** Bytes at an address that typed arrays can be laid over; a copy only where they are not. */
export function alignedBytes(bytes: Uint8Array, width: number): Uint8Array<ArrayBuffer> {
  const whole = bytes.length - (bytes.length % width);
  return (
    bytes.byteOffset % width === 0
      ? bytes.subarray(0, whole)
      : // The slice of a Buffer is no copy.
        Uint8Array.prototype.slice.call(bytes, 0, whole)
  ) as Uint8Array<ArrayBuffer>;
}

/** The numbers in `bytes`; a last partial one is left out. 64-bit whole numbers are rounded to doubles. */
export function decode(dtype: Dtype, bytes: Uint8Array): Numbers {
  const bits = BITS[dtype];
  const width = Math.max(1, bits / 8);
  const { buffer, byteOffset, length } = alignedBytes(bytes, width);
  const count = length / width;
  switch (dtype) {
    case 'F32':
    case 'C64':
      return new Float32Array(buffer, byteOffset, count);
    case 'F64':
      return new Float64Array(buffer, byteOffset, count);
    case 'I64':
      return Float64Array.from(new BigInt64Array(buffer, byteOffset, count), Number);
    case 'U64':
      return Float64Array.from(new BigUint64Array(buffer, byteOffset, count), Number);
    case 'I32':
      return Float64Array.from(new Int32Array(buffer, byteOffset, count));
    case 'U32':
      return Float64Array.from(new Uint32Array(buffer, byteOffset, count));
    case 'BF16':
      return brain(new Uint16Array(buffer, byteOffset, count));
    case 'F16':
    case 'I16':
    case 'U16':
      return byTable(tableOf(dtype), new Uint16Array(buffer, byteOffset, count));
    case 'F4':
    case 'I4':
    case 'U4':
      return nibbles(tableOf(dtype), new Uint8Array(buffer, byteOffset, count));
    default:
      return byTable(tableOf(dtype), new Uint8Array(buffer, byteOffset, count));
  }
}

function brain(codes: Uint16Array): Float32Array {
  const wide = new Uint32Array(codes.length);
  for (let index = 0; index < codes.length; index += 1) wide[index] = (codes[index] as number) << 16;
  return new Float32Array(wide.buffer);
}

function byTable(table: Float32Array, codes: Uint16Array | Uint8Array): Float32Array {
  const values = new Float32Array(codes.length);
  for (let index = 0; index < codes.length; index += 1)
    values[index] = table[codes[index] as number] as number;
  return values;
}

/** Two numbers a byte, the lower half first. */
function nibbles(table: Float32Array, bytes: Uint8Array): Float32Array {
  const values = new Float32Array(bytes.length * 2);
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] as number;
    values[2 * index] = table[byte & 15] as number;
    values[2 * index + 1] = table[byte >> 4] as number;
  }
  return values;
}

const tables = new Map<Dtype, Float32Array>();

function tableOf(dtype: Dtype): Float32Array {
  const known = tables.get(dtype);
  if (known !== undefined) return known;
  const size = 2 ** BITS[dtype];
  const table = Float32Array.from({ length: size }, (_, code) => valueOf(dtype, code));
  tables.set(dtype, table);
  return table;
}

function valueOf(dtype: Dtype, code: number): number {
  switch (dtype) {
    case 'F16':
      return small(code, { exponent: 5, mantissa: 10, bias: 15 });
    case 'F8_E5M2':
      return small(code, { exponent: 5, mantissa: 2, bias: 15 });
    case 'F8_E4M3':
      return (code & 0x7f) === 0x7f
        ? Number.NaN
        : small(code, { exponent: 4, mantissa: 3, bias: 7, isFinite: true });
    case 'F8_E4M3FNUZ':
      return code === 0x80 ? Number.NaN : small(code, { exponent: 4, mantissa: 3, bias: 8, isFinite: true });
    case 'F8_E5M2FNUZ':
      return code === 0x80 ? Number.NaN : small(code, { exponent: 5, mantissa: 2, bias: 16, isFinite: true });
    case 'F8_E8M0':
      return code === 0xff ? Number.NaN : 2 ** (code - 127);
    case 'F4':
      return small(code, { exponent: 2, mantissa: 1, bias: 1, isFinite: true });
    case 'I16':
      return (code << 16) >> 16;
    case 'I8':
      return (code << 24) >> 24;
    case 'I4':
      return (code << 28) >> 28;
    default:
      return code;
  }
}

interface SmallFloat {
  readonly exponent: number;
  readonly mantissa: number;
  readonly bias: number;
  /** Without infinities: the largest exponent is one like the others. */
  readonly isFinite?: boolean;
}

/** A float of up to 16 bits: sign, exponent, mantissa. */
function small(code: number, { exponent, mantissa, bias, isFinite = false }: SmallFloat): number {
  const sign = (code >> (exponent + mantissa)) & 1 ? -1 : 1;
  const power = (code >> mantissa) & (2 ** exponent - 1);
  const part = (code & (2 ** mantissa - 1)) / 2 ** mantissa;
  if (power === 2 ** exponent - 1 && !isFinite) {
    return part === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  }
  return power === 0 ? sign * part * 2 ** (1 - bias) : sign * (1 + part) * 2 ** (power - bias);
}
