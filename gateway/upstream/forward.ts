import type { SnapshotUpstream } from '@bartizan/contracts';
import type { Logger } from 'pino';
import {
  type AttemptTrace,
  type Circuit,
  type ForwardRequest,
  type UpstreamAnswer,
  UpstreamFailure,
  type Upstreams,
  type UpstreamUnavailable,
} from '../ports.ts';
import { backoffMs, pause, retryAfterMs } from './backoff.ts';
import { type Breaker, type BreakerOptions, type CallResult, createBreaker } from './breaker.ts';
import { tryOrder } from './choose.ts';
import { type Resolve, systemResolve } from './connect.ts';
import { type Exchange, exchange } from './exchange.ts';
import { createPools } from './pools.ts';
import { headersFor, targetOf } from './target.ts';

export interface UpstreamsOptions {
  /** Plain provider key of an upstream, or null. */
  readonly apiKeyOf: (upstream: SnapshotUpstream) => string | null;
  /** Address of the demo assistant, or null when there is none. */
  readonly demoUrl: string | null;
  readonly clock: { readonly now: () => number };
  readonly random: () => number;
  readonly logger: Pick<Logger, 'warn'>;
  readonly resolve?: Resolve;
  readonly breaker?: BreakerOptions;
}

type Attempt = UpstreamAnswer['attempts'][number];
type Failed = { readonly kind: UpstreamUnavailable['reason'] };

interface Candidate {
  readonly upstream: SnapshotUpstream;
  readonly breaker: Breaker;
  tries: number;
  readyAtMs: number;
  /** Not to be tried again by this request. */
  out: boolean;
}

/** State of one call of `forward`. */
interface Course {
  readonly request: ForwardRequest;
  readonly candidates: readonly Candidate[];
  readonly attempts: Attempt[];
  retryAfterMs: number | null;
}

const RETRIED = new Set([408, 409, 425, 429]);
const isRetried = (status: number): boolean => RETRIED.has(status) || status >= 500;
/** A redirect is not followed (it could lead anywhere) and is no answer a client can use. */
const isRedirect = (status: number): boolean => status >= 300 && status < 400;
const MAX_BREAKERS = 10_000;
const LOG_EVERY_MS = 1_000;

function resultOf(status: number): CallResult {
  if (status >= 500) return 'failure';
  return RETRIED.has(status) ? 'neutral' : 'success';
}

/**
 * The client side of the gateway. After a failure the next untried upstream is asked at once; a back-off is
 * waited only before an upstream is asked again. A Retry-After longer than `maxDelayMs` takes that upstream out
 * of the request. Nothing is retried once response headers of an answer that counts have arrived.
 */
export function createUpstreams(
  options: UpstreamsOptions,
): Upstreams & { readonly circuits: () => readonly Circuit[]; readonly close: () => Promise<void> } {
  const { clock, random, logger, demoUrl } = options;
  const pools = createPools(options.resolve ?? systemResolve);
  const breakers = new Map<string, { readonly name: string; readonly breaker: Breaker }>();
  const loggedAtMs = new Map<string, number>();

  /** True at most once a second and upstream: interactions record every attempt, the log need not. */
  function mayLog(id: string): boolean {
    const nowMs = clock.now();
    if (nowMs - (loggedAtMs.get(id) ?? Number.NEGATIVE_INFINITY) < LOG_EVERY_MS) return false;
    if (loggedAtMs.size >= MAX_BREAKERS) loggedAtMs.clear();
    loggedAtMs.set(id, nowMs);
    return true;
  }

  function breakerOf(upstream: SnapshotUpstream): Breaker {
    const key = `${upstream.id} ${upstream.baseUrl}`;
    const known = breakers.get(key);
    if (known) return known.breaker;
    if (breakers.size >= MAX_BREAKERS) breakers.clear();
    const breaker = createBreaker(options.breaker);
    breakers.set(key, { name: upstream.name, breaker });
    return breaker;
  }

  function note(
    course: Course,
    upstream: SnapshotUpstream,
    attempt: Omit<Attempt, 'upstreamId' | 'upstreamName'>,
    trace: AttemptTrace | null = null,
  ) {
    const noted = { upstreamId: upstream.id, upstreamName: upstream.name, ...attempt };
    course.attempts.push(noted);
    trace?.ended(noted);
  }

  /** The candidate to ask next; those whose circuit is open are noted and left out. */
  function pick(course: Course): Candidate | null {
    let best: Candidate | null = null;
    for (const candidate of course.candidates) {
      if (candidate.out) continue;
      const openForMs = candidate.breaker.openForMs(clock.now());
      if (openForMs > 0) drop(course, candidate, openForMs);
      else if (!best || candidate.tries < best.tries) best = candidate;
    }
    return best;
  }

  function drop(course: Course, candidate: Candidate, openForMs: number): void {
    candidate.out = true;
    course.retryAfterMs = Math.min(course.retryAfterMs ?? Number.POSITIVE_INFINITY, openForMs);
    note(course, candidate.upstream, { status: null, error: 'circuit_open', ms: 0 });
  }

  async function open(
    request: ForwardRequest,
    upstream: SnapshotUpstream,
    trace: AttemptTrace | null,
  ): Promise<Exchange> {
    const demo = upstream.provider === 'demo';
    const body = request.body();
    const target = targetOf(demo ? `${demoUrl}/v1` : upstream.baseUrl, request.api, request.path);
    const pool = pools.get(target.origin, upstream, demo || upstream.allowPrivateNetwork);
    const headers = headersFor(request, upstream, demo ? null : options.apiKeyOf(upstream));
    if (trace) headers.traceparent = trace.traceparent;
    const answer = await exchange(pool, {
      method: request.method ?? 'POST',
      path: target.path,
      headers,
      body: body.length > 0 ? body : null,
      headersTimeoutMs: upstream.connectTimeoutMs + upstream.headersTimeoutMs,
      idleTimeoutMs: upstream.idleTimeoutMs,
      maxBytes: upstream.maxResponseBytes,
      signal: request.signal,
    });
    if (!isRedirect(answer.status)) return answer;
    answer.discard();
    throw new UpstreamFailure('garbage');
  }

  /** Asks once: an exchange, or how it failed. */
  async function ask(course: Course, candidate: Candidate): Promise<Exchange | Failed> {
    const { upstream } = candidate;
    const report = candidate.breaker.enter(clock.now());
    if (!report) {
      drop(course, candidate, 1000);
      return { kind: 'circuit_open' };
    }
    const startedMs = performance.now();
    const elapsed = (): number => Math.round((performance.now() - startedMs) * 100) / 100;
    candidate.tries += 1;
    const trace = course.request.onAttempt?.(upstream) ?? null;
    try {
      const answer = await open(course.request, upstream, trace);
      report(resultOf(answer.status), clock.now());
      if (resultOf(answer.status) === 'success') watchBody(answer, candidate.breaker);
      const error = answer.status >= 400 ? 'status' : null;
      note(course, upstream, { status: answer.status, error, ms: elapsed() }, trace);
      return answer;
    } catch (failure) {
      return failed(course, candidate, { failure, report, trace, ms: elapsed() });
    }
  }

  function failed(
    course: Course,
    { upstream }: Candidate,
    how: {
      failure: unknown;
      report: (result: CallResult, nowMs: number) => void;
      trace: AttemptTrace | null;
      ms: number;
    },
  ): Failed {
    const { failure, report, trace, ms } = how;
    const kind = failure instanceof UpstreamFailure ? failure.kind : 'connection';
    report(kind === 'cancelled' ? 'neutral' : 'failure', clock.now());
    const cause = (failure as Error).cause as NodeJS.ErrnoException | undefined;
    const refused = cause?.name === 'AddressRefused';
    note(course, upstream, { status: null, error: refused ? 'address_refused' : kind, ms }, trace);
    if (kind !== 'cancelled' && mayLog(upstream.id)) {
      logger.warn({ upstream: upstream.name, kind, code: cause?.code }, 'upstream attempt failed');
    }
    return { kind: kind === 'timeout' || kind === 'cancelled' ? kind : 'connection' };
  }

  function watchBody(answer: Exchange, breaker: Breaker): void {
    void answer.closed.then((kind) => {
      if (kind === null || kind === 'cancelled' || kind === 'too_large') return;
      breaker.enter(clock.now())?.('failure', clock.now());
    });
  }

  /** Says when the candidate may be asked again, if at all. */
  function schedule(course: Course, candidate: Candidate, result: Exchange | Failed): void {
    const { retry } = course.request.endpoint;
    const wanted = 'status' in result ? retryAfterMs(result.headers['retry-after'], clock.now()) : null;
    if (wanted !== null) course.retryAfterMs = Math.min(course.retryAfterMs ?? wanted, wanted);
    if (wanted !== null && wanted > retry.maxDelayMs) candidate.out = true;
    const delayMs = Math.max(wanted ?? 0, backoffMs(Math.max(1, candidate.tries), retry, random));
    candidate.readyAtMs = clock.now() + delayMs;
  }

  function conclude(course: Course, candidate: Candidate, result: Exchange | Failed) {
    const { attempts } = course;
    if ('status' in result) {
      const { status, headers, body } = result;
      return { ok: true, upstream: candidate.upstream, status, headers, body, attempts } as const;
    }
    return { ok: false, reason: result.kind, retryAfterMs: course.retryAfterMs, attempts } as const;
  }

  async function forward(request: ForwardRequest): Promise<UpstreamAnswer | UpstreamUnavailable> {
    const candidates = tryOrder(request.endpoint, request.api, random)
      .filter(({ provider }) => provider !== 'demo' || demoUrl !== null)
      .map((upstream) => ({ upstream, breaker: breakerOf(upstream), tries: 0, readyAtMs: 0, out: false }));
    const course: Course = { request, candidates, attempts: [], retryAfterMs: null };
    const none = (reason: UpstreamUnavailable['reason']): UpstreamUnavailable => {
      return { ok: false, reason, retryAfterMs: course.retryAfterMs, attempts: course.attempts };
    };
    if (candidates.length === 0) return none('no_upstream');
    let asked = 0;
    let next = pick(course);
    if (!next) return none('circuit_open');
    for (;;) {
      const candidate: Candidate = next;
      if (!(await pause(candidate.readyAtMs - clock.now(), request.signal))) return none('cancelled');
      const result = await ask(course, candidate);
      if ('kind' in result && result.kind === 'circuit_open') {
        next = pick(course);
        if (!next) return none('circuit_open');
        continue;
      }
      asked += 1;
      if ('status' in result && !isRetried(result.status)) return conclude(course, candidate, result);
      if ('kind' in result && result.kind === 'cancelled') return none('cancelled');
      schedule(course, candidate, result);
      const following = asked < request.endpoint.retry.maxAttempts ? pick(course) : null;
      if (!following) return conclude(course, candidate, result);
      if ('status' in result) result.discard();
      next = following;
    }
  }

  return Object.freeze({
    forward,
    circuits: () =>
      [...breakers.values()].map(({ name, breaker }) => ({
        upstream: name,
        state: breaker.state(clock.now()),
      })),
    close: pools.close,
  });
}
