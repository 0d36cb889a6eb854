import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Access, ApiError, defineRoute } from '@bartizan/contracts';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { AppError } from '../../kernel/error.ts';
import { type Authenticate, createHttpServer, type HttpServer, implement, type Principal } from './index.ts';

const person: Principal = {
  kind: 'person',
  id: 'p1',
  name: 'Ada',
  roles: ['viewer'],
  teams: new Set(),
  permissions: new Set(['policies.read']),
};
/** The bearer token names the principal; a cookie is Ada. */
const authenticate: Authenticate = async ({ header }) => {
  const token = header('authorization')?.replace('Bearer ', '');
  if (token === 'gateway') return { ...person, kind: 'gateway', permissions: new Set() };
  if (token === 'bare-key') return { ...person, kind: 'key', permissions: new Set() };
  if (token === 'ada') return person;
  return header('cookie') === 'ada' && token === undefined ? person : null;
};

const route = (id: string, access: string, extra: object = {}) =>
  defineRoute({
    id,
    method: 'GET',
    path: `/api/v1/${id}`,
    summary: id,
    access: access as Access,
    response: z.object({ ok: z.boolean() }),
    ...extra,
  });
let handled = 0;
const okay = async () => {
  handled++;
  return { ok: true };
};
const thrown = { error: new Error('nothing') as unknown };
const events = { closed: 0 };
let seen: Record<string, unknown> = {};

const implementations = [
  implement(route('open', 'public'), okay),
  implement(route('readers', 'policies.read'), okay),
  implement(route('managers', 'policies.manage'), okay),
  implement(route('signed', 'signed-in'), okay),
  implement(route('auth.me', 'signed-in'), okay),
  implement(route('gateways', 'gateway'), okay),
  implement(route('unknown-access', 'policies.everything'), okay),
  implement(route('inherited', 'constructor'), okay),
  implement(route('throws', 'public'), async () => {
    throw thrown.error;
  }),
  implement(route('leaky', 'public'), async () => ({ ok: true, passwordHash: 'abc' })),
  implement(route('address', 'public'), async (_, context) => {
    seen = { address: context.address };
    return { ok: true };
  }),
  implement(
    defineRoute({
      id: 'write',
      method: 'POST',
      path: '/api/v1/things/:id',
      summary: 'write',
      access: 'policies.read',
      params: z.object({ id: z.uuid() }),
      query: z.object({ n: z.coerce.number().int().default(7) }),
      body: z.object({ name: z.string().max(3) }),
      response: z.object({ ok: z.boolean() }),
    }),
    async (input) => {
      seen = { ...input };
      return { ok: true };
    },
  ),
  implement(
    defineRoute({
      id: 'lines',
      method: 'GET',
      path: '/api/v1/lines',
      summary: 'lines',
      access: 'public',
      query: z.object({ failAt: z.coerce.number().default(-1), count: z.coerce.number().default(3) }),
      streams: 'application/x-ndjson',
    }),
    async ({ query }) =>
      (async function* () {
        try {
          for (let n = 0; n < query.count; n++) {
            if (n === query.failAt) throw new AppError('conflict', 'broken here');
            seen = { produced: n };
            yield `${JSON.stringify({ n, pad: 'x'.repeat(query.count > 100 ? 10_000 : 0) })}\n`;
          }
        } finally {
          events.closed++;
        }
      })(),
  ),
  implement(
    defineRoute({
      id: 'live',
      method: 'GET',
      path: '/api/v1/live',
      summary: 'live',
      access: 'public',
      streams: 'text/event-stream',
    }),
    async (_, { signal }) =>
      (async function* () {
        try {
          yield 'data: 1\n\n';
          await sleep(60_000, undefined, { signal }).catch(() => undefined);
        } finally {
          events.closed++;
        }
      })(),
  ),
];

const logged: string[] = [];
let consoleDir: string;
const servers: HttpServer[] = [];
async function serve(config: { publicUrl?: string; trustedProxies?: string[] } = {}): Promise<HttpServer> {
  const server = await createHttpServer({
    implementations,
    authenticate,
    config: { publicUrl: config.publicUrl ?? null, trustedProxies: config.trustedProxies ?? [] },
    logger: pino({ level: 'info' }, { write: (line: string) => void logged.push(line) }),
    consoleDir,
    ready: async () => undefined,
    version: '0.0.0',
  });
  servers.push(server);
  return server;
}

let server: HttpServer;
let url: string;
beforeAll(async () => {
  consoleDir = mkdtempSync(join(tmpdir(), 'console-'));
  mkdirSync(join(consoleDir, 'assets'));
  writeFileSync(join(consoleDir, 'index.html'), '<!doctype html><title>Bartizan</title>');
  writeFileSync(join(consoleDir, 'assets', 'app-1a2b.js'), 'console.log(1)');
  server = await serve();
  ({ url } = await server.listen({ host: '127.0.0.1', port: 0 }));
});
afterAll(async () => {
  await Promise.all(servers.map((one) => one.close()));
  rmSync(consoleDir, { recursive: true, force: true });
});

const bearer = (name: string) => ({ authorization: `Bearer ${name}` });
const THING = '/api/v1/things/018f3b1e-7f10-7000-8000-000000000000';

describe('access', () => {
  test.each([
    ['open', null, 200],
    ['readers', null, 401],
    ['readers', 'ada', 200],
    ['managers', 'ada', 403],
    ['signed', 'ada', 200],
    ['signed', 'bare-key', 403],
    ['auth.me', 'bare-key', 200],
    ['signed', 'gateway', 403],
    ['gateways', 'gateway', 200],
    ['gateways', 'ada', 403],
    ['unknown-access', 'ada', 403],
    ['inherited', 'ada', 403],
    ['openapi.json', null, 401],
    ['openapi.json', 'ada', 200],
  ])('%s as %s answers %i', async (id, who, status) => {
    const before = handled;
    const answer = await server.inject({ url: `/api/v1/${id}`, headers: who ? bearer(who) : {} });
    expect(answer.statusCode).toBe(status);
    if (status !== 200) {
      expect(ApiError.parse(answer.json()).error.requestId).toBe(answer.headers['x-request-id']);
      expect(handled).toBe(before);
    }
  });

  test('is decided before the body is read', async () => {
    const answer = await server.inject({
      method: 'POST',
      url: THING,
      headers: { 'content-type': 'application/json' },
      payload: '{ broken',
    });
    expect(answer.statusCode).toBe(401);
  });
});

describe('input', () => {
  const post = (payload: string | Buffer, headers: Record<string, string> = {}) =>
    server.inject({
      method: 'POST',
      url: THING,
      payload,
      headers: { ...bearer('ada'), 'content-type': 'application/json', ...headers },
    });

  test('is validated and handed on as the contract reads it', async () => {
    expect((await post('{"name":"abc","extra":1}')).statusCode).toBe(200);
    expect(seen).toMatchObject({ query: { n: 7 }, body: { name: 'abc' } });
    expect(seen.body).not.toHaveProperty('extra');
  });

  test.each([
    ['wrong type', '{"name":1}', 400, 'name'],
    ['truncated', '{"name":', 400, undefined],
    ['empty', '', 400, ''],
    ['nested deeply', `${'['.repeat(200_000)}`, 400, undefined],
    ['reserved key', '{"name":"a","__proto__":{"x":1}}', 400, undefined],
    ['reserved key, escaped', '{"name":"a","\\u005f_proto__":{"x":1}}', 400, undefined],
    ['too large', `{"name":"${'x'.repeat(1_100_000)}"}`, 413, undefined],
  ])('%s is refused', async (_, payload, status, path) => {
    const answer = await post(payload);
    expect(answer.statusCode).toBe(status);
    const { error } = ApiError.parse(answer.json());
    expect(error.code).toBe(status === 413 ? 'too_large' : 'invalid_input');
    if (path !== undefined) expect(error.issues?.[0]?.path).toBe(path);
  });

  test('invalid UTF-8 and another media type are refused', async () => {
    expect((await post(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))).statusCode).toBe(400);
    const form = await post('name=abc', { 'content-type': 'application/x-www-form-urlencoded' });
    expect(form.json().error.message).toContain('application/json');
    expect((await post('{"name":"abc"}', { 'content-type': 'text/plain' })).statusCode).toBe(400);
  });

  test('bad parameters are named', async () => {
    const answer = await server.inject({
      method: 'POST',
      url: '/api/v1/things/nope?n=1',
      headers: { ...bearer('ada'), 'content-type': 'application/json' },
      payload: '{"name":"a"}',
    });
    expect(answer.json().error).toMatchObject({ code: 'invalid_input', issues: [{ path: 'id' }] });
  });
});

describe('errors', () => {
  const get = async (error: unknown) => {
    thrown.error = error;
    const answer = await server.inject({ url: '/api/v1/throws' });
    return { status: answer.statusCode, headers: answer.headers, error: ApiError.parse(answer.json()).error };
  };

  test('an unexpected one says nothing of what happened, and the log does', async () => {
    const { status, error } = await get(new Error('password of db is hunter2'));
    expect(status).toBe(500);
    expect(JSON.stringify(error)).not.toContain('hunter2');
    expect(logged.some((line) => line.includes(error.requestId) && line.includes('hunter2'))).toBe(true);
  });

  test('driver details never reach the log', async () => {
    await get(
      Object.assign(new Error('duplicate key'), { code: '23505', severity: 'ERROR', detail: 'mail=eve@x' }),
    );
    expect(logged.join('')).not.toContain('eve@x');
  });

  test('a database that is away is 503 with a time to come back', async () => {
    const lost = Object.assign(new Error('connect ECONNREFUSED'), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
    });
    const { status, error, headers } = await get(lost);
    expect([status, error.code, headers['retry-after']]).toEqual([503, 'unavailable', '2']);
  });

  test('expected ones keep code, message and hint', async () => {
    const { status, error } = await get(new AppError('conflict', 'taken', { hint: 'choose another' }));
    expect([status, error.code, error.message, error.hint]).toEqual([
      409,
      'conflict',
      'taken',
      'choose another',
    ]);
  });

  test('what the contract does not name does not go out', async () => {
    expect((await server.inject({ url: '/api/v1/leaky' })).json()).toEqual({ ok: true });
  });
});

describe('other sites', () => {
  const write = (headers: Record<string, string>) =>
    server.inject({
      method: 'POST',
      url: THING,
      payload: '{"name":"abc"}',
      headers: { 'content-type': 'application/json', ...headers },
    });

  test.each([
    ['its own page', { cookie: 'ada', origin: 'http://localhost:80', 'sec-fetch-site': 'same-origin' }, 200],
    ['a program with a cookie', { cookie: 'ada' }, 200],
    ['another site', { cookie: 'ada', origin: 'https://evil.example' }, 403],
    ['another port of this machine', { cookie: 'ada', origin: 'http://localhost:9999' }, 403],
    ['a sibling site', { cookie: 'ada', 'sec-fetch-site': 'same-site' }, 403],
    ['a cross-site form', { cookie: 'ada', 'sec-fetch-site': 'cross-site' }, 403],
    ['an opaque origin', { cookie: 'ada', origin: 'null' }, 403],
    ['a key, wherever it is', { ...bearer('ada'), origin: 'https://evil.example' }, 200],
  ])('a change asked for by %s', async (_, headers, status) => {
    expect((await write(headers as Record<string, string>)).statusCode).toBe(status);
  });

  test.each([
    ['localhost:7100', 200],
    ['127.0.0.1', 200],
    ['[::1]:7100', 200],
    ['192.168.1.7:7100', 200],
    ['bartizan.corp.example', 200],
    ['evil.example', 403],
    ['bartizan.corp.example.evil.example', 403],
    ['localhost.evil.example', 403],
    ['a b', 403],
  ])('host %s answers %i', async (host, status) => {
    const named = await serve({ publicUrl: 'https://bartizan.corp.example' });
    expect((await named.inject({ url: '/api/v1/open', headers: { host } })).statusCode).toBe(status);
    expect((await named.inject({ url: '/healthz', headers: { host } })).statusCode).toBe(200);
  });

  test('no cross-origin reading, strict policy, nothing cached', async () => {
    const { headers } = await server.inject({
      url: '/api/v1/open',
      headers: { origin: 'https://evil.example' },
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers['content-security-policy']).toContain("script-src 'self';");
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['strict-transport-security']).toBeUndefined();
  });
});

describe('proxies', () => {
  const from = async (trustedProxies: string[]) => {
    const proxied = await serve({ trustedProxies });
    await proxied.inject({
      url: '/api/v1/address',
      remoteAddress: '10.0.0.5',
      headers: { 'x-forwarded-for': '1.2.3.4, 203.0.113.9' },
    });
    return seen.address;
  };
  test('X-Forwarded-For counts only from trusted ones, and only their own entry', async () => {
    expect(await from([])).toBe('10.0.0.5');
    expect(await from(['192.168.0.0/16'])).toBe('10.0.0.5');
    expect(await from(['10.0.0.0/8'])).toBe('203.0.113.9');
  });
});

describe('streams', () => {
  test('arrive whole', async () => {
    const answer = await fetch(`${url}/api/v1/lines`);
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    expect(answer.headers.get('x-frame-options')).toBe('DENY');
    expect(
      (await answer.text())
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).n),
    ).toEqual([0, 1, 2]);
  });

  test('that fail at once answer with an error, later are cut', async () => {
    expect((await fetch(`${url}/api/v1/lines?failAt=0`)).status).toBe(409);
    const late = await fetch(`${url}/api/v1/lines?failAt=2`);
    expect(late.status).toBe(200);
    await expect(late.text()).rejects.toThrow();
  });

  test('go no faster than the client reads, and end when it leaves', async () => {
    const before = events.closed;
    const request = httpRequest(`${url}/api/v1/lines?count=100000`).end();
    const response = await new Promise<import('node:http').IncomingMessage>((done) =>
      request.on('response', done),
    );
    response.pause();
    await sleep(300);
    const produced = Number(seen.produced);
    expect(produced).toBeLessThan(2_000);
    await sleep(100);
    expect(seen.produced).toBe(produced);
    request.destroy();
    await expect.poll(() => events.closed).toBe(before + 1);
  });

  test('of events start at once and end when the client leaves', async () => {
    const before = events.closed;
    const stop = new AbortController();
    const answer = await fetch(`${url}/api/v1/live`, { signal: stop.signal });
    const reader = answer.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: 1\n\n');
    stop.abort();
    await expect.poll(() => events.closed).toBe(before + 1);
  });

  test('do not hold up a server that stops', async () => {
    const stopping = await serve();
    const address = await stopping.listen({ host: '127.0.0.1', port: 0 });
    const answer = await fetch(`${address.url}/api/v1/live`);
    const text = answer.text();
    await sleep(50);
    await stopping.close();
    expect(await text).toBe('data: 1\n\n');
  });
});

test.each([
  ['no HTTP at all', 'hello\r\n\r\n', 400],
  [
    'two lengths',
    'POST /api/v1/open HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
    400,
  ],
  [
    'length and chunks',
    'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
    400,
  ],
  ['no host', 'GET /api/v1/open HTTP/1.1\r\n\r\n', 400],
  ['endless headers', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`, 431],
])('%s is answered and hung up on', async (_, bytes, status) => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => (text += chunk));
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
});

test('a connection that says nothing does not hold up a server that stops', async () => {
  const stopping = await serve();
  const { port } = await stopping.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  await sleep(50);
  const started = performance.now();
  await stopping.close();
  expect(performance.now() - started).toBeLessThan(10_000);
  socket.destroy();
});

describe('console', () => {
  const page = (path: string, accept = 'text/html') => server.inject({ url: path, headers: { accept } });

  test('pages, links into it, and files that never change', async () => {
    expect((await page('/')).body).toContain('<title>Bartizan');
    const deep = await page('/interactions/123?x=1');
    expect([deep.statusCode, deep.headers['cache-control']]).toEqual([200, 'no-cache']);
    expect((await page('/assets/app-1a2b.js')).headers['cache-control']).toContain('immutable');
  });

  test('what is missing stays missing', async () => {
    expect((await page('/assets/gone.js')).statusCode).toBe(404);
    // Nobody who knocks at hidden files may fill the log with faults.
    for (const path of [
      '/.env',
      '/.git/config',
      '/assets/..%2f..%2fpackage.json',
      '/assets/..%2findex.html',
    ]) {
      const refused = await page(path);
      expect([path, refused.statusCode, refused.json().error.code]).toEqual([path, 404, 'not_found']);
    }
    expect((await page('/api/v1/nothing')).json().error.code).toBe('not_found');
    expect((await page('/x', 'application/json')).statusCode).toBe(404);
    expect((await page('/../../etc/passwd', '*/*')).statusCode).toBe(404);
    expect((await page('/%2e%2e%2f%2e%2e%2fetc/passwd', '*/*')).statusCode).toBeGreaterThanOrEqual(400);
    expect((await page('/%zz')).statusCode).toBe(400);
  });
});

test('the log holds routes, not addresses or content', async () => {
  logged.length = 0;
  await server.inject({
    url: '/setup?token=topsecret',
    headers: { accept: 'text/html', cookie: 'c=topsecret' },
  });
  await server.inject({ url: '/api/v1/open?token=topsecret' });
  expect(logged.length).toBeGreaterThanOrEqual(2);
  expect(logged.join('')).not.toContain('topsecret');
  expect(logged.join('')).toContain('"route":"/api/v1/open"');
});
