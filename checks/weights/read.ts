import { cachedSource } from '../artifacts/formats/core/cached.ts';
import { unsafePath } from '../artifacts/formats/core/paths.ts';
import { utf8 } from '../artifacts/formats/core/text.ts';
import { recogniseOnnx } from '../artifacts/formats/onnx/recognise.ts';
import { createWalk, type OnnxTensor } from '../artifacts/formats/onnx/walk.ts';
import {
  headerLengthOf,
  looksLikeSafetensors,
  MOST_HEADER_BYTES,
  parseHeader,
} from '../artifacts/formats/safetensors/header.ts';
import { probe } from '../artifacts/source/bytes.ts';
import { type ByteSource, ScanFault } from '../artifacts/types.ts';
import { BITS, type Dtype, isDtype } from './dtypes.ts';
import type { Tensor, WeightFile } from './types.ts';

/** TensorProto.DataType (onnx.proto). */
const ONNX_TYPES: Readonly<Record<number, Dtype>> = Object.freeze({
  1: 'F32',
  2: 'U8',
  3: 'I8',
  4: 'U16',
  5: 'I16',
  6: 'I32',
  7: 'I64',
  9: 'BOOL',
  10: 'F16',
  11: 'F64',
  12: 'U32',
  13: 'U64',
  14: 'C64',
  16: 'BF16',
  17: 'F8_E4M3',
  18: 'F8_E4M3FNUZ',
  19: 'F8_E5M2',
  20: 'F8_E5M2FNUZ',
  21: 'U4',
  22: 'I4',
  23: 'F4',
  24: 'F8_E8M0',
});

/** Answers the content of another file of the model, null where it has none of that path. */
export type Beside = (path: string) => Promise<ByteSource | null> | ByteSource | null;

export interface ReadTensors {
  readonly format: 'safetensors' | 'onnx' | null;
  readonly tensors: readonly Tensor[];
  /** Tensors of a type or storage that is not measured. */
  readonly unknown: number;
  readonly notes: readonly string[];
}

export interface ReadOptions {
  readonly checkpoint: () => void;
  /** By path relative to the model's folder; asked only for paths that stay inside it. */
  readonly beside?: Beside;
}

/**
 * The tensors of one file, by its content: safetensors, or initialisers and constants of ONNX with their external
 * data. Throws `ScanFault` for content that breaks its format.
 */
export async function readTensors(file: WeightFile, options: ReadOptions): Promise<ReadTensors> {
  const seen = await probe(file.source);
  if (looksLikeSafetensors(seen.head, seen.size)) return readSafetensors(file);
  if (recogniseOnnx(seen) === 'yes') return readOnnx(file, options);
  return { format: null, tensors: [], unknown: 0, notes: [] };
}

async function readSafetensors(file: WeightFile): Promise<ReadTensors> {
  const { source, path } = file;
  const length = headerLengthOf(await source.read(0, 8));
  if (length > MOST_HEADER_BYTES || length > source.size - 8)
    throw new ScanFault('ends inside its header', 0);
  const { tensors } = parseHeader(utf8(await source.read(8, length)));
  const start = 8 + length;
  const known: Tensor[] = [];
  for (const { name, dtype, shape, begin, end } of tensors) {
    if (!isDtype(dtype) || start + end > source.size) continue;
    known.push({ name, file: path, dtype, shape, source, offset: start + begin, length: end - begin });
  }
  return { format: 'safetensors', tensors: known, unknown: tensors.length - known.length, notes: [] };
}

async function readOnnx(file: WeightFile, { checkpoint, beside }: ReadOptions): Promise<ReadTensors> {
  const found: OnnxTensor[] = [];
  const walk = createWalk(
    cachedSource(file.source),
    {
      node: () => {},
      tensor: (tensor) => found.push(tensor),
      function: () => {},
      opset: () => {},
      text: () => {},
    },
    checkpoint,
  );
  await walk.model();
  const tensors: Tensor[] = [];
  const missing = new Set<string>();
  const opened = new Map<string, ByteSource | null>();
  let unknown = 0;
  for (const tensor of found) {
    const place = tensor.isExternal ? await external(tensor, file, { beside, opened }) : inside(tensor, file);
    if (place === null) {
      unknown += 1;
      if (tensor.isExternal) missing.add(locationOf(tensor));
    } else tensors.push(place);
  }
  const notes = [...missing]
    .slice(0, 20)
    .map((location) => `the weights at "${location.slice(0, 200)}" were not read`);
  return { format: 'onnx', tensors, unknown, notes };
}

function inside(tensor: OnnxTensor, file: WeightFile): Tensor | null {
  const dtype = ONNX_TYPES[tensor.type];
  if (dtype === undefined || tensor.raw === null) return null;
  const length = tensor.raw.end - tensor.raw.start;
  return { ...named(tensor, file), dtype, source: file.source, offset: tensor.raw.start, length };
}

const named = (tensor: OnnxTensor, file: WeightFile) => ({
  name: tensor.name === '' ? `constant@${tensor.offset}` : tensor.name,
  file: file.path,
  shape: tensor.dims,
});

const locationOf = ({ external }: OnnxTensor): string =>
  external.find(([key]) => key === 'location')?.[1] ?? '';

interface Opening {
  readonly beside: Beside | undefined;
  readonly opened: Map<string, ByteSource | null>;
}

/** Data in another file of the model: only by a plain path below the model's own folder. */
async function external(
  tensor: OnnxTensor,
  file: WeightFile,
  { beside, opened }: Opening,
): Promise<Tensor | null> {
  const dtype = ONNX_TYPES[tensor.type];
  const location = locationOf(tensor);
  if (dtype === undefined || beside === undefined || location === '' || unsafePath(location) !== null)
    return null;
  const path = joined(file.path, location);
  let source = opened.get(path);
  if (source === undefined) {
    source = await beside(path);
    opened.set(path, source);
  }
  if (source === null) return null;
  const wanted = Math.ceil((tensor.dims.reduce((product, dim) => product * dim, 1) * BITS[dtype]) / 8);
  const number = (key: string): number => {
    const text = tensor.external.find(([name]) => name === key)?.[1] ?? '';
    return /^\d{1,15}$/.test(text) ? Number(text) : 0;
  };
  const [offset, length] = [number('offset'), number('length') || wanted];
  if (offset + length > source.size) return null;
  return { ...named(tensor, file), dtype, source, offset, length };
}

/** `location` as the path of a file of the model; it holds no `..`. */
function joined(file: string, location: string): string {
  const folder = file.split('/').slice(0, -1);
  const parts = location.split('/').filter((part) => part !== '' && part !== '.');
  return [...folder, ...parts].join('/');
}
