import { DatasetInputError, type Images } from '../types.ts';

/** Most numbers in all pictures together. */
const MOST_VALUES = 2_000_000_000;
const MOST_SIDE = 4096;

/** Pictures as bytes 0..255, rows × height × width × channels. */
export interface Pixels extends Images {
  readonly values: Uint8Array;
  /** Numbers of one picture. */
  readonly size: number;
}

/**
 * The pictures as bytes; floats 0..1 are multiplied by 255, floats up to 255 are rounded. Bytes are not copied. O(n · d).
 * DatasetInputError for fewer than two pictures, a wrong shape, and numbers that are not finite or out of range.
 */
export function pixelsOf(images: Images): Pixels {
  const { rows, height, width, channels, values } = images;
  for (const side of [rows, height, width, channels])
    if (!Number.isInteger(side) || side < 1)
      throw new DatasetInputError('Pictures need rows, height, width and channels of at least 1.');
  const size = height * width * channels;
  if (rows < 2) throw new DatasetInputError('There must be at least two pictures to compare.');
  if (height > MOST_SIDE || width > MOST_SIDE || channels > 16 || rows * size > MOST_VALUES)
    throw new DatasetInputError(
      `Pictures of ${height} × ${width} × ${channels} are too large to compare ${rows} of them; make them smaller first.`,
    );
  if (values.length !== rows * size)
    throw new DatasetInputError(
      `${rows} pictures of ${height} × ${width} × ${channels} are ${rows * size} numbers; there are ${values.length}.`,
    );
  if (values instanceof Uint8Array) return { ...images, values, size };
  return { ...images, values: asBytes(values, size), size };
}

function asBytes(values: Float32Array, size: number): Uint8Array {
  let most = 0;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    if (!(value >= 0 && value <= 255))
      throw new DatasetInputError(
        `Picture ${Math.floor(at / size)} has the value ${value}; pixels are numbers from 0 to 255, or from 0 to 1.`,
      );
    if (value > most) most = value;
  }
  const scale = most <= 1 ? 255 : 1;
  const bytes = new Uint8Array(values.length);
  for (let at = 0; at < values.length; at++) bytes[at] = Math.round((values[at] as number) * scale);
  return bytes;
}
