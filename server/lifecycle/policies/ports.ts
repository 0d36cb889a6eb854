import type { AnyTextCheck } from '@bartizan/checks';
import type { GuardFinding, RecordedSegment, Verdict } from '@bartizan/contracts';
import type { ReviewGate } from '../../reviews/index.ts';
import type { LifecycleDeps } from '../ports.ts';
import type { Sight, Viewer } from '../sight.ts';

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
  /** First words of what the user last wrote, with findings masked; empty where nothing was kept. */
  readonly excerpt: string;
}

export interface RecordingQuery {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly endpointId?: string | undefined;
  /** What is there for whoever asks. */
  readonly sight: Sight;
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
    /** What is there for the viewer of all that hangs on endpoints. */
    readonly sightOf: (viewer: Viewer) => Promise<Sight>;
  };
  /** The folder of the model that gateways run; undefined: their own. */
  readonly injectionModel?: () => string | undefined;
  readonly recordings: {
    /** Newest first, in pages; content that cannot be opened has null texts. */
    readonly newest: (query: RecordingQuery) => AsyncIterable<readonly Recording[]>;
  };
}

export interface PolicyDeps
  extends Pick<LifecycleDeps, 'database' | 'audit' | 'events' | 'clock' | 'logger'> {
  readonly checks: readonly AnyTextCheck[];
  readonly ports: PolicyPorts;
  readonly reviews: ReviewGate;
}
