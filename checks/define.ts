import type { z } from 'zod';

/** An id in a published framework, with the edition that numbers it so. */
export interface FrameworkRef {
  readonly framework: 'OWASP-LLM' | 'OWASP-ASI' | 'OWASP-MCP' | 'ATLAS' | 'NIST-100-2';
  readonly edition: string;
  readonly id: string;
  readonly name: string;
}

/**
 * What a run of a check came to. `error` is for input that could not be judged: it is never a pass.
 */
export type CheckResult<Finding> =
  | { readonly outcome: 'pass' }
  | { readonly outcome: 'findings'; readonly findings: readonly Finding[] }
  | { readonly outcome: 'skipped'; readonly reason: string }
  | { readonly outcome: 'error'; readonly message: string };

export const PASS: CheckResult<never> = Object.freeze({ outcome: 'pass' });

/** `findings` when there are some, else the shared pass. */
export function resultOf<Finding>(findings: readonly Finding[]): CheckResult<Finding> {
  return findings.length > 0 ? { outcome: 'findings', findings } : PASS;
}

/** A true (`found`) or false case that the check carries with it; one catalogue test runs them all. */
export interface Sample<Input> {
  readonly title: string;
  readonly input: Input;
  /** Configuration for this sample; the schema's defaults where absent. */
  readonly config?: Record<string, unknown>;
  readonly found: boolean;
}

/**
 * One detector, scanner, attack, audit or test. Pure: no network, database, clock or globals.
 * `run` may answer at once or with a promise (a model that runs elsewhere); it must not block for long, and a promise
 * may reject early when `signal` aborts.
 */
export interface Check<Input, Config, Finding> {
  /** Stable and namespaced, e.g. `text/injection`. */
  readonly id: string;
  readonly title: string;
  /** What it finds and how, in one or two sentences for the person who configures it. */
  readonly description: string;
  readonly subject: string;
  readonly maps: readonly FrameworkRef[];
  readonly config: z.ZodType<Config>;
  readonly samples: readonly Sample<Input>[];
  readonly run: (
    input: Input,
    config: Config,
    signal?: AbortSignal,
  ) => CheckResult<Finding> | Promise<CheckResult<Finding>>;
}

export function defineCheck<const C extends Check<never, never, unknown>>(check: C): Readonly<C> {
  return Object.freeze(check);
}

/**
 * Derives something costly from a frozen config (or any object) once and remembers it as long as that
 * object lives. `build` must be pure.
 */
export function memoised<Key extends object, Value>(build: (key: Key) => Value): (key: Key) => Value {
  const known = new WeakMap<Key, Value>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const value = build(key);
    known.set(key, value);
    return value;
  };
}
