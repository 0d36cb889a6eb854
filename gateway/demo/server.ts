import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './answer.ts';
import { answerChat } from './chat.ts';
import { answerCompletions } from './completions.ts';
import { BadRequest, isObject, type Json } from './conversation.ts';
import { answerEmbeddings } from './embeddings.ts';
import { answerCountTokens, answerMessages } from './messages.ts';
import { DEMO_LABEL } from './persona.ts';
import { answerResponses } from './responses.ts';

export interface DemoOptions {
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  /** Pause between two streamed pieces, default 4 ms; "stream slowly" in a message makes it 150 ms. */
  readonly delayMs?: number;
}

export interface Demo {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const MAX_BODY_BYTES = 256 * 1024 * 1024;
const SLOW_MS = 150;
const CREATED = 1_767_225_600; // 2026-01-01

type Answerer = (body: Json, model: string) => Answer;
const ROUTES: Readonly<Record<string, Answerer>> = {
  '/v1/chat/completions': answerChat,
  '/v1/completions': answerCompletions,
  '/v1/embeddings': answerEmbeddings,
  '/v1/responses': answerResponses,
  '/v1/messages': answerMessages,
  '/v1/messages/count_tokens': answerCountTokens,
};

/** A failure with an HTTP status; its message is for the caller. */
class DemoError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'DemoError';
    this.status = status;
  }
}

const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

function sendJson(response: ServerResponse, status: number, body: Json): void {
  const text = JSON.stringify(body);
  const length = Buffer.byteLength(text);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': length }).end(text);
}

function sendError(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const known = error instanceof DemoError || error instanceof BadRequest;
  const status = error instanceof DemoError ? error.status : error instanceof BadRequest ? 400 : 500;
  const message = known ? error.message : 'The demo assistant failed.';
  if (response.headersSent) return void response.destroy();
  if ((request.url ?? '').startsWith('/v1/messages')) {
    const type = ANTHROPIC_TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');
    return sendJson(response, status, { type: 'error', error: { type, message }, request_id: null });
  }
  const type = status < 500 ? 'invalid_request_error' : 'server_error';
  const param = error instanceof BadRequest ? error.parameter : null;
  const code = status === 404 ? 'model_not_found' : status === 429 ? 'rate_limit_exceeded' : null;
  sendJson(response, status, { error: { message, type, param, code } });
}

async function readJson(request: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new DemoError(413, 'The request is too large.');
    chunks.push(chunk);
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new BadRequest('We could not parse the JSON body of your request.');
  }
  if (!isObject(body)) throw new BadRequest('The body must be a JSON object.');
  return body;
}

/** The model asked for; `demo-status-429` and the like answer with that status, `demo-missing` with 404. */
function modelOf(body: Json): string {
  const { model } = body;
  if (typeof model !== 'string' || model === '')
    throw new BadRequest('you must provide a model parameter', 'model');
  const status = /^demo-status-([45]\d\d)$/.exec(model);
  if (status)
    throw new DemoError(Number(status[1]), `The demo assistant was asked to fail with ${status[1]}.`);
  if (model === 'demo-missing') throw new DemoError(404, `The model \`${model}\` does not exist.`);
  return model;
}

async function stream(
  response: ServerResponse,
  answer: Extract<Answer, { kind: 'stream' }>,
  delayMs: number,
): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  });
  for (const event of answer.events) {
    if (response.destroyed) return;
    if (!response.write(event)) {
      await new Promise<void>((resolve) => {
        response.once('drain', resolve).once('close', resolve);
      });
    }
    if (delayMs > 0) await sleep(delayMs);
  }
  response.end();
}

function listModels(request: IncomingMessage, response: ServerResponse, id: string | null): void {
  if (id !== null && id !== 'demo') throw new DemoError(404, 'The model does not exist.');
  if (request.headers['anthropic-version'] !== undefined) {
    const model = { type: 'model', id: 'demo', display_name: DEMO_LABEL, created_at: '2026-01-01T00:00:00Z' };
    return sendJson(
      response,
      200,
      id ? model : { data: [model], has_more: false, first_id: 'demo', last_id: 'demo' },
    );
  }
  const model = { id: 'demo', object: 'model', created: CREATED, owned_by: 'bartizan-demo' };
  sendJson(response, 200, id ? model : { object: 'list', data: [model] });
}

async function serve(request: IncomingMessage, response: ServerResponse, delayMs: number): Promise<void> {
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  if (request.method === 'GET' && path === '/') return sendJson(response, 200, { name: DEMO_LABEL });
  if (request.method === 'GET' && path === '/v1/models') return listModels(request, response, null);
  if (request.method === 'GET' && path.startsWith('/v1/models/')) {
    return listModels(request, response, path.slice('/v1/models/'.length));
  }
  const answerer = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  if (!answerer || request.method !== 'POST')
    throw new DemoError(404, `Unknown request: ${request.method} ${path}`);
  const body = await readJson(request);
  const answer = answerer(body, modelOf(body));
  if (answer.kind === 'whole') return sendJson(response, 200, answer.body);
  await stream(response, answer, answer.slow ? SLOW_MS : delayMs);
}

/** Starts the built-in demo assistant: a scripted support bot that speaks the OpenAI and Anthropic APIs. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const delayMs = options.delayMs ?? 4;
  const server = createServer({ requestTimeout: 60_000, keepAliveTimeout: 65_000 }, (request, response) => {
    response.on('error', () => undefined);
    serve(request, response, delayMs).catch((error: unknown) => sendError(request, response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, options.host, () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return Object.freeze({
    url: `http://${host}:${port}`,
    close: async () => {
      server.closeIdleConnections();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const timer = setTimeout(() => server.closeAllConnections(), 2_000);
      await closed;
      clearTimeout(timer);
    },
  });
}
