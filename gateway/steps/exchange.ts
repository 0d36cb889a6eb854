import type { Decision, PolicyFinding } from '@bartizan/checks/policy/types.ts';
import type { Vault } from '@bartizan/checks/policy/vault.ts';
import type {
  Attempt,
  InteractionRecord,
  Outcome,
  SnapshotEndpoint,
  SnapshotKey,
  Verdict,
} from '@bartizan/contracts';
import { strongest } from '@bartizan/contracts';
import type { z } from 'zod';
import { type Gathered, newGathered } from '../formats/gather.ts';
import type { Format, Usage } from '../formats/types.ts';
import type { ParsedBody } from '../http/json.ts';
import type { LiveConfiguration } from '../ports.ts';
import type { ExchangeTrace } from '../telemetry/trace.ts';

type ActivePolicy = NonNullable<ReturnType<LiveConfiguration['policyOf']>>;

/** A text of the answer as the upstream sent it, for the record. */
export interface AnswerText {
  readonly index: number;
  readonly kind: Gathered['pieces'][number]['kind'];
  readonly path: string;
  readonly text: string;
  readonly author: Gathered['pieces'][number]['author'];
}

/**
 * One request on its way through the gateway: what is known so far. Each step reads what earlier steps
 * filled in and adds its own. Times ending in `Ms` are milliseconds, `started` from the monotonic clock.
 */
export interface Exchange {
  readonly id: string;
  readonly requestId: string;
  readonly at: number;
  readonly started: number;
  readonly live: LiveConfiguration;
  readonly key: SnapshotKey;
  readonly format: Format;
  /** Fires when the client goes away. */
  readonly abort: AbortController;
  bytes: Buffer;
  body: ParsedBody | null;
  endpoint: SnapshotEndpoint | null;
  policy: ActivePolicy | null;
  model: string;
  upstreamModel: string | null;
  streamed: boolean;
  user: string | null;
  input: Gathered;
  /** True once the parsed body differs from the bytes that came. */
  changed: boolean;
  vault: Vault | null;
  answer: AnswerText[];
  rawResponse: string | null;
  verdict: Verdict;
  wouldBe: Verdict;
  findings: PolicyFinding[];
  guardErrors: { check: string; message: string }[];
  guardTimings: Decision['timings'][number][];
  attempts: readonly z.infer<typeof Attempt>[];
  upstreamId: string | null;
  usage: Usage | null;
  /** As the upstream named it in its answer. */
  responseModel: string | null;
  guardMs: number;
  upstreamMs: number;
  /** Monotonic time at which the request went upstream. */
  sentAt: number;
  /** From sending upstream to the first chunk of a streamed answer. */
  firstChunkMs: number | null;
  firstTokenMs: number | null;
  /** The trace that the client's request belongs to, if any. */
  traceId: string | null;
  /** Null where nothing is traced. */
  trace: ExchangeTrace | null;
  /** Reports used tokens to the limiter; set once admitted, called once. */
  settle: ((tokens: number) => void) | null;
  /** Takes this request off those under way; set while it counts as one. */
  release: (() => void) | null;
  outcome: Outcome;
  status: number;
  error: InteractionRecord['error'];
}

export type ExchangeStart = Pick<
  Exchange,
  'id' | 'requestId' | 'at' | 'started' | 'live' | 'key' | 'format' | 'abort'
>;

const EMPTY = Buffer.alloc(0);

export function openExchange(start: ExchangeStart): Exchange {
  return {
    id: start.id,
    requestId: start.requestId,
    at: start.at,
    started: start.started,
    live: start.live,
    key: start.key,
    format: start.format,
    abort: start.abort,
    bytes: EMPTY,
    body: null,
    endpoint: null,
    policy: null,
    model: '',
    upstreamModel: null,
    streamed: false,
    user: null,
    input: newGathered(),
    changed: false,
    vault: null,
    answer: [],
    rawResponse: null,
    verdict: 'allow',
    wouldBe: 'allow',
    findings: [],
    guardErrors: [],
    guardTimings: [],
    attempts: [],
    upstreamId: null,
    usage: null,
    responseModel: null,
    guardMs: 0,
    upstreamMs: 0,
    sentAt: 0,
    firstChunkMs: null,
    firstTokenMs: null,
    traceId: null,
    trace: null,
    settle: null,
    release: null,
    outcome: 'answered',
    status: 200,
    error: null,
  };
}

/** Enters what guards decided; a guard that failed and was let through is at least flagged. */
export function enterDecision(
  exchange: Exchange,
  decision: Pick<Decision, 'verdict' | 'wouldBe' | 'findings' | 'errors'>,
): void {
  exchange.verdict = strongest(exchange.verdict, decision.verdict);
  exchange.wouldBe = strongest(exchange.wouldBe, decision.wouldBe);
  // Not spread: there may be more findings than a call takes arguments.
  for (const finding of decision.findings) exchange.findings.push(finding);
  if (decision.errors.length > 0) {
    exchange.guardErrors.push(...decision.errors);
    flag(exchange);
  }
}

/** Marks what was let through although a guard could not judge it; in shadow mode only as what would have been. */
export function flag(exchange: Exchange): void {
  exchange.wouldBe = strongest(exchange.wouldBe, 'flag');
  if (exchange.policy?.compiled.mode === 'enforce') exchange.verdict = strongest(exchange.verdict, 'flag');
}
