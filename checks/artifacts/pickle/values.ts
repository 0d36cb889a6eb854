import type { Grade } from '../policy/grade.ts';

/**
 * What the symbolic machine knows about a value that a loader would build. Everything is bounded: containers keep
 * their first items only, mutable ones keep no other mutable ones, and nesting ends at `MOST_DEPTH`.
 */
export type Value =
  | number
  | Plain
  | Text
  | Bytes
  | Sequence
  | Mapping
  | Imported
  | Instance
  | Bound
  | Module
  | Made
  | Unknown;

/** A constant, or something whose content plays no part. */
export interface Plain {
  readonly kind: 'plain';
  readonly shown: string;
}

export interface Text {
  readonly kind: 'text';
  readonly text: string;
  /** False when `text` is only the beginning. */
  readonly whole: boolean;
  /** Where all of it lies, when it is not whole. */
  readonly written?: Written;
}

/** Text in the stream, and how it is written there. */
export interface Written {
  readonly offset: number;
  readonly length: number;
  readonly form: 'utf8' | 'escaped';
}

export interface Bytes {
  readonly kind: 'bytes';
  /** The beginning; all of it where `head.length === size`. */
  readonly head: Uint8Array;
  readonly size: number;
  /** Offset of the content in the stream; -1 when it was computed. */
  readonly offset: number;
  /** The text that it is the latin-1 of, when that was too long to keep. */
  readonly written?: Written;
}

export interface Sequence {
  readonly kind: 'list' | 'tuple' | 'set';
  items: Value[] | undefined;
  size: number;
  depth: number;
  /** No list, dict or set inside, so that keeping it inside another container cannot grow without end. */
  readonly frozen: boolean;
}

export interface Mapping {
  readonly kind: 'dict';
  /** Keys and values in turn. */
  pairs: Value[] | undefined;
  size: number;
  depth: number;
}

/** What GLOBAL, STACK_GLOBAL or INST bring in, or an attribute reached from there. */
export interface Imported {
  readonly kind: 'import';
  readonly module: string;
  readonly name: string;
  readonly grade: Grade;
}

export interface Module {
  readonly kind: 'module';
  readonly name: string;
}

/** What a call gave. */
export interface Instance {
  readonly kind: 'instance';
  readonly callee: Value;
  readonly args: Value;
  readonly depth: number;
  readonly frozen: boolean;
  /** Attributes set by BUILD that the machine itself would call. */
  hooks: Map<string, Value> | undefined;
  /** Last state given by BUILD. */
  state: Value | undefined;
}

/** A callable that stands for another with something bound: `partial`, `attrgetter`, `methodcaller`. */
export interface Bound {
  readonly kind: 'bound';
  readonly how: 'partial' | 'attrgetter' | 'methodcaller' | 'itemgetter';
  readonly target: Value;
  readonly args: readonly Value[];
  readonly depth: number;
}

/** What the stream's own code is made into; what is in it is kept by the journal, not here. */
export interface Made {
  readonly kind: 'made';
  readonly what: 'code-type' | 'code' | 'function' | 'class' | 'object' | 'cell';
  readonly name: string;
}

export interface Unknown {
  readonly kind: 'unknown';
  readonly why: string;
}

export const MOST_DEPTH = 16;
const MOST_ITEMS = 16;
const MOST_PAIRS = 48;

const plain = (shown: string): Plain => Object.freeze({ kind: 'plain', shown });
const unknown = (why: string): Unknown => Object.freeze({ kind: 'unknown', why });

export const NONE = plain('None');
export const TRUE = plain('True');
export const FALSE = plain('False');
export const FLOAT = plain('<float>');
export const INTEGER = plain('<int>');
export const BUFFER = plain('<buffer>');
export const SOME_LIST = plain('[…]');
export const SOME_DICT = plain('{…}');
export const SOME_SET = plain('{…}');
export const FORGOTTEN = unknown('forgotten value');
export const DEEP = unknown('deeply nested value');
export const MISSING = unknown('value that is not there');
export const COMPUTED = unknown('computed value');
export const PERSISTENT = unknown('persistent object');
export const EXTENSION = unknown('object of the extension registry');

export const depthOf = (value: Value): number =>
  typeof value !== 'number' && 'depth' in value ? value.depth : 0;

export function isFrozen(value: Value): boolean {
  if (typeof value === 'number') return true;
  switch (value.kind) {
    case 'list':
    case 'set':
    case 'dict':
      return false;
    case 'tuple':
    case 'instance':
      return value.frozen;
    default:
      return true;
  }
}

/** What a mutable container keeps of `value`. */
function kept(value: Value): Value {
  if (typeof value === 'number') return value;
  if (value.kind === 'list') return SOME_LIST;
  if (value.kind === 'dict') return SOME_DICT;
  if (value.kind === 'set') return SOME_SET;
  if (!isFrozen(value)) return COMPUTED;
  return depthOf(value) >= MOST_DEPTH ? DEEP : value;
}

export const list = (): Sequence => ({ kind: 'list', items: undefined, size: 0, depth: 1, frozen: false });
export const set = (): Sequence => ({ kind: 'set', items: undefined, size: 0, depth: 1, frozen: false });
export const dict = (): Mapping => ({
  kind: 'dict',
  pairs: undefined,
  size: 0,
  depth: 1,
});

export const EMPTY_TUPLE: Sequence = Object.freeze({
  kind: 'tuple',
  items: undefined,
  size: 0,
  depth: 1,
  frozen: true,
}) as Sequence;

/** A tuple of `items`, which it owns; `size` where there were more than were kept. */
export function tuple(items: Value[], size = items.length): Sequence {
  let depth = 0;
  let frozen = true;
  for (let index = 0; index < items.length; index += 1) {
    const item = items[index] as Value;
    if (typeof item === 'number') continue;
    const inner = depthOf(item);
    if (inner >= MOST_DEPTH) {
      items[index] = DEEP;
      continue;
    }
    if (inner > depth) depth = inner;
    if (frozen && !isFrozen(item)) frozen = false;
  }
  return { kind: 'tuple', items, size, depth: depth + 1, frozen };
}

/** Appends `items`, the first of `size`; the sequence owns them from then on. */
export function appendTo(sequence: Sequence, items: Value[], size = items.length): void {
  const { items: before } = sequence;
  sequence.size += size;
  if (before !== undefined && before.length >= MOST_ITEMS) return;
  if (items.length > MOST_ITEMS) items.length = MOST_ITEMS;
  sequence.depth = Math.max(sequence.depth, keepAll(items) + 1);
  if (before === undefined) sequence.items = items;
  else before.push(...items);
}

/** Sets `pairs`, keys and values in turn, the first of `size`; the mapping owns them from then on. */
export function setIn(mapping: Mapping, pairs: Value[], size = pairs.length): void {
  const { pairs: before } = mapping;
  mapping.size += size >> 1;
  if (before !== undefined && before.length >= 2 * MOST_PAIRS) return;
  if (pairs.length > 2 * MOST_PAIRS) pairs.length = 2 * MOST_PAIRS;
  mapping.depth = Math.max(mapping.depth, keepAll(pairs) + 1);
  if (before === undefined) mapping.pairs = pairs;
  else before.push(...pairs);
}

/** Puts in place of each value what a container may keep of it; answers the greatest depth. */
function keepAll(values: Value[]): number {
  let depth = 0;
  for (let index = 0; index < values.length; index += 1) {
    const given = values[index] as Value;
    if (typeof given === 'number') continue;
    const value = kept(given);
    if (value !== given) values[index] = value;
    const inner = depthOf(value);
    if (inner > depth) depth = inner;
  }
  return depth;
}

/** The last value kept under the text `key`. */
export function getItem({ pairs = [] }: Mapping, key: string): Value | undefined {
  for (let index = pairs.length - 2; index >= 0; index -= 2) {
    const known = pairs[index];
    if (typeof known === 'object' && known.kind === 'text' && known.text === key) return pairs[index + 1];
  }
  return undefined;
}

export function instance(callee: Value, args: Value): Instance {
  const within = depthOf(callee) < MOST_DEPTH ? callee : DEEP;
  const given = depthOf(args) < MOST_DEPTH ? args : DEEP;
  return {
    kind: 'instance',
    callee: within,
    args: given,
    depth: Math.max(depthOf(within), depthOf(given)) + 1,
    frozen: isFrozen(within) && isFrozen(given),
    hooks: undefined,
    state: undefined,
  };
}

export function bound(how: Bound['how'], target: Value, args: readonly Value[]): Bound {
  const within = depthOf(target) < MOST_DEPTH ? target : DEEP;
  const given = args.map(kept);
  const depth = Math.max(depthOf(within), 0, ...given.map(depthOf)) + 1;
  return { kind: 'bound', how, target: within, args: given, depth };
}

/** Records what BUILD gave to an instance; keeps only what cannot grow. */
export function setState(target: Instance, state: Value): void {
  target.state = kept(state);
}

export const text = (content: string, whole = true, written?: Written): Text =>
  written === undefined || whole
    ? { kind: 'text', text: content, whole }
    : { kind: 'text', text: content, whole, written };

export const made = (what: Made['what'], name = ''): Made => ({ kind: 'made', what, name });

/** `head` must not be a view of a larger buffer that is to be freed. */
export const bytes = (head: Uint8Array, size = head.length, offset = -1): Bytes => ({
  kind: 'bytes',
  head,
  size,
  offset,
});

export const isText = (value: Value | undefined): value is Text =>
  typeof value === 'object' && value.kind === 'text';
export const isImport = (value: Value | undefined): value is Imported =>
  typeof value === 'object' && value.kind === 'import';

export const isMade = (value: Value | undefined, what: Made['what']): value is Made =>
  typeof value === 'object' && value.kind === 'made' && value.what === what;

/** Items of a tuple or list; none for anything else. */
export function itemsOf(value: Value | undefined): readonly Value[] {
  if (typeof value !== 'object') return [];
  return value.kind === 'tuple' || value.kind === 'list' || value.kind === 'set' ? (value.items ?? []) : [];
}
