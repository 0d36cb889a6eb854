import type { AnyTextCheck } from '@bartizan/checks';
import type { GuardFinding, RecordedSegment, Verdict } from '@bartizan/contracts';
import type { LifecycleDeps } from '../ports.ts';

/** What a dry run needs of a recorded interaction. */
export interface Recording {
  readonly id: string;
  readonly at: number;
  readonly endpointId: string | null;
  readonly endpointSlug: string;
  readonly verdict: Verdict;
  readonly retention: 'full' | 'redacted' | 'hash';
  readonly findings: readonly GuardFinding[];
  /** `text` is null where nothing was kept. */
  readonly segments: readonly RecordedSegment[];
}

export interface RecordingQuery {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly endpointId?: string | undefined;
  /** At most so many, the newest. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/** What the judging of a text needs to know of the endpoint that it is judged for. */
export interface EndpointContext {
  readonly canaries: readonly string[];
  readonly onGuardError: 'deny' | 'allow';
}

/** What later stages tell policies; the lifecycle's composition connects them. */
export interface PolicyPorts {
  readonly endpoints: {
    /** Endpoints by the policy that they use. */
    readonly usage: () => Promise<readonly { policyId: string; id: string; name: string }[]>;
    readonly context: (endpointId: string) => Promise<EndpointContext | undefined>;
  };
  readonly recordings: {
    /** Newest first, in pages; content that cannot be opened has null texts. */
    readonly newest: (query: RecordingQuery) => AsyncIterable<readonly Recording[]>;
  };
}

export interface PolicyDeps
  extends Pick<LifecycleDeps, 'database' | 'audit' | 'events' | 'clock' | 'logger'> {
  readonly checks: readonly AnyTextCheck[];
  readonly ports: PolicyPorts;
}
