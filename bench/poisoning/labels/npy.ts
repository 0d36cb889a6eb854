import { readFileSync, statSync } from 'node:fs';

export interface NumpyArray {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

const MOST_BYTES = 2 ** 31;

const READERS: Readonly<Record<string, { bytes: number; at: (view: DataView, offset: number) => number }>> = {
  '<f8': { bytes: 8, at: (view, offset) => view.getFloat64(offset, true) },
  '<f4': { bytes: 4, at: (view, offset) => view.getFloat32(offset, true) },
  '<i8': { bytes: 8, at: (view, offset) => Number(view.getBigInt64(offset, true)) },
  '<i4': { bytes: 4, at: (view, offset) => view.getInt32(offset, true) },
  '<i2': { bytes: 2, at: (view, offset) => view.getInt16(offset, true) },
  '<u2': { bytes: 2, at: (view, offset) => view.getUint16(offset, true) },
  '|u1': { bytes: 1, at: (view, offset) => view.getUint8(offset) },
  '|i1': { bytes: 1, at: (view, offset) => view.getInt8(offset) },
};

/** Reads a `.npy` file of numbers in C order (NumPy's format 1 to 3). Throws an Error that names the file. */
export function readNpy(path: string): NumpyArray {
  if (statSync(path).size > MOST_BYTES) throw new Error(`${path} has more than 2 GiB`);
  const bytes = readFileSync(path);
  if (bytes.length < 12 || bytes.subarray(1, 6).toString('latin1') !== 'NUMPY')
    throw new Error(`${path} is no .npy file`);
  const wide = (bytes[6] as number) >= 2;
  const from = wide ? 12 : 10;
  const start = from + (wide ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8));
  const header = bytes.subarray(from, start).toString('utf8');
  const dtype = /'descr': '([^']*)'/.exec(header)?.[1] ?? '';
  const reader = READERS[dtype];
  const shape = /'shape': \(([\d, ]*)\)/
    .exec(header)?.[1]
    ?.split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  if (reader === undefined || shape === undefined || !header.includes("'fortran_order': False"))
    throw new Error(`${path}: cannot read this header: ${header.trim().slice(0, 200)}`);
  const count = shape.reduce((product, length) => product * length, 1);
  if (bytes.length < start + count * reader.bytes) throw new Error(`${path} is cut short`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  return {
    shape,
    values: Float64Array.from({ length: count }, (_, at) => reader.at(view, at * reader.bytes)),
  };
}

/** A `.npy` file (format 1) of 32-bit or whole numbers. */
export function npyBytes(values: Float32Array | Int32Array, shape: readonly number[]): Uint8Array {
  const dtype = values instanceof Float32Array ? '<f4' : '<i4';
  const header = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const padded = `${header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11)}\n`;
  const start = Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
    Buffer.alloc(2),
    Buffer.from(padded, 'latin1'),
  ]);
  start.writeUInt16LE(padded.length, 8);
  return Buffer.concat([start, Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}
