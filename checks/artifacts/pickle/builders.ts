import { canonicalModule } from '../policy/aliases.ts';
import { readCode } from './code.ts';
import { renderValue } from './render.ts';
import type { Machine } from './state.ts';
import type { CallOperations } from './symbolic.ts';
import type { Imported, Made, Value } from './values.ts';
import { isImport, isMade, isText, itemsOf, made, NONE, tuple } from './values.ts';

interface BuilderCall {
  readonly operations: CallOperations;
  readonly machine: Machine;
  readonly args: readonly Value[];
}

/** Answers what is made; undefined where the call is not as cloudpickle or dill writes it. */
type Builder = (call: BuilderCall) => Value | undefined;

const SHOWN_NAME = 60;

const nameOf = (value: Value | undefined): string => (isText(value) ? value.text.slice(0, SHOWN_NAME) : '?');

const isDict = (value: Value | undefined): value is Extract<Value, { kind: 'dict' }> =>
  typeof value === 'object' && value.kind === 'dict';

/** `CodeType` by its name; any other type is judged as an import of `types`. */
const typeByName: Builder = ({ operations, machine, args: [name] }) => {
  if (!isText(name) || !name.whole) return undefined;
  if (name.text === 'CodeType') return made('code-type');
  return operations.importName(machine, 'types', name.text);
};

/** dill's own: other types than that of code are looked into elsewhere. */
const dillType: Builder = ({ args: [name] }) =>
  isText(name) && name.text === 'CodeType' ? made('code-type') : undefined;

/** Makes a code object of the arguments of `CodeType` and judges it. */
export function makeCode(machine: Machine, args: Value): Made {
  const read = readCode(args);
  machine.journal.carried.code(read, machine.at);
  return made('code', read?.name ?? '?');
}

const codeByCall: Builder = ({ machine, args }) => makeCode(machine, tuple([...args]));

/** The globals have to be a mapping of the stream's own: those of another function would change that one. */
const makeFunction: Builder = ({ args: [code, globals] }) =>
  isMade(code, 'code') && isDict(globals) ? made('function', code.name) : undefined;

const skeletonFunction: Builder = ({ args: [code, , globals] }) =>
  isMade(code, 'code') && (globals === undefined || globals === NONE || isDict(globals))
    ? made('function', code.name)
    : undefined;

/** State is only given to what the stream itself made. */
const fillFunction: Builder = ({ args: [target] }) => (isMade(target, 'function') ? target : undefined);

const makeCell: Builder = () => made('cell');

function takeAttributes({ machine, args: [target, state] }: BuilderCall): Value | undefined {
  if (!isMade(target, 'class')) return undefined;
  noteAttributes(machine, target, state ?? NONE);
  return target;
}

/** Notes what a class is given: a mapping, or a pair of mappings. */
export function noteAttributes(machine: Machine, target: Made, state: Value): void {
  const parts = typeof state === 'object' && state.kind === 'tuple' ? itemsOf(state) : [state];
  for (const part of parts) {
    if (part === NONE) continue;
    const pairs = isDict(part) ? (part.pairs ?? []) : [];
    const names = pairs.filter((_, index) => index % 2 === 0).filter(isText);
    const isKnown = isDict(part) && names.length === part.size;
    machine.journal.carried.attributes(
      target.name,
      names.map(({ text }) => text),
      isKnown,
    );
  }
}

/** The class of a class: that of Python or of abstract classes, one that the stream made, or something that is called. */
function takeMetaclass({ operations, machine }: BuilderCall, meta: Value, args: Value): void {
  const { journal } = machine;
  const dotted = isImport(meta) ? `${canonicalModule(meta.module)}.${meta.name}` : '';
  if (isImport(meta) && (dotted === 'builtins.type' || dotted === 'abc.ABCMeta')) {
    journal.settled(meta);
    return;
  }
  journal.carried.runs();
  if (!isMade(meta, 'class')) operations.call(machine, meta, args, 1);
}

/** Keys of the mapping that a class begins with; others are set later, so that Python does not act on them. */
const FIRST_ATTRIBUTES: ReadonlySet<string> = new Set(['__module__', '__slots__', '__doc__', '__qualname__']);

function beginsPlainly(first: Value | undefined): boolean {
  if (!isDict(first)) return first === NONE;
  const { pairs = [], size } = first;
  if (pairs.length !== 2 * size) return false;
  return pairs.every(
    (value, index) => index % 2 === 1 || (isText(value) && FIRST_ATTRIBUTES.has(value.text)),
  );
}

/** Bases that are not known, or that act when a class is made of them. */
function takeBases({ machine }: BuilderCall, bases: Value | undefined): void {
  const items = itemsOf(bases);
  const isPlain = items.every((base) => isImport(base) || isMade(base, 'class'));
  const isAll = typeof bases === 'object' && bases.kind === 'tuple' && bases.size === items.length;
  if (!isPlain || !isAll) machine.journal.carried.runs();
}

const makeClass: Builder = (call) => {
  const { machine, args } = call;
  const [meta, name, bases, first] = args;
  if (meta === undefined || args.length < 4) return undefined;
  const made_ = made('class', nameOf(name));
  machine.journal.carried.class(made_.name, machine.at);
  takeMetaclass(call, meta, tuple([name ?? NONE, bases ?? NONE, first ?? NONE]));
  takeBases(call, bases);
  if (!beginsPlainly(first)) noteAttributes(machine, made_, first ?? NONE);
  return made_;
};

const makeEnum: Builder = (call) => {
  const { machine, args } = call;
  const [bases, name] = args;
  if (args.length < 5) return undefined;
  const enumeration = made('class', nameOf(name));
  machine.journal.carried.class(enumeration.name, machine.at);
  takeBases(call, bases);
  return enumeration;
};

/** `_make_typevar(name, bound, constraints, …)` and views of mappings: nothing of the stream runs. */
const plainObject: Builder = () => made('object');

/** Modules by their names: importing runs what is installed, so only what code gets with them counts. */
const importByName: Builder = ({ machine, args: [name] }) => {
  if (!isText(name) || !name.whole) return undefined;
  machine.journal.carried.module(name.text, machine.at);
  return { kind: 'module', name: name.text };
};

/** A module that is made on the spot from a mapping of the stream. */
const makeModule: Builder = ({ machine, args: [name, content] }) => {
  if (!isText(name) || !isDict(content)) return undefined;
  machine.journal.carried.module(name.text, machine.at);
  return made('object', name.text);
};

/** `_setitems(mapping, items)` of dill, for a mapping of the stream's own. */
const setAll: Builder = ({ args: [target] }) => (isDict(target) ? NONE : undefined);

const CLOUDPICKLE: ReadonlyMap<string, Builder> = new Map<string, Builder>([
  ['_builtin_type', typeByName],
  ['_make_function', makeFunction],
  ['_function_setstate', fillFunction],
  ['_make_skel_func', skeletonFunction],
  ['_fill_function', fillFunction],
  ['_make_cell', makeCell],
  ['_make_empty_cell', makeCell],
  ['_make_skeleton_class', makeClass],
  ['_make_skeleton_enum', makeEnum],
  ['_class_setstate', takeAttributes],
  ['_rehydrate_skeleton_class', takeAttributes],
  ['_make_typevar', plainObject],
  ['_make_dict_keys', plainObject],
  ['_make_dict_values', plainObject],
  ['_make_dict_items', plainObject],
  ['_get_dataclass_field_type_sentinel', plainObject],
  ['subimport', importByName],
  ['dynamic_subimport', makeModule],
]);

const DILL: ReadonlyMap<string, Builder> = new Map<string, Builder>([
  ['_load_type', dillType],
  ['_create_code', codeByCall],
  ['_create_function', makeFunction],
  ['_create_cell', makeCell],
  ['_import_module', importByName],
  ['_setitems', setAll],
]);

const CLOUDPICKLES: ReadonlySet<string> = new Set(
  ['cloudpickle', 'joblib.externals.cloudpickle', 'ray.cloudpickle', 'pyspark.cloudpickle'].flatMap(
    (root) => [root, `${root}.cloudpickle`, `${root}.cloudpickle_fast`],
  ),
);

function builderOf({ module, name }: Imported): Builder | undefined {
  if (CLOUDPICKLES.has(module)) return CLOUDPICKLE.get(name);
  return module === 'dill._dill' || module === 'dill.dill' ? DILL.get(name) : undefined;
}

/**
 * The value of a call of a function of cloudpickle or dill that only puts functions and classes together, from what
 * the stream holds and as they write it; undefined for any other call.
 */
export function carriedCall(
  operations: CallOperations,
  machine: Machine,
  callee: Imported,
  args: Value,
): Value | undefined {
  const builder = builderOf(callee);
  if (builder === undefined || typeof args !== 'object' || args.kind !== 'tuple') return undefined;
  const items = itemsOf(args);
  if (items.length !== args.size) return undefined;
  const value = builder({ operations, machine, args: items });
  if (value !== undefined) machine.journal.settled(callee);
  return value;
}

/** What is noted when loading calls a function, method or object that the stream carries. */
export function callCarried(machine: Machine, callee: Made, args: Value): Value {
  switch (callee.what) {
    case 'code-type':
      return makeCode(machine, args);
    case 'class':
      machine.journal.carried.runs();
      return made('object', callee.name);
    default:
      machine.journal.carried.runs();
      machine.journal.note({
        what: 'hook',
        at: machine.at,
        severity: 'critical',
        capability: 'code',
        call: `${renderValue(callee)}${renderValue(args)}`.slice(0, 400),
        reason: `calls ${callee.what} ${callee.name}, which the file itself carries`,
      });
      return made('object');
  }
}
