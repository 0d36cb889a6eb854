import { canonical } from '../policy/aliases.ts';
import { decodeWith } from './decoding.ts';
import type { Machine } from './state.ts';
import type { Bytes, Imported, Text, Value } from './values.ts';
import { appendTo, bound, COMPUTED, instance, isText, itemsOf, list, text, tuple } from './values.ts';

/** What functions that call others need from the machine. */
export interface CallOperations {
  readonly call: (machine: Machine, callee: Value, args: Value, chained: number) => Value;
  readonly construct: (machine: Machine, callee: Value, args: Value) => Value;
  readonly attribute: (machine: Machine, target: Value, name: string) => Value;
  readonly importName: (machine: Machine, module: string, name: string) => Imported;
}

interface Call {
  readonly operations: CallOperations;
  readonly machine: Machine;
  readonly callee: Imported;
  readonly args: readonly Value[];
  readonly chained: number;
}

type Meaning = (call: Call) => Value | undefined;

const MOST_COMPUTED = 65_536;

const textOf = (value: Value | undefined): string | undefined =>
  isText(value) && value.whole ? value.text : undefined;

const getattr: Meaning = ({ operations, machine, args: [target, name] }) => {
  const known = textOf(name);
  return target === undefined || known === undefined
    ? COMPUTED
    : operations.attribute(machine, target, known);
};

const importModule: Meaning = ({ args: [name] }) => {
  const known = textOf(name);
  return known === undefined ? COMPUTED : { kind: 'module', name: known };
};

const resolveName: Meaning = ({ operations, machine, args: [name] }) => {
  const known = textOf(name);
  if (known === undefined) return COMPUTED;
  const colon = known.indexOf(':');
  const at = colon >= 0 ? colon : known.lastIndexOf('.');
  if (at < 0) return { kind: 'module', name: known };
  return operations.importName(machine, known.slice(0, at), known.slice(at + 1));
};

/** `f(*args)` for functions that call their first argument with the rest. */
const callFirst: Meaning = ({ operations, machine, args: [target, ...rest], chained }) =>
  target === undefined ? COMPUTED : operations.call(machine, target, tuple([...rest]), chained + 1);

/** `apply(f, args)`. */
const apply: Meaning = ({ operations, machine, args: [target, args], chained }) =>
  target === undefined ? COMPUTED : operations.call(machine, target, args ?? tuple([]), chained + 1);

/** `map(f, items)`, `filter(f, items)`, `reduce(f, items)`: whoever takes the result calls it with each item. */
const callEach: Meaning = ({ operations, machine, callee, args: [target, ...sequences], chained }) => {
  if (target === undefined) return COMPUTED;
  const heads = callee.name === 'reduce' ? itemsOf(sequences[0]) : sequences.map((one) => itemsOf(one)[0]);
  const known = heads.filter((value) => value !== undefined);
  const starred = callee.name === 'starmap' ? known[0] : undefined;
  const isCallable = typeof target === 'object' && (target.kind === 'import' || target.kind === 'bound');
  if (isCallable) operations.call(machine, target, starred ?? tuple([...known]), chained + 1);
  return instance(callee, tuple([target, ...sequences]));
};

const partial: Meaning = ({ args: [target, ...rest] }) =>
  target === undefined ? COMPUTED : bound('partial', target, rest);

const getter =
  (how: 'attrgetter' | 'methodcaller' | 'itemgetter'): Meaning =>
  ({ args: [name, ...rest] }) =>
    name === undefined ? COMPUTED : bound(how, name, rest);

function joined(left: Value | undefined, right: Value | undefined): Value {
  const [a, b] = [textOf(left), textOf(right)];
  if (a === undefined || b === undefined || a.length + b.length > MOST_COMPUTED) return COMPUTED;
  return text(a + b);
}

const concatenate: Meaning = ({ args: [left, right] }) => joined(left, right);

const joinTexts: Meaning = ({ args: [separator, items] }) => {
  const glue = textOf(separator);
  const parts = itemsOf(items).map(textOf);
  if (glue === undefined || parts.length === 0 || parts.includes(undefined)) return COMPUTED;
  const whole = parts.join(glue);
  return whole.length > MOST_COMPUTED ? COMPUTED : text(whole);
};

const character: Meaning = ({ args: [code] }) =>
  typeof code === 'number' && code >= 0 && code <= 0x10ffff ? text(String.fromCodePoint(code)) : COMPUTED;

const reversed: Meaning = ({ args: [value] }) => {
  const known = textOf(value);
  return known === undefined ? COMPUTED : text([...known].toReversed().join(''));
};

const toText: Meaning = ({ args: [value, encoding] }) => {
  if (isText(value)) return value;
  return decodeWith('decode', [value, encoding]) ?? COMPUTED;
};

/** Hands known content to a deserialiser: what it holds runs. */
const load: Meaning = ({ machine, callee, args }) => {
  const [value] = args;
  const loaded = callee.grade.allowed ? 'known-loader' : 'call';
  if (typeof value === 'object' && (value.kind === 'bytes' || value.kind === 'text')) {
    machine.journal.payload({ at: machine.at, value, range: rangeOf(value), loaded });
  } else if (callee.grade.allowed) {
    machine.journal.note({
      what: 'unresolved',
      at: machine.at,
      severity: 'medium',
      capability: 'unknown',
      import: `${callee.module}.${callee.name}`,
      reason: 'loads content that cannot be told beforehand',
    });
  }
  return instance(callee, tuple([...args]));
};

function rangeOf(value: Bytes | Text): { offset: number; length: number } | undefined {
  if (value.kind !== 'bytes' || value.offset < 0) return undefined;
  return { offset: value.offset, length: value.size };
}

/** `copyreg._reconstructor(cls, base, state)`: builds a `cls` and calls `base.__init__`. */
const reconstruct: Meaning = ({ operations, machine, args: [cls, base, state] }) => {
  if (cls === undefined) return COMPUTED;
  if (typeof base === 'object' && base.kind === 'import' && !base.grade.allowed && !base.grade.built) {
    machine.journal.called(base, tuple([cls, ...(state === undefined ? [] : [state])]), machine.at);
  }
  return operations.construct(machine, cls, tuple(state === undefined ? [] : [state]));
};

const newObject: Meaning = ({ operations, machine, args: [cls, ...rest] }) =>
  cls === undefined ? COMPUTED : operations.construct(machine, cls, tuple([...rest]));

const newObjectEx: Meaning = ({ operations, machine, args: [cls, args] }) =>
  cls === undefined ? COMPUTED : operations.construct(machine, cls, args ?? tuple([]));

/** `_ufunc_reconstruct(module, name)` imports by its texts. */
const importByText: Meaning = ({ operations, machine, args: [module, name] }) => {
  const [from, what] = [textOf(module), textOf(name)];
  return from === undefined || what === undefined ? COMPUTED : operations.importName(machine, from, what);
};

/** `f(*args)` with the function first and its arguments as a tuple at `at`. */
const callWith =
  (at: number): Meaning =>
  ({ operations, machine, args, chained }) => {
    const [target, given] = [args[0], args[at]];
    return target === undefined
      ? COMPUTED
      : operations.call(machine, target, given ?? tuple([]), chained + 1);
  };

/** `__generator_ctor(name, constructor)` calls the constructor with the name. */
const callSecond: Meaning = ({ operations, machine, callee, args: [first, second], chained }) =>
  second === undefined
    ? instance(callee, tuple(first === undefined ? [] : [first]))
    : operations.call(machine, second, tuple(first === undefined ? [] : [first]), chained + 1);

const toSequence: Meaning = ({ callee, args: [value] }) => {
  const items = itemsOf(value);
  if (callee.name === 'tuple') return items.length > 0 ? tuple([...items]) : undefined;
  const made = list();
  appendTo(made, [...items]);
  return made;
};

const decoding =
  (name: string): Meaning =>
  ({ callee, args }) =>
    decodeWith(name, args) ?? instance(callee, tuple([...args]));

const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['builtins.getattr', getattr],
  ['builtins.__import__', importModule],
  ['importlib.import_module', importModule],
  ['importlib.__import__', importModule],
  ['importlib._bootstrap._gcd_import', importModule],
  ['pkgutil.resolve_name', resolveName],
  ['pydoc.locate', resolveName],
  ['builtins.apply', apply],
  ['builtins.map', callEach],
  ['builtins.filter', callEach],
  ['functools.reduce', callEach],
  ['itertools.starmap', callEach],
  ['functools.partial', partial],
  ['functools.partialmethod', partial],
  ['types.MethodType', partial],
  ['operator.call', callFirst],
  ['operator.attrgetter', getter('attrgetter')],
  ['operator.methodcaller', getter('methodcaller')],
  ['operator.itemgetter', getter('itemgetter')],
  ['operator.add', concatenate],
  ['operator.concat', concatenate],
  ['operator.iadd', concatenate],
  ['operator.iconcat', concatenate],
  ['builtins.str.__add__', concatenate],
  ['builtins.str.join', joinTexts],
  ['string.join', joinTexts],
  ['builtins.chr', character],
  ['builtins.unichr', character],
  ['builtins.reversed', reversed],
  ['builtins.str', toText],
  ['builtins.unicode', toText],
  ['builtins.list', toSequence],
  ['builtins.tuple', toSequence],
  ['copyreg._reconstructor', reconstruct],
  ['numpy.core._ufunc_reconstruct', importByText],
  ['numpy._core._ufunc_reconstruct', importByText],
  ['torch._tensor._rebuild_from_type', callWith(2)],
  ['torch.tensor._rebuild_from_type', callWith(2)],
  ['torch._tensor._rebuild_from_type_v2', callWith(2)],
  ['dill._dill._create_array', callWith(1)],
  ['numpy.random._pickle.__generator_ctor', callSecond],
  ['numpy.random._pickle.__randomstate_ctor', callSecond],
  ['copyreg.__newobj__', newObject],
  ['copyreg.__newobj_ex__', newObjectEx],
  ...[
    'pickle.loads',
    '_pickle.loads',
    'marshal.loads',
    'dill.loads',
    'dill._dill.loads',
    'cloudpickle.loads',
  ].map((name) => [name, load] as const),
  ...[
    'cloudpickle.cloudpickle.loads',
    'pickle._loads',
    'joblib.load',
    'torch.load',
    'torch.storage._load_from_bytes',
  ].map((name) => [name, load] as const),
  ['_codecs.encode', decoding('encode')],
  ['codecs.encode', decoding('encode')],
  ['_codecs.decode', decoding('decode')],
  ['codecs.decode', decoding('decode')],
  ['builtins.bytes.decode', decoding('decode')],
  ['builtins.str.encode', decoding('encode')],
  ['builtins.bytes', decoding('bytes')],
  ['builtins.bytearray', decoding('bytes')],
  ['builtins.bytes.fromhex', decoding('hex')],
  ['builtins.bytearray.fromhex', decoding('hex')],
  ['binascii.unhexlify', decoding('hex')],
  ['binascii.a2b_hex', decoding('hex')],
  ['binascii.a2b_base64', decoding('base64')],
  ['base64.b64decode', decoding('base64')],
  ['base64.standard_b64decode', decoding('base64')],
  ['base64.urlsafe_b64decode', decoding('base64')],
  ['base64.decodebytes', decoding('base64')],
  ['base64.decodestring', decoding('base64')],
  ['base64.b16decode', decoding('hex')],
  ['zlib.decompress', decoding('zlib')],
  ['gzip.decompress', decoding('gzip')],
]);

/** A call of an imported name. */
export interface NamedCall {
  readonly callee: Imported;
  readonly args: Value;
  /** Calls that led to this one. */
  readonly chained: number;
}

/** The value of a call whose meaning is known; undefined when it is just some object. */
export function symbolic(
  operations: CallOperations,
  machine: Machine,
  { callee, args, chained }: NamedCall,
): Value | undefined {
  const meaning = MEANINGS.get(canonical(callee.module, callee.name).join('.'));
  return meaning?.({ operations, machine, callee, args: itemsOf(args), chained });
}
