import type { Buffer } from 'node:buffer';
import { createMemo } from './memo.ts';
import { Broken, createStack } from './stack.ts';
import type { Machine } from './state.ts';
import type { Instance, Value } from './values.ts';
import { getItem, isImport, isText, itemsOf } from './values.ts';

const MOST_NESTED = 8;

/** True for joblib's stand-in of an array, whose data follow its BUILD in the stream. */
export function arrayWrapper(value: Value): value is Instance {
  if (typeof value !== 'object' || value.kind !== 'instance' || !isImport(value.callee)) return false;
  const { module, name } = value.callee;
  return name === 'NumpyArrayWrapper' && /^(?:sklearn\.externals\.)?joblib\.numpy_pickle$/.test(module);
}

/**
 * Bytes of one item of a numpy type such as `f8`, `<U10` or `V24`; 0 for objects.
 *
 * @returns undefined for what is no such type.
 */
export function itemBytes(type: string): number | undefined {
  const parts = /^[<>=|]?([a-zA-Z?])([0-9]{0,9})(?:\[[0-9a-zA-Z]{1,8}\])?$/.exec(type);
  const code = parts?.[1];
  if (parts === null || code === undefined) return undefined;
  const count = parts[2] === '' || parts[2] === undefined ? undefined : Number(parts[2]);
  if (code === 'O') return 0;
  if (code === 'U') return 4 * (count ?? 0);
  if ('SVa'.includes(code)) return count ?? 0;
  if (code === 'b' || code === 'B' || code === '?') return count ?? 1;
  if (code === 'M' || code === 'm') return 8;
  return 'iufc'.includes(code) ? count : undefined;
}

interface ArrayLayout {
  readonly items: number;
  readonly itemBytes: number;
  readonly aligned: boolean;
}

function layoutOf(state: Value): ArrayLayout | undefined {
  if (typeof state !== 'object' || state.kind !== 'dict') return undefined;
  const dtype = getItem(state, 'dtype');
  const shape = itemsOf(getItem(state, 'shape'));
  if (typeof dtype !== 'object' || dtype.kind !== 'instance') return undefined;
  const [type] = itemsOf(dtype.args);
  const bytes = isText(type) ? itemBytes(type.text) : undefined;
  if (bytes === undefined || !shape.every((side) => typeof side === 'number')) return undefined;
  const flags = itemsOf(dtype.state)[7];
  const holdsObjects = bytes === 0 || (typeof flags === 'number' && (flags & 1) === 1);
  const items = shape.reduce<number>((product, side) => product * (side as number), 1);
  const aligned = typeof getItem(state, 'numpy_array_alignment_bytes') === 'number';
  return { items, itemBytes: holdsObjects ? 0 : bytes, aligned };
}

/** After BUILD of an array stand-in: skips the array's data, or enters the pickle that holds its objects. */
export function enterArray(machine: Machine, state: Value, window: Buffer, next: number): void {
  const layout = layoutOf(state);
  if (layout === undefined) throw new Broken('an array has a type or shape that cannot be told');
  if (layout.itemBytes === 0) {
    if (machine.outer.length >= MOST_NESTED) throw new Broken('arrays of objects are nested too deeply');
    machine.outer.push({ stack: machine.stack, memo: machine.memo });
    machine.stack = createStack();
    machine.memo = createMemo(machine.memoLimit);
    return;
  }
  const padding = layout.aligned ? 1 + (window[next] ?? 0) : 0;
  const length = layout.items * layout.itemBytes;
  if (!Number.isSafeInteger(length) || length < 0 || machine.base + next + padding + length > machine.size) {
    throw new Broken('an array goes past the end');
  }
  machine.inline = padding + length;
}
