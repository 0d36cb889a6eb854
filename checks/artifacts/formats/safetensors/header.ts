import { ScanFault } from '../../types.ts';
import { isObject, type JsonObject, type JsonValue, parseJson } from '../json/parse.ts';

export interface HeaderTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly tensors: readonly HeaderTensor[];
  readonly metadata: JsonObject | null;
  readonly duplicates: readonly { readonly key: string; readonly offset: number }[];
  /** What the JSON text has after its object besides blanks, as an offset in the text; -1 for nothing. */
  readonly extraAt: number;
}

/** The reference reader refuses larger headers. */
export const MOST_HEADER_BYTES = 100_000_000;

/** Bits of one number. */
export const DTYPE_BITS: Readonly<Record<string, number>> = Object.freeze({
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E4M3: 8,
  F8_E5M2: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  F6_E2M3: 6,
  F6_E3M2: 6,
  F4: 4,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  I64: 64,
  U64: 64,
  F64: 64,
});

/** The length that the first 8 bytes give for the JSON header. */
export function headerLengthOf(head: Uint8Array): number {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  return view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
}

/** Whether a file of `size` bytes that begins with `head` is meant to be safetensors. */
export function looksLikeSafetensors(head: Uint8Array, size: number): boolean {
  if (head.length < 10 || size < 10) return false;
  const length = headerLengthOf(head);
  if (length < 2 || length > 2 ** 40) return false;
  // The length is a small number, so its upper bytes are zero: no text looks like that.
  const first = head.subarray(8, 64).find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x09);
  return first === 0x7b;
}

/** Reads the JSON header. Throws `ScanFault` where the reference reader would not understand it. */
export function parseHeader(text: string): SafetensorsHeader {
  const { value, duplicates, end } = parseJson(text, 0, { depth: 8, values: 8_000_000 });
  if (!isObject(value)) throw new ScanFault('the header is no JSON object', 8);
  const tensors: HeaderTensor[] = [];
  let metadata: JsonObject | null = null;
  for (const [name, entry] of Object.entries(value)) {
    if (name === '__metadata__') {
      if (!isObject(entry)) throw new ScanFault('the metadata are no object', 8);
      metadata = entry;
    } else tensors.push(tensorOf(name, entry));
  }
  const rest = /[^ \t\r\n\0]/g;
  rest.lastIndex = end;
  return { tensors, metadata, duplicates, extraAt: rest.exec(text)?.index ?? -1 };
}

function tensorOf(name: string, entry: JsonValue): HeaderTensor {
  const broken = (what: string): never => {
    throw new ScanFault(`tensor "${name.slice(0, 80)}" has ${what}`, 8);
  };
  if (!isObject(entry)) return broken('no description');
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string') return broken('no type');
  if (!isCounts(shape)) return broken('a shape that is none');
  if (!isCounts(offsets) || offsets.length !== 2) return broken('offsets that are none');
  const [begin = 0, end = 0] = offsets;
  if (begin > end) return broken('an end before its begin');
  return { name, dtype, shape, begin, end };
}

function isCounts(value: JsonValue | undefined): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0);
}
