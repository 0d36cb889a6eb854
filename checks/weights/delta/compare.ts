import { ScanFault } from '../../artifacts/types.ts';
import { isFloat } from '../dtypes.ts';
import { type Beside, readTensors } from '../read.ts';
import type { Tensor, WeightFile } from '../types.ts';
import { changeOf } from './change.ts';
import { kindOf } from './kind.ts';
import type { DeltaReport, TensorDelta } from './types.ts';

export interface CompareOptions {
  /** Called before each piece that is read; may throw to end the work: what it throws is thrown on. */
  readonly checkpoint?: () => void;
  readonly beside?: { readonly base?: Beside; readonly model?: Beside };
  /** Matrices for which a second, larger sketch is made when the first leaves much unexplained. */
  readonly deepSketches?: number;
}

const MOST_TENSORS = 100_000;
const DEEP_SKETCHES = 8;
const MOST_TOP = 20;

/**
 * Compares two sets of weights (safetensors, ONNX; shards too) tensor by tensor, by name. Streams both. Throws what
 * `checkpoint` and the sources throw, and `ScanFault` for content that breaks its format: half a comparison says
 * nothing.
 */
export async function compareWeights(
  base: readonly WeightFile[],
  model: readonly WeightFile[],
  options: CompareOptions = {},
): Promise<DeltaReport> {
  const checkpoint = options.checkpoint ?? (() => {});
  const notes: string[] = [];
  const before = await tensorsByName(base, { checkpoint, beside: options.beside?.base, notes });
  const after = await tensorsByName(model, { checkpoint, beside: options.beside?.model, notes });
  if (before.size === 0) throw new ScanFault('the base has no tensors that can be read', 0);
  if (after.size === 0) throw new ScanFault('the model has no tensors that can be read', 0);
  const tensors: TensorDelta[] = [];
  let deepLeft = options.deepSketches ?? DEEP_SKETCHES;
  for (const [name, tensor] of after) {
    const old = before.get(name);
    const delta =
      old === undefined
        ? described(tensor, 'added')
        : await deltaOf(old, tensor, { checkpoint, mayGoDeep: deepLeft > 0 });
    if ((delta.change?.rank?.sketch ?? 0) > 16) deepLeft -= 1;
    tensors.push(delta);
  }
  for (const [name, tensor] of before) if (!after.has(name)) tensors.push(described(tensor, 'removed'));
  const counts = { unchanged: 0, changed: 0, added: 0, removed: 0, reshaped: 0 };
  for (const { state } of tensors) counts[state] += 1;
  const top = tensors
    .filter(({ change }) => change !== null)
    .toSorted((a, b) => (b.change?.l2 ?? 0) - (a.change?.l2 ?? 0))
    .slice(0, MOST_TOP)
    .map(({ name }) => name);
  return { kind: kindOf(tensors, counts), tensors, counts, top, notes };
}

interface Reading {
  readonly checkpoint: () => void;
  readonly beside: Beside | undefined;
  readonly notes: string[];
}

async function tensorsByName(
  files: readonly WeightFile[],
  { checkpoint, beside, notes }: Reading,
): Promise<Map<string, Tensor>> {
  const found = new Map<string, Tensor>();
  for (const file of files) {
    const read = await readTensors(file, {
      checkpoint,
      beside: (path) => files.find((other) => other.path === path)?.source ?? beside?.(path) ?? null,
    });
    for (const note of read.notes) notes.push(`${file.path}: ${note}`);
    for (const tensor of read.tensors) {
      if (found.size >= MOST_TENSORS) throw new ScanFault(`more than ${MOST_TENSORS} tensors`, tensor.offset);
      if (!found.has(tensor.name) && tensor.length > 0) found.set(tensor.name, tensor);
    }
  }
  return found;
}

const described = ({ name, dtype, shape }: Tensor, state: TensorDelta['state']): TensorDelta => ({
  name,
  state,
  dtype,
  shape,
  change: null,
});

async function deltaOf(
  base: Tensor,
  model: Tensor,
  options: { readonly checkpoint: () => void; readonly mayGoDeep: boolean },
): Promise<TensorDelta> {
  const isSame =
    base.shape.length === model.shape.length && base.shape.every((dim, index) => dim === model.shape[index]);
  const change = await changeOf(base, model, {
    ...options,
    mayGoDeep: options.mayGoDeep && isFloat(model.dtype),
  });
  const state = isSame ? (change === null ? 'unchanged' : 'changed') : 'reshaped';
  return { ...described(model, state), change };
}
