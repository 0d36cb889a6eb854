import type { Server } from 'node:http';
import { defineRoute } from '@bartizan/contracts';
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Clock } from '../../kernel/clock.ts';
import { uuidv7 } from '../../kernel/id.ts';
import type { Config } from '../config/index.ts';
import { parseJsonBody } from './body.ts';
import { answerClientError } from './client-error.ts';
import { serveConsole } from './console.ts';
import { drainable } from './drain.ts';
import { securityHeaders } from './headers.ts';
import { openApiDocument } from './openapi.ts';
import { demandKnownHost } from './origin.ts';
import { loggable, SCIM_TYPE, toApiError, toAppError, toMlflowError, toScimError } from './problem.ts';
import { limitBodyTime, takeAnyBody } from './receive.ts';
import { type RequestFacts, registerRoute } from './routes.ts';
import { type Authenticate, implement, type RouteImplementation } from './types.ts';

export interface HttpServerOptions {
  readonly implementations: readonly RouteImplementation[];
  readonly authenticate: Authenticate;
  readonly config: Pick<Config, 'publicUrl' | 'trustedProxies'>;
  readonly logger: Logger;
  /** The built console, or null to serve the API alone. */
  readonly consoleDir: string | null;
  /** Resolves when requests can be served (the database answers); rejects otherwise. */
  readonly ready: () => Promise<void>;
  readonly version: string;
  readonly clock?: Clock;
  /** Told of every answered request. */
  readonly observe?: ObserveRequest;
}

/** An answered request, as far as measuring it needs. */
export interface ObservedRequest {
  /** Id of its contract; null when there is no such route. */
  readonly route: string | null;
  /** Path with `:name` parameters. */
  readonly path: string;
  readonly method: string;
  readonly status: number;
  readonly ms: number;
  readonly requestId: string;
  readonly traceparent: string | undefined;
  readonly authenticated: boolean;
}
/** Gives the id of the trace that the request belongs to, for the log. */
export type ObserveRequest = (request: ObservedRequest) => string | null;

export interface HttpServer {
  /** Port 0 takes a free one. Resolves with the address that people on this machine can open. */
  readonly listen: (options: { host: string; port: number }) => Promise<{ url: string; port: number }>;
  /** Ends live streams, lets running requests finish, then closes. */
  readonly close: () => Promise<void>;
  /** For tests: a request without a socket. */
  readonly inject: FastifyInstance['inject'];
}

const DEFAULT_BODY_BYTES = 1024 * 1024;
/** Reached by other machines' tools and our gateways under names that we cannot know, without a cookie. */
const HOST_FREE = /^\/(?:internal\/|healthz$|readyz$|metrics$)/;

const openApiRoute = defineRoute({
  id: 'openapi.get',
  method: 'GET',
  path: '/api/v1/openapi.json',
  summary: 'This API as an OpenAPI 3.1 document',
  access: 'signed-in',
  response: z.record(z.string(), z.unknown()),
});

function createApp(options: HttpServerOptions): FastifyInstance {
  const app = Fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => uuidv7(Date.now()),
    requestIdHeader: false,
    trustProxy: options.config.trustedProxies.length > 0 ? [...options.config.trustedProxies] : false,
    bodyLimit: DEFAULT_BODY_BYTES,
    exposeHeadRoutes: false,
    // How long a body may take differs by route (receive.ts); heads have Node's own limit.
    requestTimeout: 0,
    keepAliveTimeout: 30_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 200 },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => fail(error, request, reply as FastifyReply),
  }) as unknown as FastifyInstance<Server>;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    ['application/json', SCIM_TYPE],
    { parseAs: 'buffer' },
    async (_: FastifyRequest, body: Buffer) => parseJsonBody(body),
  );
  app.setErrorHandler(fail);
  return app as FastifyInstance;
}

/** The one place where errors become answers. */
function fail(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const shown = toAppError(error);
  if (shown.status >= 500) {
    request.log.error({ requestId: request.id, error: loggable(shown.cause ?? shown) }, 'a request failed');
  }
  if (shown.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(shown.retryAfterMs / 1000));
  const { mediaType, errors } = request.routeOptions.config as { mediaType?: string; errors?: string };
  const scim = mediaType === SCIM_TYPE;
  const shape = scim
    ? toScimError(shown)
    : errors === 'mlflow'
      ? toMlflowError(shown)
      : toApiError(shown, request.id);
  return reply
    .status(shown.status)
    .header('x-request-id', request.id)
    .header('cache-control', 'no-store')
    .type(`${scim ? SCIM_TYPE : 'application/json'}; charset=utf-8`)
    .send(JSON.stringify(shape));
}

/** Gives every request its facts and headers, and logs it without address, content or query. */
function observe(
  app: FastifyInstance,
  options: HttpServerOptions,
): (request: FastifyRequest) => RequestFacts {
  const known = new WeakMap<FastifyRequest, RequestFacts>();
  const live = new Set<AbortController>();
  const headers = securityHeaders(options.config.publicUrl);
  app.addHook('onRequest', async (request, reply) => {
    const abort = new AbortController();
    known.set(request, { abort, principal: null, purpose: '' });
    live.add(abort);
    // A page served after the file was not found passes through several layers, each listening for the end.
    reply.raw.setMaxListeners(20);
    reply.raw.once('close', () => {
      live.delete(abort);
      abort.abort();
    });
    reply.headers(headers).header('x-request-id', request.id);
    if (!HOST_FREE.test(request.url.split('?', 1)[0] ?? ''))
      demandKnownHost(request.host, options.config.publicUrl);
  });
  app.addHook('onResponse', async (request, reply) => {
    const principal = known.get(request)?.principal;
    const { routeId } = request.routeOptions.config as { routeId?: string };
    const { method, routeOptions } = request;
    const path = routeOptions.url ?? '(none)';
    const status = reply.statusCode;
    const ms = Math.round(reply.elapsedTime * 10) / 10;
    const { traceparent } = request.headers;
    const traceId = options.observe?.({
      route: routeId ?? null,
      path,
      method,
      status,
      ms,
      requestId: request.id,
      traceparent: typeof traceparent === 'string' ? traceparent : undefined,
      authenticated: principal !== null && principal !== undefined,
    });
    request.log.info(
      {
        requestId: request.id,
        ...(traceId ? { traceId } : {}),
        method,
        route: path,
        status,
        ms,
        ...(principal ? { principal: principal.id } : {}),
      },
      'request',
    );
  });
  app.addHook('preClose', async () => {
    for (const abort of live) abort.abort();
  });
  return (request) => {
    const facts = known.get(request);
    if (!facts) throw new Error('the request was not observed');
    return facts;
  };
}

function probes(app: FastifyInstance, ready: HttpServerOptions['ready']): void {
  app.get('/healthz', { logLevel: 'warn' }, async () => ({ status: 'ok' }));
  app.get('/readyz', { logLevel: 'warn' }, async (_, reply) => {
    try {
      await ready();
      return { status: 'ready' };
    } catch {
      return reply.status(503).send({ status: 'not ready' });
    }
  });
}

/** Builds the control plane's HTTP server from contracts and their handlers. Nothing listens yet. */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const app = createApp(options);
  const drain = drainable(app.server);
  const factsOf = observe(app, options);
  const contracts = options.implementations.map(({ contract }) => contract);
  const document = openApiDocument([...contracts, openApiRoute], options.version);
  const all = [...options.implementations, implement(openApiRoute, async () => document)];
  const environment = {
    authenticate: options.authenticate,
    factsOf,
    publicUrl: options.config.publicUrl,
    now: options.clock?.now ?? Date.now,
  };
  limitBodyTime(app);
  const takesBytes = ({ contract }: RouteImplementation) => contract.receives !== undefined;
  for (const implementation of all.filter((one) => !takesBytes(one))) {
    registerRoute(app, implementation, environment);
  }
  await app.register(async (scope) => {
    takeAnyBody(scope);
    for (const implementation of all.filter(takesBytes)) registerRoute(scope, implementation, environment);
  });
  probes(app, options.ready);
  await serveConsole(app, options.consoleDir);
  await app.ready();

  return Object.freeze({
    async listen({ host, port }: { host: string; port: number }) {
      await app.listen({ host, port });
      const address = app.server.address();
      if (address === null || typeof address === 'string') throw new Error('the server has no port');
      const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
      return {
        url: `http://${name.includes(':') ? `[${name}]` : name}:${address.port}`,
        port: address.port,
      };
    },
    close: () => drain(() => app.close()),
    inject: app.inject.bind(app) as FastifyInstance['inject'],
  });
}
