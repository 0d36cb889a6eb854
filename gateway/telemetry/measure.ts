import { GATEWAY_METRICS, type Meter, OTHER } from '@bartizan/contracts/telemetry/index.ts';
import type { ProblemCode } from '../http/problem.ts';
import type { Admission, Limiter } from '../ports.ts';
import type { Exchange } from '../steps/exchange.ts';
import { modelLabel, operationError, operationOf, providerOf, upstreamOf } from './genai.ts';

/** What the request path tells of a request, once. */
export interface RequestMeasures {
  /** It ended before it became an interaction. */
  readonly rejected: (code: ProblemCode) => void;
  /** It is over, and journalled. */
  readonly concluded: (exchange: Exchange) => void;
}

const CLASSES = ['0xx', '1xx', '2xx', '3xx', '4xx', '5xx'];
const classOf = (status: number): string => CLASSES[Math.trunc(status / 100)] ?? OTHER;
const seconds = (ms: number): number => ms / 1000;

/** Measures requests as they end. Costs about two microseconds each (`node bench/telemetry/run.ts`). */
export function createRequestMeasures(meter: Meter): RequestMeasures {
  const requests = meter.counter(GATEWAY_METRICS.requests);
  const rejected = meter.counter(GATEWAY_METRICS.rejected);
  const shadow = meter.counter(GATEWAY_METRICS.wouldBe);
  const duration = meter.histogram(GATEWAY_METRICS.duration);
  const firstToken = meter.histogram(GATEWAY_METRICS.firstToken);
  const tokens = meter.counter(GATEWAY_METRICS.tokens);
  const guards = createGuardMeasures(meter);
  const upstreams = createUpstreamMeasures(meter);
  return Object.freeze({
    rejected: (code: ProblemCode) => rejected.add([code]),
    concluded(exchange: Exchange) {
      const endpoint = exchange.endpoint?.slug ?? OTHER;
      const { api } = exchange.format;
      const { outcome, verdict, wouldBe, status, usage } = exchange;
      requests.add([endpoint, api, outcome, verdict, classOf(status)]);
      if (wouldBe !== verdict) shadow.add([endpoint, wouldBe]);
      duration.observe([endpoint, api], seconds(performance.now() - exchange.started));
      if (exchange.firstTokenMs !== null) firstToken.observe([endpoint, api], seconds(exchange.firstTokenMs));
      if (usage !== null) {
        tokens.add([endpoint, 'input'], usage.inputTokens);
        tokens.add([endpoint, 'output'], usage.outputTokens);
      }
      guards(exchange, endpoint);
      upstreams(exchange, endpoint);
    },
  });
}

function createGuardMeasures(meter: Meter): (exchange: Exchange, endpoint: string) => void {
  const inspection = meter.histogram(GATEWAY_METRICS.inspection);
  const guard = meter.histogram(GATEWAY_METRICS.guard);
  const findings = meter.counter(GATEWAY_METRICS.findings);
  const errors = meter.counter(GATEWAY_METRICS.guardErrors);

  /** A flood of equal findings is one addition. */
  function addFindings(all: Exchange['findings']): void {
    let from = 0;
    for (let at = 1; at <= all.length; at += 1) {
      const first = all[from] as Exchange['findings'][number];
      const next = all[at];
      if (next !== undefined && next.check === first.check && next.action === first.action) continue;
      findings.add([first.check, first.action], at - from);
      from = at;
    }
  }

  return (exchange, endpoint) => {
    if (exchange.policy !== null) inspection.observe([endpoint], seconds(exchange.guardMs));
    for (const { check, direction, ms } of exchange.guardTimings)
      guard.observe([check, direction], seconds(ms));
    for (const { check } of exchange.guardErrors) errors.add([check]);
    if (exchange.findings.length > 0) addFindings(exchange.findings);
  };
}

/** What a status of 400 or more says: the provider is busy, is at fault, or does not like the request. */
const refusalOf = (status: number): string =>
  status === 429 ? 'rate_limited' : status >= 500 ? 'server_error' : 'refused';

function createUpstreamMeasures(meter: Meter): (exchange: Exchange, endpoint: string) => void {
  const attempts = meter.counter(GATEWAY_METRICS.upstreamAttempts);
  const attemptDuration = meter.histogram(GATEWAY_METRICS.upstreamDuration);
  const operation = meter.histogram(GATEWAY_METRICS.operation);
  const firstChunk = meter.histogram(GATEWAY_METRICS.firstChunk);
  const tokenUsage = meter.histogram(GATEWAY_METRICS.tokenUsage);
  return (exchange, endpoint) => {
    if (exchange.attempts.length === 0) return;
    for (const { upstreamName, error, status, ms } of exchange.attempts) {
      attempts.add([endpoint, upstreamName, error === 'status' ? refusalOf(status ?? 0) : (error ?? 'ok')]);
      if (error !== 'circuit_open') attemptDuration.observe([endpoint, upstreamName], seconds(ms));
    }
    const { usage, firstChunkMs } = exchange;
    const name = operationOf(exchange.format.api);
    const provider = providerOf(upstreamOf(exchange)?.provider ?? exchange.format.family);
    const model = modelLabel(exchange.endpoint, exchange.model, exchange.upstreamModel);
    operation.observe([name, provider, model, operationError(exchange.error)], seconds(exchange.upstreamMs));
    if (firstChunkMs !== null) firstChunk.observe([name, provider, model], seconds(firstChunkMs));
    if (usage === null) return;
    tokenUsage.observe([name, provider, model, 'input'], usage.inputTokens);
    tokenUsage.observe([name, provider, model, 'output'], usage.outputTokens);
  };
}

/** The same limiter, whose refusals are counted. */
export function measuredLimiter<L extends Limiter>(limiter: L, meter: Meter): L {
  const refusals = meter.counter(GATEWAY_METRICS.limitRefusals);
  const counted = (admission: Admission): Admission => {
    if (!admission.admitted) refusals.add([admission.subject, admission.limit]);
    return admission;
  };
  return Object.freeze({
    ...limiter,
    admit(...asked: Parameters<Limiter['admit']>) {
      const admission = limiter.admit(...asked);
      if (admission instanceof Promise) return admission.then(counted);
      return counted(admission);
    },
  });
}
