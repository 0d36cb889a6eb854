import type { ByteSource } from '../../types.ts';
import type { OnnxTensor } from './walk.ts';

const MOST_SHOWN = 8;

/** A short description of a constant: its numbers where they are few and stored in a plain way, else its shape. */
export async function constantText(tensor: OnnxTensor, source: ByteSource): Promise<string> {
  const count = tensor.dims.reduce((product, dim) => product * dim, 1);
  const shape = tensor.dims.length === 0 ? 'one number' : `${count} numbers (${tensor.dims.join('×')})`;
  const values = await firstNumbers(tensor, source);
  if (values.length === 0) return `a constant of ${shape}`;
  const shown = values.map((value) => String(Number(value.toPrecision(6)))).join(', ');
  return `the constant ${shown}${count > values.length ? `, … (${shape})` : ''}`;
}

/** At most 8 numbers of a constant; none where they lie elsewhere or are of an unusual type. */
export async function firstNumbers(
  { type, raw, varints }: OnnxTensor,
  source: ByteSource,
): Promise<number[]> {
  if (varints !== null)
    return packed(await source.read(varints.start, Math.min(80, varints.end - varints.start)));
  const width = WIDTHS[type];
  if (raw === null || width === undefined) return [];
  const bytes = (await source.read(raw.start, Math.min(MOST_SHOWN * width, raw.end - raw.start))).slice();
  const view = new DataView(bytes.buffer);
  const numbers: number[] = [];
  for (let at = 0; at + width <= bytes.length; at += width) {
    if (type === 1) numbers.push(view.getFloat32(at, true));
    else if (type === 11) numbers.push(view.getFloat64(at, true));
    else if (type === 6) numbers.push(view.getInt32(at, true));
    else if (type === 7) numbers.push(Number(view.getBigInt64(at, true)));
    else numbers.push(view.getUint8(at));
  }
  return numbers;
}

/** TensorProto.DataType: float, uint8, int32, int64, bool, double. */
const WIDTHS: Readonly<Record<number, number>> = Object.freeze({ 1: 4, 2: 1, 6: 4, 7: 8, 9: 1, 11: 8 });

function packed(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte >= 0x80) continue;
    numbers.push(Number(BigInt.asIntN(64, value)));
    [value, shift] = [0n, 0n];
    if (numbers.length >= MOST_SHOWN) break;
  }
  return numbers;
}
