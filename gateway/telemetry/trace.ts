import type { IncomingHttpHeaders } from 'node:http';
import type { Direction, SnapshotUpstream, Verdict } from '@bartizan/contracts';
import {
  type Attributes,
  formatTraceparent,
  parseTraceparent,
  SPAN_KIND,
  type TraceContext,
  type TraceSpan,
  type Tracing,
} from '@bartizan/contracts/telemetry/index.ts';
import type { AttemptTrace, UpstreamAnswer } from '../ports.ts';
import type { Exchange } from '../steps/exchange.ts';
import { modelAttribute, operationError, operationOf, providerOf, serverOf, upstreamOf } from './genai.ts';

type Attempt = UpstreamAnswer['attempts'][number];
type Timing = Exchange['guardTimings'][number];

/** The trace of one request. Each call stands for something that happened; none of them sees content. */
export interface ExchangeTrace {
  readonly traceId: string;
  /** Guards judged texts, from `startedAt` (monotonic) until now. */
  readonly inspected: (direction: Direction, startedAt: number, judged: JudgedFacts) => void;
  /** The request goes upstream: begins the span that stands for the whole operation. */
  readonly forwarding: () => void;
  readonly attempt: (upstream: SnapshotUpstream) => AttemptTrace;
  readonly concluded: () => void;
}

export interface JudgedFacts {
  readonly verdict: Verdict;
  readonly timings: readonly Timing[];
}

/** Begins the trace of a request: below the client's own span when it sent a valid `traceparent`. */
export type BeginTrace = (exchange: Exchange, headers: IncomingHttpHeaders) => ExchangeTrace;

const MOST_EVENTS = 16;
/** Of one inspection: texts of very many parts are judged many times. */
const MOST_GUARDS = 64;

/** Traces of requests by the GenAI conventions (semantic-conventions-genai, development status, 2026). */
export function createExchangeTraces(tracing: Tracing, demoUrl: string | null): BeginTrace {
  return (exchange, headers) => {
    const route = `/v1${exchange.format.path}`;
    const root = tracing.start(`POST ${route}`, parseTraceparent(headers.traceparent), {
      kind: SPAN_KIND.server,
      startMs: exchange.at,
      attributes: { 'http.request.method': 'POST', 'http.route': route },
    });
    return root.recording ? recordedTrace(exchange, root, demoUrl) : silentTrace(root.context);
  };
}

/** A trace that the sampler left out: upstreams still learn its ids, so that they leave it out too. */
function silentTrace(context: TraceContext): ExchangeTrace {
  const attempt: AttemptTrace = Object.freeze({
    traceparent: formatTraceparent(context),
    ended: () => undefined,
  });
  return Object.freeze({
    traceId: context.traceId,
    inspected: () => undefined,
    forwarding: () => undefined,
    attempt: () => attempt,
    concluded: () => undefined,
  });
}

function recordedTrace(exchange: Exchange, root: TraceSpan, demoUrl: string | null): ExchangeTrace {
  /** Spans need the time of day, the request path measures monotonic time. */
  const at = (monotonic: number): number => exchange.at + (monotonic - exchange.started);
  const now = (): number => at(performance.now());
  let operation: TraceSpan | null = null;

  function attempt(upstream: SnapshotUpstream): AttemptTrace {
    const server = serverOf(upstream, demoUrl);
    const span = (operation ?? root).child('POST', {
      kind: SPAN_KIND.client,
      startMs: now(),
      attributes: {
        'http.request.method': 'POST',
        'bartizan.upstream': upstream.name,
        ...(server === null ? {} : { 'server.address': server.address, 'server.port': server.port }),
      },
    });
    return Object.freeze({
      traceparent: formatTraceparent(span.context),
      ended({ status, error }: Attempt) {
        if (status !== null) span.set({ 'http.response.status_code': status });
        if (error !== null) span.fail(error === 'status' ? String(status) : error);
        span.end(now());
      },
    });
  }

  return Object.freeze({
    traceId: root.context.traceId,
    inspected(direction: Direction, startedAt: number, judged: JudgedFacts) {
      traceInspection(root, { direction, startMs: at(startedAt), endMs: now(), judged });
    },
    forwarding() {
      operation = root.child(`${operationOf(exchange.format.api)} ${sentModel(exchange)}`, {
        kind: SPAN_KIND.client,
        startMs: now(),
        attributes: {
          'gen_ai.operation.name': operationOf(exchange.format.api),
          'gen_ai.provider.name': providerOf(exchange.format.family),
          'gen_ai.request.model': sentModel(exchange),
          ...(exchange.streamed ? { 'gen_ai.request.stream': true } : {}),
        },
      });
    },
    attempt,
    concluded() {
      const endMs = now();
      if (operation !== null) endOperation(operation, exchange, { demoUrl, endMs });
      endRequest(root, exchange, endMs);
    },
  });
}

const sentModel = ({ upstreamModel, model }: Exchange): string => modelAttribute(upstreamModel ?? model);

/**
 * One span for the inspection and one for each check below it. Checks report how long they took, in the order
 * in which they ran; so their spans are laid end to end from the beginning of the inspection.
 */
function traceInspection(
  root: TraceSpan,
  seen: { direction: Direction; startMs: number; endMs: number; judged: JudgedFacts },
): void {
  const { direction, startMs, endMs, judged } = seen;
  const span = root.child(`inspect ${direction}`, {
    kind: SPAN_KIND.internal,
    startMs,
    attributes: { 'bartizan.direction': direction, 'bartizan.verdict': judged.verdict },
  });
  let from = startMs;
  for (const { check, ms } of judged.timings.slice(0, MOST_GUARDS)) {
    const until = from + ms;
    const attributes = { 'bartizan.check': check, 'bartizan.direction': direction };
    span.child(`guard ${check}`, { kind: SPAN_KIND.internal, startMs: from, attributes }).end(until);
    from = until;
  }
  span.end(endMs);
}

function endOperation(
  span: TraceSpan,
  exchange: Exchange,
  { demoUrl, endMs }: { demoUrl: string | null; endMs: number },
): void {
  const { usage, responseModel } = exchange;
  const upstream = upstreamOf(exchange);
  const server = upstream === null ? null : serverOf(upstream, demoUrl);
  span.set({
    ...(upstream === null ? {} : { 'gen_ai.provider.name': providerOf(upstream.provider) }),
    ...(responseModel === null ? {} : { 'gen_ai.response.model': modelAttribute(responseModel) }),
    ...(usage === null
      ? {}
      : {
          'gen_ai.usage.input_tokens': usage.inputTokens,
          'gen_ai.usage.output_tokens': usage.outputTokens,
        }),
    ...(exchange.firstChunkMs === null
      ? {}
      : { 'gen_ai.response.time_to_first_chunk': exchange.firstChunkMs / 1000 }),
    ...(server === null ? {} : { 'server.address': server.address, 'server.port': server.port }),
  });
  const error = operationError(exchange.error);
  if (error !== '') span.fail(error);
  span.end(endMs);
}

function endRequest(root: TraceSpan, exchange: Exchange, endMs: number): void {
  const { findings, status, error } = exchange;
  const attributes: Attributes = {
    'http.response.status_code': status,
    'bartizan.interaction.id': exchange.id,
    'bartizan.endpoint': exchange.endpoint?.slug ?? 'other',
    'bartizan.outcome': exchange.outcome,
    'bartizan.verdict': exchange.verdict,
    'bartizan.would_be': exchange.wouldBe,
    'bartizan.findings': findings.length,
    'bartizan.checks': [...new Set(findings.slice(0, 1_000).map(({ check }) => check))].slice(0, 32),
    'bartizan.guard_errors': exchange.guardErrors.length,
    'bartizan.snapshot.version': exchange.live.version,
  };
  root.set(attributes);
  for (const { check, action, direction, author, score } of findings.slice(0, MOST_EVENTS)) {
    root.event(
      'bartizan.finding',
      {
        'bartizan.check': check,
        'bartizan.action': action,
        'bartizan.direction': direction,
        'bartizan.author': author,
        'bartizan.score': score,
      },
      endMs,
    );
  }
  // By the HTTP conventions a server's span has failed from 500 on; a refusal is an answer.
  if (status >= 500) root.fail(error?.code ?? String(status));
  else if (error !== null) root.set({ 'error.type': error.code });
  root.end(endMs);
}
