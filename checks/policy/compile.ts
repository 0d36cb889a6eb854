import { type AnyTextCheck, type Author, type Direction, type TextContext } from '../text/types.ts';
import { type BoundRule, createInspector, type Judging } from './inspect.ts';
import type { CompiledPolicy, PolicyLike, Rule } from './types.ts';
import { ruleProblem } from './validate.ts';

export interface CompileOptions {
  /** Milliseconds from a monotonic clock, e.g. `() => performance.now()`; without it no timings are taken. */
  readonly now?: () => number;
  /** How long a check that answers with a promise may take. */
  readonly timeoutMs?: number;
}

export const DEFAULT_TIMEOUT_MS = 2_000;

const AUTHOR_BIT: Readonly<Record<Author, number>> = { operator: 1, user: 2, third_party: 4, assistant: 8 };

function bind(rule: Rule, checks: ReadonlyMap<string, AnyTextCheck>, order: number): BoundRule {
  let authors = 0;
  for (const author of rule.authors) authors |= AUTHOR_BIT[author] ?? 0;
  const check = checks.get(rule.check) ?? null;
  const parsed = check?.config.safeParse(rule.config);
  return Object.freeze({
    rule,
    order,
    authors,
    check,
    config: parsed?.success ? parsed.data : null,
    problem: ruleProblem(rule, check),
    replacement: check?.redaction?.reversible === false ? fixedText(check.redaction.replacement) : undefined,
  });
}

/** `null` says: irreversible, but named after the finding's kind. */
function fixedText(replacement: string | undefined): string | null {
  return replacement ?? null;
}

interface Group {
  readonly input: readonly BoundRule[];
  readonly output: readonly BoundRule[];
  readonly whole: 'no' | 'recording' | 'acting';
}

function groupFor(rules: readonly BoundRule[], endpointId: string | null, mode: PolicyLike['mode']): Group {
  const mine = rules.filter(
    ({ rule }) => rule.endpoints.length === 0 || (endpointId !== null && rule.endpoints.includes(endpointId)),
  );
  const output = mine.filter(({ rule }) => rule.directions.includes('output'));
  const whole = output.filter((bound) => bound.check?.streaming.mode === 'whole');
  return Object.freeze({
    input: mine.filter(({ rule }) => rule.directions.includes('input')),
    output,
    whole: whole.length === 0 ? 'no' : whole.some((bound) => acts(bound, mode)) ? 'acting' : 'recording',
  });
}

/** True for rules that decide what may go out: an `allow` rule too, whose span may be unfinished. */
function acts({ rule }: BoundRule, mode: PolicyLike['mode']): boolean {
  return mode === 'enforce' && rule.action !== 'flag';
}

/** The index from which one rule wants `text` held; 0 when its check fails to say. */
function holdOf(bound: BoundRule, text: string, context: TextContext): number {
  const streaming = bound.check?.streaming;
  if (streaming === undefined || bound.problem !== null) return text.length;
  if (streaming.mode === 'whole') return 0;
  try {
    const index = streaming.holdFrom(text, bound.config as never, context);
    return index >= 0 ? Math.min(Math.floor(index), text.length) : 0;
  } catch {
    return 0;
  }
}

/**
 * Makes a policy ready to judge. Rules whose check is unknown or whose config does not fit are kept as rules
 * that report an error on every inspection of their direction, so that nothing is dropped silently
 * ({@link validatePolicy} says beforehand what is wrong).
 *
 * A rule with action `allow` exempts: findings of the same check, by other rules, whose span lies inside a span
 * that the `allow` rule found are dropped. An `allow` rule itself reports nothing.
 */
export function compilePolicy(
  document: PolicyLike,
  checks: readonly AnyTextCheck[],
  options: CompileOptions = {},
): CompiledPolicy {
  const { mode } = document;
  const catalogue = new Map(checks.map((check) => [check.id, check]));
  const rules = document.rules
    .filter((rule) => rule.enabled)
    .map((rule, order) => bind(rule, catalogue, order));
  const general = groupFor(rules, null, mode);
  const own = new Map<string, Group>();
  for (const { rule } of rules) {
    for (const id of rule.endpoints) if (!own.has(id)) own.set(id, groupFor(rules, id, mode));
  }
  const groupOf = (endpointId: string | null): Group =>
    (endpointId === null ? undefined : own.get(endpointId)) ?? general;
  const rulesFor = (direction: Direction, endpointId: string | null): readonly BoundRule[] =>
    groupOf(endpointId)[direction];

  const judging: Judging = Object.freeze({
    mode,
    now: options.now ?? null,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    rulesFor,
    authorBit: (author: Author) => AUTHOR_BIT[author] ?? 0,
  });

  return Object.freeze({
    mode,
    hasRules: (direction: Direction, endpointId: string | null) => rulesFor(direction, endpointId).length > 0,
    inspect: createInspector(judging),
    holdFrom(
      text: string,
      endpointId: string | null,
      context: TextContext,
      which: 'acting' | 'all' = 'acting',
    ): number {
      let hold = text.length;
      for (const bound of rulesFor('output', endpointId)) {
        const acting = acts(bound, mode);
        const recordsWhole = !acting && bound.check?.streaming.mode === 'whole';
        if (which === 'acting' ? acting : !recordsWhole) hold = Math.min(hold, holdOf(bound, text, context));
        if (hold === 0) return 0;
      }
      return hold;
    },
    judgesWhole: (endpointId: string | null) => groupOf(endpointId).whole,
  });
}
