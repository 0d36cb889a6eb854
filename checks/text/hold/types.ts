import type { CompiledPolicy, Decision, PolicyFinding } from '../../policy/types.ts';
import type { Vault } from '../../policy/vault.ts';
import type { Action, Segment, TextContext } from '../types.ts';

export interface HoldBackOptions {
  readonly policy: CompiledPolicy;
  readonly endpointId: string | null;
  readonly context: TextContext;
  /** Of this interaction; filled while its request was redacted. */
  readonly vault: Vault;
  /** What findings say about the segment; index 0 and kind `message` where absent. The author is the assistant. */
  readonly segment?: Partial<Pick<Segment, 'index' | 'kind' | 'label'>>;
  /** The channel carries JSON (tool-call arguments): restored values are escaped. */
  readonly json?: boolean;
  /** What a check that fails means in enforce mode: `deny` (the default) stops the channel. */
  readonly onGuardError?: 'deny' | 'allow';
}

/** What one call let out. */
export interface Released {
  /** Text for the client: redacted, and with the request's own values restored. */
  readonly text: string;
  /** New findings; offsets are into all text pushed into this channel, before redaction and restoring. */
  readonly findings: readonly PolicyFinding[];
  /** Of the whole channel so far. */
  readonly verdict: Action;
  /** Of the whole channel so far, had the policy been enforced. */
  readonly wouldBe: Action;
  /** Nothing more will come out: a rule blocked, or a guard failed and `onGuardError` is `deny`. */
  readonly blocked: boolean;
  readonly coaching: string;
  /** New errors of checks, each check and message once per channel. */
  readonly errors: Decision['errors'];
}

/** One output channel of a stream: an answer's text, its reasoning, or the arguments of one tool call. */
export interface HoldBack {
  /** Takes more text. Calls may overlap; each is answered in turn. Never throws or rejects. */
  readonly push: (delta: string) => Released | Promise<Released>;
  /** Judges and releases what is still held; the channel is over. */
  readonly flush: () => Released | Promise<Released>;
  /** Time spent per check, summed over all judgements of the channel. */
  readonly timings: () => Decision['timings'];
}

/** One judgement: a window of the channel and how far it may lead. All positions are absolute. */
export interface Step {
  readonly window: string;
  readonly start: number;
  readonly boundary: number;
  readonly wide: boolean;
  readonly partial: boolean;
  /** Findings of rules that act are final up to here, and text may be released up to here. */
  readonly clearTo: number;
  /** Findings of the other rules are final up to here. */
  readonly settleTo: number;
  /** Held for too long: what straddles the cut is clipped instead of waited for. */
  readonly forced: { readonly clear: boolean; readonly settle: boolean };
  /** Nothing follows. */
  readonly last: boolean;
}

/** What a call lets out, while it is being put together. */
export interface Draft {
  text: string;
  findings: PolicyFinding[];
  errors: { check: string; message: string }[];
}
