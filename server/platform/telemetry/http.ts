import { ALL_ROUTES } from '@bartizan/contracts';
import {
  type Meter,
  parseTraceparent,
  SERVER_METRICS,
  SPAN_KIND,
  type Tracing,
} from '@bartizan/contracts/telemetry/index.ts';
import type { ObserveRequest } from '../http/index.ts';

/** Answers of these stay open by design: their length says nothing about the server. */
const OPEN = new Set([
  'gateway.snapshot',
  ...ALL_ROUTES.filter(({ streams }) => streams).map(({ id }) => id),
]);
/** Sent by machines all day: traces of them would bury those of people. */
const UNTRACED = new Set([
  'metrics.get',
  ...ALL_ROUTES.filter(({ access }) => access === 'gateway').map(({ id }) => id),
]);

/**
 * Measures every answered request of the control plane, by route, and traces those of known callers: nobody
 * else can fill a collector. Answers with the id of the trace, for the log.
 */
export function createHttpObserver(meter: Meter, tracing: Tracing | null): ObserveRequest {
  const requests = meter.counter(SERVER_METRICS.httpRequests);
  const duration = meter.histogram(SERVER_METRICS.httpDuration);
  return (seen) => {
    const { route, status, ms } = seen;
    const known = route ?? 'none';
    requests.add([known, String(status)]);
    if (route !== null && !OPEN.has(route)) duration.observe([route], ms / 1000);
    const parent = parseTraceparent(seen.traceparent);
    if (tracing === null || route === null || !seen.authenticated || UNTRACED.has(route)) {
      return parent?.traceId ?? null;
    }
    const endMs = Date.now();
    const span = tracing.start(`${seen.method} ${seen.path}`, parent, {
      kind: SPAN_KIND.server,
      startMs: endMs - ms,
      attributes: {
        'http.request.method': seen.method,
        'http.route': seen.path,
        'http.response.status_code': status,
        'bartizan.route': route,
        'bartizan.request_id': seen.requestId,
      },
    });
    if (status >= 500) span.fail(String(status));
    span.end(endMs);
    return span.context.traceId;
  };
}
