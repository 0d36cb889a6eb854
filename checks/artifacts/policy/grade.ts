import type { Severity } from '../types.ts';
import { canonicalModule, canonicalName } from './aliases.ts';
import { isAllowed } from './allowed.ts';
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
  readonly allowed: boolean;
  readonly severity: Severity;
  readonly capability: Capability;
  /** Completes "Loading calls x: …". */
  readonly reason: string;
}

const ALLOWED: Grade = Object.freeze({
  allowed: true,
  severity: 'info',
  capability: 'unknown',
  reason: 'is known to be harmless',
});

const UNKNOWN: Grade = Object.freeze({
  allowed: false,
  severity: 'medium',
  capability: 'unknown',
  reason: 'is not known to be harmless',
});

const INNER: Grade = Object.freeze({
  allowed: false,
  severity: 'high',
  capability: 'code',
  reason: 'reaches into the interpreter through a special attribute',
});

/** Attributes that lead from any object to all others. */
const ESCAPES =
  /(?:^|\.)__(?:globals|builtins|subclasses|bases|base|mro|class|dict|code|closure|getattribute|import|loader|reduce|reduce_ex|init_subclass|self|func|wrapped)__(?:\.|$)/;

/**
 * Judges the import of `name` from `module`, both as the file writes them. Allowed is only what is listed by its
 * exact name; what is listed as dangerous, in itself, by its module or by a package above it, says what it can do;
 * all else is unknown.
 */
export function gradeImport(module: string, name: string): Grade {
  const home = canonicalModule(module);
  const what = canonicalName(module, name);
  if (isAllowed(home, what)) return ALLOWED;
  return deniedBy(`${home}.${what}`) ?? (ESCAPES.test(what) ? INNER : UNKNOWN);
}
