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
  /** Checks that work elsewhere give up when it aborts; nobody waits for the decision then. */
  readonly signal?: AbortSignal | undefined;
}

/** One finding with the rule that looked for it; `GuardFinding` on the wire, which leaves `replacement` out. */
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
  /** Calibrated, 0..1, of checks that have one. */
  readonly probability?: number;
  readonly kind: string;
  readonly message: string;
  readonly enforced: boolean;
  /** Text that stands in for the span when redacted; absent where a placeholder does (see policy/redact.ts). */
  readonly replacement?: string;
}

export interface Decision {
  readonly verdict: Action;
  /** What would have happened in enforce mode; equals `verdict` when enforcing. */
  readonly wouldBe: Action;
  readonly findings: readonly PolicyFinding[];
  /** Of the first rule that led to the verdict and has one; empty in shadow mode. */
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
  /**
   * For unfinished answers: index from which text must be held. 0 holds everything.
   * `acting` (the default) asks the rules that redact, block or exempt, and none in shadow mode; `all` asks every rule
   * that can judge unfinished text, so that its findings before that index are final.
   */
  readonly holdFrom: (
    text: string,
    endpointId: string | null,
    context: TextContext,
    rules?: 'acting' | 'all',
  ) => number;
  /** Whether some output rule can only judge a finished answer, and whether such a rule redacts or blocks. */
  readonly judgesWhole: (endpointId: string | null) => 'no' | 'recording' | 'acting';
}
