import type { CompiledPolicy } from '@bartizan/checks/policy/types.ts';
import type {
  Attempt,
  InteractionRecord,
  Limits,
  SnapshotEndpoint,
  SnapshotKey,
  SnapshotUpstream,
} from '@bartizan/contracts';
import type { z } from 'zod';

/** The configuration a gateway serves by, made ready for look-ups. Immutable; replaced as a whole. */
export interface LiveConfiguration {
  readonly version: string;
  /** By hex SHA-256 of the presented key. Expiry is the caller's to check. */
  readonly keyByHash: (hash: string) => SnapshotKey | undefined;
  readonly endpointById: (id: string) => SnapshotEndpoint | undefined;
  readonly endpointBySlug: (slug: string) => SnapshotEndpoint | undefined;
  readonly endpoints: readonly SnapshotEndpoint[];
  /** The policy of an endpoint, compiled; null when it has none. */
  readonly policyOf: (
    endpoint: SnapshotEndpoint,
  ) => { readonly id: string; readonly version: number; readonly compiled: CompiledPolicy } | null;
  /** Plain provider key of an upstream, or null. Never logged. */
  readonly apiKeyOf: (upstream: SnapshotUpstream) => string | null;
}

export interface Configuration {
  /** Null until a first snapshot was pulled or read from disk. */
  readonly current: () => LiveConfiguration | null;
}

/** The local journal. An appended record survives a kill -9 of this process once `append` resolved. */
export interface Journal {
  /** Rejects with {@link JournalFull} when the disk or the journal's size limit is reached. */
  readonly append: (record: InteractionRecord) => Promise<void>;
  /** False while records cannot be taken (disk full): requests must be refused before they go upstream. */
  readonly writable: () => boolean;
  /** Records not yet taken by the server. */
  readonly backlog: () => number;
}

export interface LimitSubject {
  readonly kind: 'key' | 'endpoint' | 'user';
  readonly id: string;
  readonly limits: Limits;
}

export type Admission =
  | {
      readonly admitted: true /** Report what was used, once known. */;
      readonly settle: (tokens: number) => void;
      /** The request is over, however it ended. */
      readonly release?: () => void;
    }
  | {
      readonly admitted: false;
      readonly subject: LimitSubject['kind'];
      readonly limit: keyof Limits;
      readonly retryAfterMs: number;
      /** True when the limit may not be reached at all: it cannot be counted now, and the operator wants a no then. */
      readonly unknown?: boolean;
    };

export interface Limiter {
  /** At once where that can be; a promise when others have to be asked. Never rejects. */
  readonly admit: (subjects: readonly LimitSubject[], nowMs: number) => Admission | Promise<Admission>;
}

export type UpstreamApi = 'openai' | 'anthropic';

/** One attempt's place in a trace. */
export interface AttemptTrace {
  /** Sent to the upstream as `traceparent`. */
  readonly traceparent: string;
  readonly ended: (attempt: z.infer<typeof Attempt>) => void;
}

/** A request ready to be sent upstream. */
export interface ForwardRequest {
  readonly endpoint: SnapshotEndpoint;
  /** Upstreams of other families are left out. */
  readonly api: UpstreamApi;
  /** Path below the base URL without `/v1`, e.g. `/chat/completions`, `/messages?beta=true`. */
  readonly path: string;
  /** `POST` where absent. A `GET` (the list of models) has no body. */
  readonly method?: 'GET' | 'POST';
  /** The body for an upstream, with the model renamed for it. Called once per attempt. */
  readonly body: () => Buffer;
  /** Headers to pass on (already filtered: no credentials, no hop-by-hop). */
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** True when the answer will be relayed as it arrives: the idle timeout then applies between chunks. */
  readonly streamed: boolean;
  /** Told of each attempt as it begins; absent where nobody traces. */
  readonly onAttempt?: (upstream: SnapshotUpstream) => AttemptTrace;
}

export interface UpstreamAnswer {
  readonly ok: true;
  readonly upstream: SnapshotUpstream;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Chunks as they arrive. Throws {@link UpstreamFailure} on reset, idle timeout or too many bytes.
   * Leaving the loop early cancels the upstream request.
   */
  readonly body: AsyncIterable<Buffer>;
  readonly attempts: readonly z.infer<typeof Attempt>[];
}

export interface UpstreamUnavailable {
  readonly ok: false;
  /** `no_upstream`: none configured for this API. `cancelled`: the signal fired. */
  readonly reason: 'no_upstream' | 'circuit_open' | 'timeout' | 'connection' | 'cancelled';
  readonly retryAfterMs: number | null;
  readonly attempts: readonly z.infer<typeof Attempt>[];
}

export type UpstreamFailureKind = 'timeout' | 'connection' | 'too_large' | 'garbage' | 'cancelled';

export class UpstreamFailure extends Error {
  readonly kind: UpstreamFailureKind;
  constructor(kind: UpstreamFailureKind, options?: ErrorOptions) {
    super(`upstream ${kind}`, options);
    this.name = 'UpstreamFailure';
    this.kind = kind;
  }
}

export class JournalFull extends Error {
  constructor(options?: ErrorOptions) {
    super('the interaction journal cannot take more records', options);
    this.name = 'JournalFull';
  }
}

/**
 * Sends a request to the endpoint's upstreams: weighted choice within a priority, fallback to the next,
 * retries with back-off and jitter honouring Retry-After, a circuit breaker per upstream. Statuses that the
 * client should see (4xx but 408, 409, 425, 429; any 2xx) end the attempts; the last failing status is
 * passed on when attempts run out.
 */
export interface Upstreams {
  readonly forward: (request: ForwardRequest) => Promise<UpstreamAnswer | UpstreamUnavailable>;
}

/** The circuit breaker of an upstream that was asked before. */
export interface Circuit {
  readonly upstream: string;
  readonly state: 'closed' | 'half-open' | 'open';
}
