import { createHash } from 'node:crypto';
import { createBitMeter, hasBitFigures } from './bits.ts';
import { createDistinct } from './distinct.ts';
import { BITS, type Dtype, decode, isFloat } from './dtypes.ts';
import { addNumbers, emptyMoments, type Moments } from './moments.ts';
import { elfIn, payloadsAtStart, payloadsInPart } from './payload.ts';
import type { Tensor, TensorFigures, TensorPayload } from './types.ts';

/** Bytes read at once: whole numbers of every type, whole windows of bits. */
export const CHUNK_BYTES = 4 << 20;
const START_BYTES = 64 << 10;
/** Windows of each plane that are read out and looked into. */
const MOST_SUSPECTS = 16;
const MOST_PAYLOADS = 8;

export interface MeasureOptions {
  /** Called before each piece is read; may throw to end the work. */
  readonly checkpoint: () => void;
  /** False leaves out what the low bits say. */
  readonly bits?: boolean;
}

/** Reads one tensor as a stream, in constant memory, and answers its figures. Throws what `checkpoint` and `source` throw. */
export async function measureTensor(tensor: Tensor, options: MeasureOptions): Promise<TensorFigures> {
  const { dtype, source, offset, length } = tensor;
  const numbers = Math.floor((length * 8) / BITS[dtype]);
  const moments = emptyMoments();
  const distinct = createDistinct(numbers);
  const digest = createHash('sha256');
  const meter = (options.bits ?? true) && hasBitFigures(dtype) ? createBitMeter(dtype, numbers) : null;
  const payloads: TensorPayload[] = [];
  for (let at = 0; at < length; at += CHUNK_BYTES) {
    options.checkpoint();
    const bytes = await source.read(offset + at, Math.min(CHUNK_BYTES, length - at));
    digest.update(bytes);
    const values = decode(dtype, bytes);
    addNumbers(moments, values);
    distinct.add(values);
    if (meter === null) continue;
    meter.add(bytes);
    if (at === 0) payloads.push(...payloadsAtStart(dtype, bytes.subarray(0, START_BYTES)));
    const program = elfIn(bytes);
    if (program > 0 && payloads.length < MOST_PAYLOADS) {
      const number = Math.floor(((at + program) * 8) / BITS[dtype]);
      payloads.push({ what: 'an ELF program', where: 'bytes', at: number, excerpt: '' });
    }
  }
  for (const { from, to } of meter?.suspects(MOST_SUSPECTS) ?? []) {
    if (payloads.length >= MOST_PAYLOADS) break;
    options.checkpoint();
    const width = BITS[dtype] / 8;
    const end = Math.min(to * width, length);
    const bytes = await source.read(offset + from * width, Math.min(CHUNK_BYTES, end - from * width));
    payloads.push(...payloadsInPart(dtype, bytes, from));
  }
  return {
    name: tensor.name,
    file: tensor.file,
    dtype,
    shape: tensor.shape,
    offset,
    ...figuresOf(moments, dtype),
    distinct: distinct.finish(),
    digest: digest.digest('hex'),
    bits: meter?.finish() ?? null,
    payloads,
  };
}

const finiteOr = (value: number): number | null => (Number.isFinite(value) ? value : null);

function figuresOf(moments: Moments, dtype: Dtype) {
  const { nan, infinite, zeros, finite, min, max, mean, m2, m4, squares } = moments;
  const has = finite > 0;
  const variance = has ? m2 / finite : Number.NaN;
  // Rounding leaves something of a constant's deviations: a spread below it is none.
  const isConstant = min === max;
  return {
    count: finite + nan + infinite,
    nan,
    infinite,
    zeros,
    min: finiteOr(min),
    max: finiteOr(max),
    mean: has ? finiteOr(mean) : null,
    std: has ? (isConstant ? 0 : finiteOr(Math.sqrt(variance))) : null,
    l2: has ? finiteOr(Math.sqrt(squares)) : null,
    kurtosis:
      has && !isConstant && m2 > 0 && isSpread(dtype) ? finiteOr((finite * m4) / (m2 * m2) - 3) : null,
  };
}

/** Truth values have no tails. */
const isSpread = (dtype: Dtype): boolean => isFloat(dtype) || dtype !== 'BOOL';
