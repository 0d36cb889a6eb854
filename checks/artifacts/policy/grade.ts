import type { Severity } from '../types.ts';
import { canonical } from './aliases.ts';
import { isAllowed } from './allowed.ts';
import { CYTHON_LOADER, mayBeBuilt, modelPackage } from './built.ts';
import { deniedBy } from './denied.ts';

export type Capability =
  | 'code'
  | 'process'
  | 'file'
  | 'network'
  | 'deserialisation'
  | 'environment'
  | 'import'
  | 'native'
  | 'unknown';

/** What the policy knows about a name that a file imports. */
export interface Grade {
  /** May be called with anything. */
  readonly allowed: boolean;
  /** May be referred to, made without its constructor, and filled with a state; calling it is another matter. */
  readonly built: boolean;
  readonly severity: Severity;
  readonly capability: Capability;
  /** Completes "Loading calls x: …". */
  readonly reason: string;
}

const ALLOWED: Grade = Object.freeze({
  allowed: true,
  built: true,
  severity: 'info',
  capability: 'unknown',
  reason: 'is known to be harmless',
});

const UNKNOWN: Grade = Object.freeze({
  allowed: false,
  built: false,
  severity: 'medium',
  capability: 'unknown',
  reason: 'is not known to be harmless',
});

const INNER: Grade = Object.freeze({
  allowed: false,
  built: false,
  severity: 'high',
  capability: 'code',
  reason: 'reaches into the interpreter through a special attribute',
});

const BUILT: Grade = Object.freeze({
  allowed: false,
  built: true,
  severity: 'medium',
  capability: 'unknown',
  reason: 'is known, but not what it does with these values',
});

/** Attributes that lead from any object to all others. */
const ESCAPES =
  /(?:^|\.)__(?:globals|builtins|subclasses|bases|base|mro|class|dict|code|closure|getattribute|import|loader|reduce|reduce_ex|init_subclass|self|func|wrapped)__(?:\.|$)/;

/** Modules that others import for themselves: through their names all of Python is in reach. */
const INNER_MODULES: ReadonlySet<string> = new Set(
  (
    'os sys posix nt subprocess builtins importlib pickle _pickle marshal shutil socket ctypes runpy pty inspect ' +
    'types threading multiprocessing asyncio tempfile pathlib urllib requests webbrowser code codeop pdb'
  ).split(' '),
);

/** True where a name leads through a module that the named one happens to import. */
function isThrough(home: string, what: string): boolean {
  const parts = what.split('.');
  if (parts.some((part) => INNER_MODULES.has(part))) return true;
  return home
    .split('.')
    .slice(1)
    .some((part) => part === 'os' || part === 'sys' || part === 'subprocess' || part === 'builtins');
}

/**
 * Judges the import of `name` from `module`, both as the file writes them. Allowed is only what is listed by its
 * exact name; classes of known packages of models may be built; what is listed as dangerous, in itself, by its module
 * or by a package above it, says what it can do; all else is unknown. Of two listed packages the longer name counts.
 */
export function gradeImport(module: string, name: string): Grade {
  const [home, what] = canonical(module, name);
  if (isAllowed(home, what)) return ALLOWED;
  if (ESCAPES.test(what)) return deniedBy(`${home}.${what}`)?.grade ?? INNER;
  const denied = deniedBy(`${home}.${what}`);
  if (isThrough(home, what)) return denied?.grade ?? INNER;
  if (CYTHON_LOADER.test(what) && modelPackage(home) > (denied?.length ?? 0)) return ALLOWED;
  if (mayBeBuilt(home, what, denied?.length ?? 0)) return BUILT;
  return denied?.grade ?? UNKNOWN;
}
