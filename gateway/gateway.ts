import type { IncomingMessage, ServerResponse } from 'node:http';
import { NO_METER, parseTraceparent } from '@bartizan/contracts/telemetry/index.ts';
import { readBody } from './http/body.ts';
import type { ErrorDialect } from './http/errors.ts';
import { authenticate } from './http/keys.ts';
import { type Problem, problem } from './http/problem.ts';
import { answerHeaders, requestIdOf, sendProblem, sendWhole, streamHeaders } from './http/respond.ts';
import { dialectOf, type Route, routeOf } from './http/routes.ts';
import { createUnread, type UnreadOptions } from './http/unread.ts';
import type { Configuration, Journal, Limiter, UpstreamAnswer, Upstreams } from './ports.ts';
import { discard, readAnswer, readRefusal } from './steps/answer.ts';
import { type Call, endCall, letGo } from './steps/call.ts';
import { createConclude, journalFull } from './steps/conclude.ts';
import { type Exchange, openExchange } from './steps/exchange.ts';
import { uuidv7 } from './steps/id.ts';
import { inspectInput } from './steps/inspect.ts';
import { answerModels } from './steps/models.ts';
import { forwardRequest } from './steps/outbound.ts';
import { enterProblem } from './steps/outcome.ts';
import { admitRequest, gatherInput, readRequest, resolveTarget } from './steps/prepare.ts';
import { limitFor, scopeOf } from './steps/resolve.ts';
import { createRoom, type RoomOptions } from './steps/room.ts';
import { garbage, unavailable } from './steps/translate.ts';
import { relay } from './stream/relay.ts';
import { createTurns } from './stream/turns.ts';
import { createRequestMeasures, type RequestMeasures } from './telemetry/measure.ts';
import type { BeginTrace } from './telemetry/trace.ts';

export interface GatewayLogger {
  readonly error: (fields: object, message: string) => void;
}

export interface GatewayOptions {
  readonly configuration: Configuration;
  readonly journal: Journal;
  readonly limiter: Limiter;
  readonly upstreams: Upstreams;
  readonly gatewayId: string;
  readonly clock: { readonly now: () => number };
  readonly logger: GatewayLogger;
  /** How long a request body may take to arrive. */
  readonly bodyTimeoutMs?: number;
  readonly unread?: UnreadOptions;
  /** Bounds what answers under way keep in memory. */
  readonly room?: Pick<RoomOptions, 'mostBytes' | 'patienceMs'>;
  readonly measures?: RequestMeasures;
  /** Absent where nothing is traced. */
  readonly beginTrace?: BeginTrace;
}

/** Counts since start, for metrics. */
export interface GatewayCounts {
  readonly requests: number;
  readonly unauthenticated: number;
  readonly active: number;
  /** Streamed answers under way. */
  readonly streams: number;
  /** Bytes of answers under way that are kept in memory. */
  readonly held: number;
}

export interface Gateway {
  /** A `node:http` request listener. Answers every request; never throws. */
  readonly handle: (req: IncomingMessage, res: ServerResponse) => void;
  readonly counts: () => GatewayCounts;
}

const DEFAULT_BODY_TIMEOUT_MS = 60_000;
const ENDPOINT_HEADER = 'x-bartizan-endpoint';

type ApiRoute = Extract<Route, { kind: 'api' }>;

/**
 * The request path of the gateway: accept, authenticate, resolve, admit, normalise, inspect, forward, inspect,
 * answer, journal. Each step gives a problem or lets the exchange go on.
 */
export function createGateway(options: GatewayOptions): Gateway {
  const { configuration, journal, limiter, upstreams, gatewayId, clock, logger } = options;
  const unread = createUnread(options.unread);
  const turns = createTurns();
  const room = createRoom({
    ...options.room,
    onTold: (answers) =>
      logger.error({ answers }, 'answers were ended: more were under way than the memory for them'),
  });
  const bodyTimeoutMs = options.bodyTimeoutMs ?? DEFAULT_BODY_TIMEOUT_MS;
  const measures = options.measures ?? createRequestMeasures(NO_METER);
  const conclude = createConclude({ journal, gatewayId, logger, measures });
  const counts = { requests: 0, unauthenticated: 0, active: 0, streams: 0 };

  function handle(req: IncomingMessage, res: ServerResponse): void {
    counts.requests += 1;
    counts.active += 1;
    const url = req.url ?? '/';
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    const id = uuidv7(clock.now());
    const query = mark < 0 ? '' : url.slice(mark);
    const requestId = requestIdOf(req, id);
    const call: Call = {
      req,
      res,
      requestId,
      query,
      exchange: null,
      held: room.open(() => endCall(call)),
      closed: false,
    };
    res.once('close', () => {
      counts.active -= 1;
      call.closed = true;
      if (!res.writableFinished) call.exchange?.abort.abort();
      call.exchange?.release?.();
    });
    const dispatched = dispatch(call, routeOf(req.method ?? 'GET', path), id).catch((error: unknown) => {
      const traceId = call.exchange?.traceId ?? undefined;
      logger.error({ err: error, requestId: call.requestId, traceId }, 'request failed');
      measures.rejected('internal_error');
      const fault = problem('internal_error', 'The gateway failed to answer this request.');
      if (res.headersSent) res.destroy();
      else sendProblem(call, dialectOf(path), fault, call.requestId);
    });
    void dispatched.then(() => unread.ended(res));
  }

  async function dispatch(call: Call, route: Route, id: string): Promise<void> {
    switch (route.kind) {
      case 'api':
        await serve(call, route, id);
        return;
      case 'models':
        await serveModels(call, route);
        return;
      case 'healthz':
        sendWhole(call.res, 200, { 'content-type': 'application/json' }, '{"status":"ok"}');
        return;
      case 'readyz': {
        const ready = configuration.current() !== null && journal.writable();
        const body = ready ? '{"status":"ready"}' : '{"status":"not ready"}';
        sendWhole(call.res, ready ? 200 : 503, { 'content-type': 'application/json' }, body);
        return;
      }
      case 'refused':
        reject(call, route.dialect, route.problem);
    }
  }

  /** Says no before there is an exchange. */
  function reject(call: Call, dialect: ErrorDialect, fault: Problem): void {
    if (fault.status === 401) counts.unauthenticated += 1;
    measures.rejected(fault.code);
    sendProblem(call, dialect, fault, call.requestId);
  }

  async function serveModels(call: Call, route: Extract<Route, { kind: 'models' }>): Promise<void> {
    const dialect = call.req.headers['anthropic-version'] === undefined ? 'openai' : 'anthropic';
    const live = configuration.current();
    if (live === null) return reject(call, dialect, notReady());
    const auth = authenticate(call.req.headers, live, clock.now());
    if (!auth.ok) return reject(call, dialect, auth.problem);
    const slug = route.slug ?? headerSlug(call.req);
    const scope = scopeOf(live, auth.key);
    const answer = await answerModels({ scope, slug, model: route.model, dialect }, upstreams);
    if ('code' in answer) sendProblem(call, dialect, answer, call.requestId);
    else sendWhole(call.res, 200, answerHeaders(call.requestId), answer.body);
  }

  async function serve(call: Call, route: ApiRoute, id: string): Promise<void> {
    const { dialect } = route.format;
    const live = configuration.current();
    if (live === null) return reject(call, dialect, notReady());
    const at = clock.now();
    const auth = authenticate(call.req.headers, live, at);
    if (!auth.ok) return reject(call, dialect, auth.problem);
    if (!journal.writable()) return reject(call, dialect, journalFull());
    const exchange = openExchange({
      id,
      requestId: call.requestId,
      at,
      started: performance.now(),
      live,
      key: auth.key,
      format: route.format,
      abort: new AbortController(),
    });
    call.exchange = exchange;
    follow(exchange, call.req);
    try {
      const fault = (await takeIn(call, route, exchange)) ?? (await passOn(call, exchange));
      if (fault !== null) await refuse(call, exchange, fault);
    } finally {
      letGo(call, exchange);
    }
  }

  /** Joins the client's trace, or begins one where traces are exported. */
  function follow(exchange: Exchange, { headers }: IncomingMessage): void {
    if (options.beginTrace !== undefined) {
      exchange.trace = options.beginTrace(exchange, headers);
      exchange.traceId = exchange.trace.traceId;
    } else if (headers.traceparent !== undefined) {
      exchange.traceId = parseTraceparent(headers.traceparent)?.traceId ?? null;
    }
  }

  /** From bytes to an inspected request. */
  async function takeIn(call: Call, route: ApiRoute, exchange: Exchange): Promise<Problem | null> {
    const scope = scopeOf(exchange.live, exchange.key);
    const named = route.slug ?? headerSlug(call.req);
    const body = await readBody(call.req, limitFor(scope, named), bodyTimeoutMs);
    if (!body.ok) return body.problem;
    exchange.bytes = body.bytes;
    return (
      readRequest(exchange) ??
      resolveTarget(exchange, scope, named) ??
      (await admitOpen(call, exchange)) ??
      gatherInput(exchange) ??
      (await inspectInput(exchange))
    );
  }

  /** Asks the limits, which may take a moment: a client that went away meanwhile has nothing under way. */
  async function admitOpen(call: Call, exchange: Exchange): Promise<Problem | null> {
    const fault = await admitRequest(exchange, limiter);
    if (call.closed) exchange.release?.();
    return fault;
  }

  /** From an inspected request to the client's answer. A problem means that nothing was sent yet. */
  async function passOn(call: Call, exchange: Exchange): Promise<Problem | null> {
    const request = forwardRequest(exchange, call.req.headers, call.query);
    if (request === null) return problem('internal_error', 'The gateway failed to answer this request.');
    exchange.trace?.forwarding();
    const sent = performance.now();
    exchange.sentAt = sent;
    const answer = await upstreams.forward(request);
    exchange.upstreamMs = performance.now() - sent;
    exchange.attempts = answer.attempts;
    if (!answer.ok) {
      const endpoint = request.endpoint;
      return unavailable(answer, {
        api: request.api === 'openai' ? 'OpenAI' : 'Anthropic',
        slug: endpoint.slug,
      });
    }
    exchange.upstreamId = answer.upstream.id;
    if (answer.status < 200 || answer.status > 299) return readRefusal(exchange, answer);
    return exchange.streamed ? passStream(call, exchange, answer) : passWhole(call, exchange, answer, sent);
  }

  async function passWhole(
    call: Call,
    exchange: Exchange,
    answer: UpstreamAnswer,
    sent: number,
  ): Promise<Problem | null> {
    const guarded = exchange.guardMs;
    const result = await readAnswer(exchange, answer, call.held);
    exchange.upstreamMs = performance.now() - sent - (exchange.guardMs - guarded);
    if (!result.ok) return result.problem;
    exchange.status = answer.status;
    if (!(await concluded(call, exchange))) return journalFull();
    sendWhole(call.res, answer.status, answerHeaders(call.requestId), result.body);
    call.held.unread(call.res.writableNeedDrain);
    return null;
  }

  async function passStream(call: Call, exchange: Exchange, answer: UpstreamAnswer): Promise<Problem | null> {
    const type = answer.headers['content-type'] ?? '';
    if (!type.toLowerCase().startsWith('text/event-stream')) {
      await discard(answer);
      return garbage('a whole answer where a stream was asked for');
    }
    counts.streams += 1;
    try {
      return await relay(exchange, answer, {
        res: call.res,
        headers: streamHeaders(call.requestId),
        unread,
        turns,
        held: call.held,
        conclude: () => concluded(call, exchange),
      });
    } finally {
      counts.streams -= 1;
    }
  }

  const concluded = ({ held }: Call, exchange: Exchange): Promise<boolean> =>
    held.concluding(() => conclude(exchange));

  /** Journals why a request is not answered, and says so. */
  async function refuse(call: Call, exchange: Exchange, fault: Problem): Promise<void> {
    enterProblem(exchange, fault);
    const kept = fault.code !== 'journal_full' && (await concluded(call, exchange));
    sendProblem(call, exchange.format.dialect, kept ? fault : journalFull(), call.requestId);
  }

  return Object.freeze({ handle, counts: () => ({ ...counts, held: room.state().bytes }) });
}

const notReady = (): Problem =>
  problem('not_ready', 'The gateway has no configuration yet. Try again in a moment.', {
    retryAfterMs: 1000,
  });

const headerSlug = (req: IncomingMessage): string | null => {
  const value = req.headers[ENDPOINT_HEADER];
  return typeof value === 'string' && value !== '' ? value : null;
};
