import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AppError } from '../../kernel/error.ts';
import { demandAccess, demandPurpose, demandStepUp, refuseLasting } from './access.ts';
import { demandSameOrigin } from './origin.ts';
import { invalidInput, SCIM_TYPE } from './problem.ts';
import { MAX_RECEIVED_BYTES, noBytes, receivedBytes } from './receive.ts';
import { watchStanding } from './standing.ts';
import { sendStream } from './stream.ts';
import type {
  Authenticate,
  HandlerInput,
  Principal,
  Redirect,
  RequestContext,
  RouteImplementation,
} from './types.ts';

/** What is known of a request from its first hook on. */
export interface RequestFacts {
  readonly abort: AbortController;
  principal: Principal | null;
  purpose: string;
}

export interface RouteEnvironment {
  readonly authenticate: Authenticate;
  readonly factsOf: FactsOf;
  readonly publicUrl: string | null;
  readonly now: () => number;
  /** How often an open event stream asks whether its caller may still have it; 10 s where absent. */
  readonly recheckMs?: number | undefined;
}

export type FactsOf = (request: FastifyRequest) => RequestFacts;

function parsePart(schema: z.ZodType | undefined, value: unknown, where: 'path' | 'query' | 'body'): unknown {
  if (!schema) return undefined;
  const result = schema.safeParse(value);
  if (!result.success) throw invalidInput(result.error, where);
  return result.data;
}

const headerOf = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
};

function contextOf(
  request: FastifyRequest,
  reply: FastifyReply,
  facts: RequestFacts,
): Omit<RequestContext<Principal | null>, 'body'> {
  return {
    principal: facts.principal,
    requestId: request.id,
    address: request.ip,
    userAgent: (headerOf(request, 'user-agent') ?? '').slice(0, 500),
    purpose: facts.purpose,
    header: (name) => headerOf(request, name.toLowerCase()),
    setHeader: (name, value) => void reply.header(name, value),
    status: (code) => void reply.status(code),
    signal: facts.abort.signal,
  };
}

/** Headers set so far, as Node wants them. */
function headersOf(reply: FastifyReply): Record<string, string | string[]> {
  const all: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) all[name] = Array.isArray(value) ? value : String(value);
  }
  return all;
}

async function answerStream(
  reply: FastifyReply,
  facts: RequestFacts,
  chunks: AsyncIterable<string | Uint8Array>,
  mediaType: string,
): Promise<void> {
  try {
    await sendStream(reply.raw, {
      chunks,
      mediaType,
      status: reply.statusCode,
      headers: headersOf(reply),
      signal: facts.abort.signal,
    });
    reply.hijack();
  } catch (error) {
    if (!reply.raw.headersSent) throw error;
    reply.hijack();
    reply.log.warn({ reason: error instanceof Error ? error.message : 'unknown' }, 'a stream was cut');
  }
}

const JSON_TYPE = 'application/json';
const UTF8 = '; charset=utf-8';

/** Answers that a handler gives without a body: there is none, it is known already, or the range is beyond it. */
const BARE: ReadonlySet<number> = new Set([204, 304, 416]);

/** Bodies in the media type of one contract are no bodies of another. */
function demandMediaType(contract: RouteImplementation['contract'], sent: string | undefined): void {
  const type = (sent ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type !== SCIM_TYPE || contract.mediaType === SCIM_TYPE) return;
  throw new AppError('invalid_input', `send JSON with "content-type: ${JSON_TYPE}"`);
}

/**
 * Registers one contract with its handler. Access is decided before the body is read, input is validated
 * before the handler runs, and only what the contract's response schema names goes out.
 */
export function registerRoute(
  app: FastifyInstance,
  { contract, handle }: RouteImplementation,
  { authenticate, factsOf, publicUrl, now, recheckMs }: RouteEnvironment,
): void {
  app.route({
    method: contract.method,
    url: contract.path,
    config: {
      mediaType: contract.mediaType,
      routeId: contract.id,
      errors: contract.errors,
      receives: contract.receives,
    },
    ...(contract.bodyLimitBytes === undefined ? {} : { bodyLimit: contract.bodyLimitBytes }),
    onRequest: async (request, reply) => {
      reply.header('cache-control', 'no-store');
      const header = (name: string) => headerOf(request, name);
      // A route that looks at no Authorization header is not excused by one.
      if (contract.access === 'public' || header('authorization') === undefined) {
        demandSameOrigin({ method: request.method, host: request.host, header }, publicUrl);
      }
      if (contract.access === 'public') return;
      const facts = factsOf(request);
      facts.principal = await authenticate({ header, address: request.ip });
      demandAccess(contract, facts.principal, header('authorization') !== undefined);
      if (contract.lasting) refuseLasting(facts.principal);
      if (contract.stepUp) demandStepUp(facts.principal, now());
      if (contract.purpose) facts.purpose = demandPurpose(header('bartizan-purpose'));
    },
    preParsing: async (request) => {
      if (!contract.receives) demandMediaType(contract, headerOf(request, 'content-type'));
    },
    handler: async (request, reply) => {
      const facts = factsOf(request);
      const input = {
        params: parsePart(contract.params, request.params, 'path'),
        query: parsePart(contract.query, request.query, 'query'),
        body: contract.receives ? undefined : parsePart(contract.body, request.body, 'body'),
      } as HandlerInput<RouteImplementation['contract']>;
      const bytes = contract.receives
        ? receivedBytes(request.raw, {
            maxBytes: contract.bodyLimitBytes ?? MAX_RECEIVED_BYTES,
            signal: facts.abort.signal,
          })
        : noBytes();
      const result = await handle(input, { ...contextOf(request, reply, facts), body: bytes });
      if (BARE.has(reply.statusCode)) return reply.send();
      if (contract.streams) {
        const unwatch = watchStanding({
          route: contract,
          principal: facts.principal,
          authenticate: () =>
            authenticate({ header: (name) => headerOf(request, name), address: request.ip }),
          end: () => facts.abort.abort(),
          everyMs: recheckMs,
        });
        try {
          await answerStream(reply, facts, result as AsyncIterable<string | Uint8Array>, contract.streams);
        } finally {
          unwatch();
        }
        return reply;
      }
      if (contract.redirects) return reply.redirect((result as Redirect).location, 303);
      // A handler that answers with more than its contract says must not leak it; with less, it is our fault.
      const answer = contract.response ? contract.response.parse(result) : result;
      return reply.type((contract.mediaType ?? JSON_TYPE) + UTF8).send(JSON.stringify(answer));
    },
  });
}
