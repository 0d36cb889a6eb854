import type { Action, Direction, Segment, TextContext } from '../text/types.ts';

/** A policy rule as `contracts/policies.ts` validates it; repeated here structurally so that checks stay free of contracts' routes. */
export interface Rule {
  readonly id: string;
  readonly check: string;
  readonly enabled: boolean;
  readonly config: Record<string, unknown>;
  readonly directions: readonly Direction[];
  readonly authors: readonly Segment['author'][];
  readonly endpoints: readonly string[];
  readonly action: Action;
  readonly threshold: number;
  readonly coaching: string;
}
export interface PolicyLike {
  readonly mode: 'enforce' | 'shadow';
  readonly rules: readonly Rule[];
}

export interface InspectInput {
  readonly direction: Direction;
  readonly endpointId: string | null;
  readonly segments: readonly Segment[];
  readonly context: TextContext;
}

/** One finding with the rule that looked for it; the same shape as `GuardFinding` on the wire. */
export interface PolicyFinding {
  readonly rule: string;
  readonly check: string;
  readonly action: Action;
  readonly direction: Direction;
  readonly segment: number;
  readonly author: Segment['author'];
  readonly start: number;
  readonly end: number;
  readonly score: number;
  readonly kind: string;
  readonly message: string;
  readonly enforced: boolean;
}

export interface Decision {
  readonly verdict: Action;
  /** What would have happened in enforce mode; equals `verdict` when enforcing. */
  readonly wouldBe: Action;
  readonly findings: readonly PolicyFinding[];
  /** Of the rule that blocked. */
  readonly coaching: string;
  /** Checks that threw, timed out or could not judge. The caller applies `onGuardError`. */
  readonly errors: readonly { readonly check: string; readonly message: string }[];
  readonly timings: readonly { readonly check: string; readonly direction: Direction; readonly ms: number }[];
}

/** A policy made ready: configs validated, checks looked up, rules grouped. */
export interface CompiledPolicy {
  readonly mode: 'enforce' | 'shadow';
  /** True when a rule with this direction exists (for this endpoint). */
  readonly hasRules: (direction: Direction, endpointId: string | null) => boolean;
  /** Answers at once when every check does (the usual case), else with a promise. Never throws. */
  readonly inspect: (input: InspectInput) => Decision | Promise<Decision>;
  /** For unfinished answers: index from which text must be held, over all output rules. 0 holds everything. */
  readonly holdFrom: (text: string, endpointId: string | null, context: TextContext) => number;
}
