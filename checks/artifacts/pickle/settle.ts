import { canonical } from '../policy/aliases.ts';
import { gradeImport } from '../policy/grade.ts';
import type { Machine } from './state.ts';
import type { CallOperations } from './symbolic.ts';
import type { Imported, Value } from './values.ts';
import { instance, isImport, isMade, isText, itemsOf, made, NONE } from './values.ts';

type Settled = (call: {
  readonly operations: CallOperations;
  readonly machine: Machine;
  readonly callee: Imported;
  readonly args: readonly Value[];
}) => Value | undefined;

/** Classes whose `__new__` makes an empty object or looks up a member: what carried enumerations refer to. */
const MAKERS = /^(?:builtins\.(?:object|int|str|float)|enum\.(?:Enum|IntEnum|StrEnum|Flag|IntFlag))$/;

/** `getattr(Class, "method")` or of an object of that class, where the method is known to be harmless by its name. */
const getattr: Settled = ({ operations, machine, args }) => {
  const [target, name] = args;
  if (args.length !== 2 || !isText(name) || !name.whole || name.text.includes('.')) return undefined;
  const base = typeof target === 'object' && target.kind === 'instance' ? target.callee : target;
  if (!isImport(base)) return undefined;
  if (typeof target === 'object' && target.kind === 'instance' && target.hooks !== undefined)
    return undefined;
  const { allowed, built } = gradeImport(base.module, `${base.name}.${name.text}`);
  const isMaker = name.text === '__new__' && MAKERS.test(canonical(base.module, base.name).join('.'));
  return allowed || built || isMaker ? operations.attribute(machine, target as Value, name.text) : undefined;
};

/** `type(None)`: how the types of constants are written. */
const typeOf: Settled = ({ callee, args }) =>
  args.length === 1 && typeof args[0] === 'object' && args[0].kind === 'plain'
    ? { kind: 'import', module: 'builtins', name: 'NoneType', grade: { ...callee.grade, allowed: true } }
    : undefined;

const TYPE_NAME = /^(?:NoneType|EllipsisType|NotImplementedType|[a-z]{2,12}|object)$/;

/** `dill._dill._load_type("NoneType")` gives a plain type of Python by its name. */
const loadType: Settled = ({ callee, args: [name] }) =>
  isText(name) && TYPE_NAME.test(name.text) && gradeImport('builtins', name.text).allowed
    ? instance(callee, NONE)
    : undefined;

/** `dill._dill._create_array(f, args, …)`: as harmless as the call that it makes. */
const createArray: Settled = ({ operations, machine, args: [target, given] }) =>
  isImport(target) && target.grade.allowed && given !== undefined
    ? operations.call(machine, target, given, 1)
    : undefined;

/** `nltk.FreqDist` and others hand their own items over as a mapping; an in-memory file as bytes. */
const memoryFile: Settled = ({ callee, args }) =>
  args.every((value) => typeof value === 'number' || value.kind === 'bytes' || value.kind === 'text')
    ? instance(callee, NONE)
    : undefined;

const isMadeOrPlain = (value: Value): boolean =>
  typeof value === 'number' || value.kind === 'made' || value.kind === 'plain' || value.kind === 'text';

/** `property(f)`, `staticmethod(f)`: wraps what the stream itself carries. */
const wrapped: Settled = ({ args }) =>
  args.some((value) => isMade(value, 'function')) && args.every(isMadeOrPlain)
    ? made('object', 'method')
    : undefined;

/** A method that is bound to its object. */
const boundMethod: Settled = ({ args: [method] }) => (isMade(method, 'function') ? method : undefined);

/** `getLogger(name)` looks up or makes a logger that goes nowhere by itself. */
const logger: Settled = ({ callee, args }) =>
  args.length <= 1 && args.every((value) => isText(value)) ? instance(callee, NONE) : undefined;

const SETTLED: ReadonlyMap<string, Settled> = new Map<string, Settled>([
  ['builtins.getattr', getattr],
  ['builtins.type', typeOf],
  ['dill._dill._load_type', loadType],
  ['dill._dill._create_array', createArray],
  ['io.BytesIO', memoryFile],
  ['io.StringIO', memoryFile],
  ['builtins.property', wrapped],
  ['builtins.staticmethod', wrapped],
  ['builtins.classmethod', wrapped],
  ['types.MethodType', boundMethod],
  ['logging.getLogger', logger],
]);

/**
 * The value of a call of a function that is dangerous in general and harmless with what it is given here; undefined
 * where it is not.
 */
export function settle(
  operations: CallOperations,
  machine: Machine,
  callee: Imported,
  args: Value,
): Value | undefined {
  const settled = SETTLED.get(canonical(callee.module, callee.name).join('.'));
  if (settled === undefined || typeof args !== 'object' || args.kind !== 'tuple') return undefined;
  const value = settled({ operations, machine, callee, args: itemsOf(args) });
  if (value !== undefined) machine.journal.settled(callee);
  return value;
}
