import { isAllowed } from './allowed.ts';
import { MODEL_PACKAGES, PLAIN_FUNCTIONS, PLAIN_MODULES, PLAIN_OPERATORS, PLAIN_TYPES } from './packages.ts';

const PACKAGES: ReadonlySet<string> = new Set(MODEL_PACKAGES);
const MOST_PARTS = 12;
const CLASS = /^_{0,2}[A-Z]\w{0,100}$/;
const IDENTIFIER = /^[A-Za-z_]\w{0,100}$/;
const METHOD = /^_{0,2}[A-Z]\w{0,100}\.(?!__)[A-Za-z_]\w{0,100}$/;
/** Enumerations by their customary names: called with the text of one of their values. */
const ENUMERATION = /(?:Type|Strategy|Mode|Enum|Option|Kind|Level|Status|Side|Format|Style)$/;

/** Functions that read, write, fetch, load or run, by their customary names: never just the value of a parameter. */
const ACTING =
  /^_{0,2}(?:read_|load|save|dump|write_|download|fetch|open|exec|eval|system|popen|spawn|run$|run_|main$|pipeline$|from_pretrained|to_(?:csv|excel|hdf|json|parquet|pickle|sql|feather|stata)|compile|import_|get_file|urlopen)/;

/** Letters of the longest package of models that `dotted` lies in; 0 when there is none. */
export function modelPackage(dotted: string): number {
  const parts = dotted.split('.', MOST_PARTS);
  for (let length = parts.length; length > 0; length -= 1) {
    const name = parts.slice(0, length).join('.');
    if (PACKAGES.has(name)) return name.length;
  }
  return 0;
}

/**
 * True for names that a file may refer to, and make without calling them: classes and functions of model packages,
 * plain functions of Python, and what the loading program itself defines, since a file brings no code for that.
 */
export function mayBeBuilt(module: string, name: string, denied: number): boolean {
  if (module === 'builtins') return isPlain(name);
  if (module === 'operator') return PLAIN_OPERATORS.has(name);
  if (PLAIN_MODULES.has(module)) return denied === 0 && IDENTIFIER.test(name);
  if (module === '__main__')
    return name.split('.', 4).every((part) => IDENTIFIER.test(part) && !part.startsWith('__')) && isOwn(name);
  const home = modelPackage(`${module}.${name}`);
  if (home <= denied || ACTING.test(name.slice(name.lastIndexOf('.') + 1))) return false;
  return IDENTIFIER.test(name) || METHOD.test(name) || isMethodOfAllowed(module, name);
}

/** A name of one part, or a class inside a class. */
function isOwn(name: string): boolean {
  const parts = name.split('.');
  return parts.length === 1 || parts.every((part) => CLASS.test(part));
}

/** A method of a class whose name does not look like one, such as `interp1d`. */
function isMethodOfAllowed(module: string, name: string): boolean {
  const [type = '', method = '', ...rest] = name.split('.');
  if (rest.length > 0 || method.startsWith('__') || !IDENTIFIER.test(method)) return false;
  return isAllowed(module, type) || type.endsWith('_gen');
}

function isPlain(name: string): boolean {
  const [type = '', method, ...rest] = name.split('.');
  if (method === undefined)
    return (
      PLAIN_FUNCTIONS.has(type) ||
      /^[A-Z]\w{0,40}(?:Error|Warning|Exception|Exit|Interrupt|Iteration)$/.test(type)
    );
  return rest.length === 0 && PLAIN_TYPES.has(type) && IDENTIFIER.test(method) && !method.startsWith('__');
}

/** True for names that are classes by their spelling: their constructor may be given plain values. */
export function isClassName(name: string): boolean {
  return CLASS.test(name.slice(name.lastIndexOf('.') + 1));
}

/** True where the constructor may also be given a short text: enumerations, and the loading program's own classes. */
export function takesText(module: string, name: string): boolean {
  return module === '__main__' || ENUMERATION.test(name) || module === 'builtins';
}

/** Functions that the compiler Cython writes for loading: they make an object of a class that is named beside them. */
export const CYTHON_LOADER = /^__pyx_unpickle_\w{1,100}$/;

/** Classes that act when they are made, so that only a mention of them is harmless. */
const MENTIONED: ReadonlySet<string> = new Set([
  'numpy.memmap',
  'numpy.core.memmap.memmap',
  'numpy._core.memmap.memmap',
]);

/** True for names that do harm when called, but are written into harmless files too, as the kind of a value. */
export const isMention = (dotted: string): boolean => MENTIONED.has(dotted);
