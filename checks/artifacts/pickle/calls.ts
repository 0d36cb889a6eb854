import { gradeImport } from '../policy/grade.ts';
import { callCarried, carriedCall, noteAttributes } from './builders.ts';
import { renderValue } from './render.ts';
import { settle } from './settle.ts';
import { Broken } from './stack.ts';
import type { Machine } from './state.ts';
import type { CallOperations } from './symbolic.ts';
import { symbolic } from './symbolic.ts';
import type { Imported, Instance, Value } from './values.ts';
import {
  appendTo,
  bound,
  COMPUTED,
  instance,
  isMade,
  itemsOf,
  made,
  NONE,
  setIn,
  setState,
  tuple,
} from './values.ts';

/** Calls resolved through one another, `partial` of `partial` and the like. */
const MOST_CHAINED = 12;

/** Attributes that opcodes or loaders call by name when they are there. */
const HOOKS: ReadonlySet<string> = new Set([
  '__setstate__',
  '__reduce__',
  '__reduce_ex__',
  '__call__',
  '__getattr__',
  '__getattribute__',
  '__setitem__',
  '__del__',
  '__class__',
  '__new__',
  '__init__',
  'append',
  'extend',
  'add',
  'find_class',
  'persistent_load',
]);

/** Kinds of values that a hook may be. */
const CALLABLE: ReadonlySet<string> = new Set(['import', 'bound', 'made']);

/** What GLOBAL and its kin bring in; noted in the journal. */
export function importName(machine: Machine, module: string, name: string): Imported {
  const value: Imported = { kind: 'import', module, name, grade: gradeImport(module, name) };
  machine.journal.imported(value, machine.at);
  return value;
}

/** `target.name`, as far as it can be told. */
export function attribute(machine: Machine, target: Value, name: string): Value {
  if (typeof target === 'number') return importName(machine, 'builtins', `int.${name}`);
  switch (target.kind) {
    case 'module':
      return importName(machine, target.name, name);
    case 'import':
      return importName(machine, target.module, `${target.name}.${name}`);
    case 'instance': {
      const hook = target.hooks?.get(name);
      if (hook !== undefined) return hook;
      return typeof target.callee === 'object' && target.callee.kind === 'import'
        ? importName(machine, target.callee.module, `${target.callee.name}.${name}`)
        : COMPUTED;
    }
    case 'made':
      machine.journal.carried.runs();
      return made('function', `${target.name}.${name}`);
    case 'text':
      return importName(machine, 'builtins', `str.${name}`);
    case 'bytes':
    case 'list':
    case 'tuple':
    case 'dict':
    case 'set':
      return importName(machine, 'builtins', `${target.kind}.${name}`);
    default:
      return COMPUTED;
  }
}

/** Calls `callee(*args)` symbolically: notes it where the policy does not know it, and answers what it gives. */
export function call(machine: Machine, callee: Value, args: Value, chained = 0): Value {
  if (chained > MOST_CHAINED) return unresolved(machine, 'a chain of calls that is too long to follow');
  if (typeof callee === 'number') throw new Broken('a number is called');
  switch (callee.kind) {
    case 'import': {
      const carried = carriedCall(OPERATIONS, machine, callee, args);
      if (carried !== undefined) return carried;
      const settled = settle(OPERATIONS, machine, callee, args);
      if (settled !== undefined) return settled;
      machine.journal.called(callee, args, machine.at);
      return symbolic(OPERATIONS, machine, { callee, args, chained }) ?? instance(callee, args);
    }
    case 'bound':
      return callBound(machine, callee, args, chained);
    case 'made':
      return callCarried(machine, callee, args);
    case 'instance': {
      const hook = callee.hooks?.get('__call__');
      if (hook !== undefined) return call(machine, hook, args, chained + 1);
      return unresolved(machine, `the result of ${renderValue(callee)}`);
    }
    case 'unknown':
      return unresolved(machine, `a ${callee.why}`);
    default:
      throw new Broken(`a ${callee.kind} is called`);
  }
}

/** Makes an object of a class without calling its constructor, as NEWOBJ does. */
export function construct(machine: Machine, callee: Value, args: Value): Value {
  if (typeof callee === 'object' && callee.kind === 'import' && callee.grade.built) {
    return instance(callee, args);
  }
  if (isMade(callee, 'class')) return made('object', callee.name);
  return call(machine, callee, args);
}

const OPERATIONS: CallOperations = Object.freeze({ call, construct, attribute, importName });

function unresolved(machine: Machine, what: string): Value {
  machine.journal.note({
    what: 'unresolved',
    at: machine.at,
    severity: 'medium',
    capability: 'unknown',
    reason: `calls ${what}`,
  });
  return COMPUTED;
}

function callBound(
  machine: Machine,
  callee: Extract<Value, { kind: 'bound' }>,
  args: Value,
  chained: number,
) {
  const { how, target, args: given } = callee;
  const [first] = itemsOf(args);
  switch (how) {
    case 'partial':
      return call(machine, target, tuple([...given, ...itemsOf(args)]), chained + 1);
    case 'attrgetter': {
      const name = typeof target === 'object' && target.kind === 'text' ? target.text : undefined;
      if (name === undefined || first === undefined) return COMPUTED;
      return name
        .split('.')
        .slice(0, 8)
        .reduce((value, part) => attribute(machine, value, part), first);
    }
    case 'methodcaller': {
      const name = typeof target === 'object' && target.kind === 'text' ? target.text : undefined;
      if (name === undefined || first === undefined) return COMPUTED;
      return call(machine, attribute(machine, first, name), tuple([...given]), chained + 1);
    }
    default:
      return COMPUTED;
  }
}

function mutation(
  machine: Machine,
  target: Imported | Extract<Value, { kind: 'module' }>,
  what: string,
): void {
  const name = target.kind === 'module' ? target.name : `${target.module}.${target.name}`;
  machine.journal.note({
    what: 'mutation',
    at: machine.at,
    severity: 'high',
    capability: 'code',
    import: name,
    call: `${name} ← ${what}`,
    reason: 'changes what it imported, so that later names mean something else',
  });
}

/** APPEND, APPENDS, ADDITEMS: `items` are the first of `size`. */
export function appendAll(machine: Machine, target: Value, items: Value[], size: number): void {
  // CPython does not look at the target when there is nothing to add.
  if (size === 0) return;
  if (typeof target === 'number') throw new Broken('appends to a number');
  switch (target.kind) {
    case 'list':
    case 'set':
      appendTo(target, items, size);
      return;
    case 'instance': {
      const hook = target.hooks?.get('extend') ?? target.hooks?.get('append') ?? target.hooks?.get('add');
      if (hook !== undefined) call(machine, hook, tuple(items.slice(0, 1)));
      return;
    }
    case 'import':
    case 'module':
      mutation(machine, target, renderValue(tuple(items.slice(0, 4))));
      return;
    case 'made':
      machine.journal.carried.runs();
      return;
    case 'bytes':
    case 'unknown':
    case 'bound':
      return;
    default:
      throw new Broken(`appends to a ${target.kind}`);
  }
}

/** SETITEM, SETITEMS, DICT: `items` are keys and values in turn, the first of `size`. */
export function setItems(machine: Machine, target: Value, items: Value[], size: number): void {
  if (size === 0) return;
  if (typeof target === 'number') throw new Broken('sets items of a number');
  switch (target.kind) {
    case 'dict':
      setIn(target, items, size);
      return;
    case 'instance': {
      const hook = target.hooks?.get('__setitem__');
      if (hook !== undefined) call(machine, hook, tuple(items.slice(0, 2)));
      return;
    }
    case 'import':
    case 'module':
      mutation(machine, target, renderValue(tuple(items.slice(0, 4))));
      return;
    case 'made':
      machine.journal.carried.runs();
      return;
    case 'list':
    case 'bytes':
    case 'unknown':
    case 'bound':
      return;
    default:
      throw new Broken(`sets items of a ${target.kind}`);
  }
}

/** Takes over attributes of a state that opcodes would call. */
function takeHooks(machine: Machine, target: Instance, state: Value): void {
  const parts = typeof state === 'object' && state.kind === 'tuple' ? itemsOf(state) : [state];
  for (const part of parts) {
    if (typeof part !== 'object' || part.kind !== 'dict') continue;
    const { pairs = [] } = part;
    for (let index = 0; index + 1 < pairs.length; index += 2) {
      const [key, value] = [pairs[index], pairs[index + 1]];
      if (typeof key !== 'object' || key.kind !== 'text' || !HOOKS.has(key.text)) continue;
      if (typeof value !== 'object' || !CALLABLE.has(value.kind)) continue;
      target.hooks ??= new Map();
      target.hooks.set(key.text, value);
      machine.journal.note({
        what: 'hook',
        at: machine.at,
        severity: 'high',
        capability: 'code',
        call: `${renderValue(target.callee)}.${key.text} = ${renderValue(value)}`,
        reason: 'puts a function where loading calls it',
      });
    }
  }
}

/** Nothing to set: a loader does not look at the object then, whatever it is, unless it has a `__setstate__`. */
function isEmptyState(state: Value): boolean {
  if (state === NONE) return true;
  return (
    typeof state === 'object' && state.kind === 'tuple' && state.size === 2 && itemsOf(state).every(isNothing)
  );
}

const isNothing = (value: Value): boolean =>
  value === NONE || (typeof value === 'object' && value.kind === 'dict' && value.size === 0);

/** BUILD: answers what is on the stack afterwards in place of `target`. */
export function build(machine: Machine, target: Value, state: Value): Value {
  const isInstance = typeof target === 'object' && target.kind === 'instance';
  if (!isInstance && isEmptyState(state)) return target;
  if (typeof target === 'number') throw new Broken('builds a number');
  switch (target.kind) {
    case 'import':
    case 'module':
      mutation(machine, target, renderValue(state));
      return target;
    case 'instance': {
      const hook = target.hooks?.get('__setstate__');
      if (hook !== undefined) {
        call(machine, hook, tuple([state]));
        return target;
      }
      const { callee } = target;
      if (
        typeof callee === 'object' &&
        callee.kind === 'import' &&
        !callee.grade.allowed &&
        !callee.grade.built
      ) {
        const method: Imported = { ...callee, name: `${callee.name}.__setstate__` };
        machine.journal.called(method, tuple([state]), machine.at);
      }
      takeHooks(machine, target, state);
      setState(target, state);
      return target;
    }
    case 'bound': {
      const [inner, args] = itemsOf(state);
      if (target.how !== 'partial' || inner === undefined) return target;
      return bound('partial', inner, itemsOf(args));
    }
    case 'made':
      if (target.what === 'class') noteAttributes(machine, target, state);
      return target;
    case 'unknown':
      return target;
    default:
      throw new Broken(`builds a ${target.kind}`);
  }
}
