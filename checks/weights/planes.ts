import { alignedBytes, BITS, type Dtype } from './dtypes.ts';

/** How bytes may lie in the low bits of numbers. */
export interface PlaneOrder {
  readonly bits: 1 | 2 | 4 | 8 | 16 | 24;
  /** The first number gives the uppermost bits of a byte; for 16 and 24 bits: the uppermost byte comes first. */
  readonly isUpperFirst: boolean;
}

const ORDERS: readonly PlaneOrder[] = Object.freeze([
  ...([1, 2, 4, 16, 24] as const).flatMap((bits) => [
    { bits, isUpperFirst: true },
    { bits, isUpperFirst: false },
  ]),
  { bits: 8, isUpperFirst: true },
]);

/** The orders that a type has room for: numbers keep at least their sign and exponent. */
export function ordersFor(dtype: Dtype): readonly PlaneOrder[] {
  const most = BITS[dtype] >= 32 ? 24 : BITS[dtype] === 16 ? 8 : 4;
  return ORDERS.filter(({ bits }) => bits <= most);
}

export const orderName = ({ bits, isUpperFirst }: PlaneOrder): string =>
  bits === 8
    ? 'low 8 bits'
    : `low ${bits} bit${bits > 1 ? 's' : ''}, ${isUpperFirst ? 'upper' : 'lower'} first`;

/** The low bits of the numbers in `bytes`, in order, as bytes. A last partial byte is left out. */
export function readPlane(dtype: Dtype, bytes: Uint8Array, { bits, isUpperFirst }: PlaneOrder): Uint8Array {
  const width = BITS[dtype] / 8;
  const { buffer, byteOffset, length } = alignedBytes(bytes, width);
  const raw = new Uint8Array(buffer, byteOffset, length);
  const count = length / width;
  if (bits >= 8) return wholeBytes(raw, width, bits / 8, isUpperFirst);
  const per = 8 / bits;
  const mask = 2 ** bits - 1;
  const plane = new Uint8Array(Math.floor(count / per));
  for (let at = 0; at < plane.length; at += 1) {
    let byte = 0;
    for (let part = 0; part < per; part += 1) {
      const value = (raw[(at * per + part) * width] as number) & mask;
      byte |= value << (bits * (isUpperFirst ? per - 1 - part : part));
    }
    plane[at] = byte;
  }
  return plane;
}

function wholeBytes(raw: Uint8Array, width: number, each: number, isUpperFirst: boolean): Uint8Array {
  const count = raw.length / width;
  const plane = new Uint8Array(count * each);
  for (let number = 0; number < count; number += 1) {
    for (let part = 0; part < each; part += 1) {
      plane[number * each + part] = raw[number * width + (isUpperFirst ? each - 1 - part : part)] as number;
    }
  }
  return plane;
}
