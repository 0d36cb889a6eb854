import type { SnapshotEndpoint } from '@bartizan/contracts';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { type ForwardRequest, type UpstreamAnswer, UpstreamFailure } from '../ports.ts';
import { createUpstreams, type UpstreamsOptions } from './forward.ts';
import { endpointWith, httpServer, type TestServer, tcpServer, upstreamOf } from './testing.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function kept(server: Promise<TestServer>): Promise<TestServer> {
  const started = await server;
  cleanups.push(started.close);
  return started;
}

function client(options: Partial<UpstreamsOptions> = {}) {
  const upstreams = createUpstreams({
    apiKeyOf: () => 'sk-secret',
    demoUrl: null,
    clock: { now: () => Date.now() },
    random: () => 0.5,
    logger: pino({ level: 'silent' }),
    ...options,
  });
  cleanups.push(upstreams.close);
  return upstreams;
}

function requestTo(endpoint: SnapshotEndpoint, fields: Partial<ForwardRequest> = {}): ForwardRequest {
  return {
    endpoint,
    api: 'openai',
    path: '/chat/completions',
    body: () => Buffer.from('{"model":"m"}'),
    headers: {},
    signal: new AbortController().signal,
    streamed: false,
    ...fields,
  };
}

async function textOf(answer: UpstreamAnswer): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const answering = (status: number, body: string, headers: Record<string, string> = {}) =>
  kept(
    httpServer(
      (request, response) =>
        void request.resume().on('end', () => response.writeHead(status, headers).end(body)),
    ),
  );

/** A server that counts its requests and answers them in turn. */
async function scripted(...answers: readonly [number, Record<string, string>?][]) {
  let calls = 0;
  const server = await kept(
    httpServer((request, response) => {
      request.resume();
      const [status, headers] = answers[Math.min(calls, answers.length - 1)] ?? [200];
      calls += 1;
      response.writeHead(status, headers).end(`answer ${calls}`);
    }),
  );
  return { url: server.url, calls: () => calls };
}

function ok(answer: Awaited<ReturnType<ReturnType<typeof client>['forward']>>): UpstreamAnswer {
  if (!answer.ok) throw new Error(`unavailable: ${answer.reason}`);
  return answer;
}

describe('forward', () => {
  it('sends body, path and credentials, and streams the answer', async () => {
    let seen = '';
    const server = await kept(
      httpServer((request, response) => {
        request.setEncoding('utf8').on('data', (text: string) => (seen += text));
        request.on('end', () => {
          seen += ` ${request.method} ${request.url} ${request.headers.authorization}`;
          response.writeHead(200, { 'content-type': 'text/event-stream', 'set-cookie': 'a=b' });
          response.write('data: 1\n\n');
          setTimeout(() => response.end('data: 2\n\n'), 20);
        });
      }),
    );
    const upstream = upstreamOf({ baseUrl: `${server.url}/v1` });
    const answer = ok(await client().forward(requestTo(endpointWith([upstream]))));
    expect(answer.status).toBe(200);
    expect(answer.headers['set-cookie']).toBeUndefined();
    const chunks: string[] = [];
    for await (const chunk of answer.body) chunks.push(chunk.toString());
    expect(chunks).toEqual(['data: 1\n\n', 'data: 2\n\n']);
    expect(seen).toBe('{"model":"m"} POST /v1/chat/completions Bearer sk-secret');
    expect(answer.attempts).toMatchObject([{ upstreamId: upstream.id, status: 200, error: null }]);
  });

  it('passes client errors on without a retry', async () => {
    const server = await scripted([400]);
    const answer = ok(await client().forward(requestTo(endpointWith([upstreamOf({ baseUrl: server.url })]))));
    expect([answer.status, await textOf(answer), server.calls()]).toEqual([400, 'answer 1', 1]);
  });

  it('falls back after a 500, at once', async () => {
    const broken = await answering(500, 'no');
    const healthy = await answering(200, 'yes');
    const endpoint = endpointWith(
      [upstreamOf({ baseUrl: broken.url }), upstreamOf({ baseUrl: healthy.url, priority: 1 })],
      { retry: { maxAttempts: 2, baseDelayMs: 10_000, maxDelayMs: 60_000 } },
    );
    const started = performance.now();
    const answer = ok(await client().forward(requestTo(endpoint)));
    expect(await textOf(answer)).toBe('yes');
    expect(answer.attempts.map(({ status, error }) => [status, error])).toEqual([
      [500, 'status'],
      [200, null],
    ]);
    expect(performance.now() - started).toBeLessThan(4_500);
  });

  it('hands on the last failing status when attempts run out', async () => {
    const server = await scripted([503], [500], [502, { 'x-last': 'yes' }], [200]);
    const answer = ok(await client().forward(requestTo(endpointWith([upstreamOf({ baseUrl: server.url })]))));
    expect([answer.status, answer.headers['x-last'], await textOf(answer)]).toEqual([502, 'yes', 'answer 3']);
    expect(answer.attempts.length).toBe(3);
  });

  it('waits as long as Retry-After says', async () => {
    const server = await scripted([429, { 'retry-after': '0.15' }], [200]);
    const started = performance.now();
    const answer = ok(await client().forward(requestTo(endpointWith([upstreamOf({ baseUrl: server.url })]))));
    expect(answer.status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(140);
  });

  it('gives up on an upstream whose Retry-After is too long, and tells for how long', async () => {
    const server = await scripted([429, { 'retry-after': '120' }]);
    const answer = ok(await client().forward(requestTo(endpointWith([upstreamOf({ baseUrl: server.url })]))));
    expect([answer.status, answer.headers['retry-after'], server.calls()]).toEqual([429, '120', 1]);
  });

  it('retries a reset connection and reports when nothing answers', async () => {
    let connections = 0;
    const server = await kept(
      tcpServer((socket) => {
        connections += 1;
        socket.once('data', () => socket.resetAndDestroy());
      }),
    );
    const answer = await client().forward(requestTo(endpointWith([upstreamOf({ baseUrl: server.url })])));
    expect(answer).toMatchObject({ ok: false, reason: 'connection' });
    expect([answer.attempts.length, connections]).toEqual([3, 3]);
  });

  it('times out on an upstream that never answers', async () => {
    const server = await kept(tcpServer((socket) => void socket.resume()));
    const upstream = upstreamOf({ baseUrl: server.url, connectTimeoutMs: 100, headersTimeoutMs: 100 });
    const endpoint = endpointWith([upstream], { retry: { maxAttempts: 1, baseDelayMs: 10, maxDelayMs: 10 } });
    const answer = await client().forward(requestTo(endpoint));
    expect(answer).toMatchObject({
      ok: false,
      reason: 'timeout',
      attempts: [{ status: null, error: 'timeout' }],
    });
  });

  it.each([
    ['nonsense', 'this is not HTTP at all\r\n\r\n', 'garbage'],
    [
      'a redirect',
      'HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n',
      'garbage',
    ],
    [
      'a compressed answer',
      'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nxx',
      'garbage',
    ],
    ['endless headers', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(200_000)}`, 'garbage'],
  ])('takes %s for a failure', async (_title, bytes, error) => {
    const server = await kept(tcpServer((socket) => void socket.on('data', () => socket.write(bytes))));
    const answer = await client().forward(requestTo(endpointWith([upstreamOf({ baseUrl: server.url })])));
    expect(answer).toMatchObject({ ok: false, reason: 'connection' });
    expect(answer.attempts.map((attempt) => attempt.error)).toEqual([error, error, error]);
  });

  it('says so when no upstream speaks the API', async () => {
    const endpoint = endpointWith([upstreamOf({ provider: 'anthropic' }), upstreamOf({ provider: 'demo' })]);
    expect(await client().forward(requestTo(endpoint))).toMatchObject({ ok: false, reason: 'no_upstream' });
  });

  it('gives no private address to an upstream that must not have one', async () => {
    const server = await answering(200, 'internal');
    const upstream = upstreamOf({ baseUrl: server.url, allowPrivateNetwork: false });
    const answer = await client().forward(requestTo(endpointWith([upstream])));
    expect(answer).toMatchObject({ ok: false, reason: 'connection' });
    expect(answer.attempts[0]?.error).toBe('address_refused');
  });

  it('judges every address that a name resolves to and connects to the judged one', async () => {
    const server = await answering(200, 'ok');
    const port = new URL(server.url).port;
    const answers: Record<string, string[]> = {
      'metadata.test': ['169.254.169.254', '::ffff:169.254.169.254'],
      'mixed.test': ['169.254.169.254', '127.0.0.1'],
    };
    const upstreams = client({
      resolve: async (name) =>
        (answers[name] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    });
    const to = (name: string, allowPrivateNetwork: boolean) =>
      upstreams.forward(
        requestTo(endpointWith([upstreamOf({ baseUrl: `http://${name}:${port}`, allowPrivateNetwork })])),
      );
    expect((await to('metadata.test', true)).attempts[0]?.error).toBe('address_refused');
    expect((await to('mixed.test', false)).attempts[0]?.error).toBe('address_refused');
    expect(await textOf(ok(await to('mixed.test', true)))).toBe('ok');
  });

  it('reaches the demo assistant for both families', async () => {
    let paths = '';
    const server = await kept(
      httpServer((request, response) => {
        paths += `${request.url} ${request.headers.authorization ?? '-'};`;
        request.resume();
        response.end('{}');
      }),
    );
    const upstreams = client({ demoUrl: server.url });
    const endpoint = endpointWith([upstreamOf({ provider: 'demo', allowPrivateNetwork: false })]);
    await textOf(ok(await upstreams.forward(requestTo(endpoint))));
    await textOf(ok(await upstreams.forward(requestTo(endpoint, { api: 'anthropic', path: '/messages' }))));
    expect(paths).toBe('/v1/chat/completions -;/v1/messages -;');
  });
});

describe('body of an answer', () => {
  it('fails when the stream stalls', async () => {
    const server = await kept(
      httpServer((request, response) => {
        request.resume();
        response.writeHead(200).write('first');
      }),
    );
    const upstream = upstreamOf({ baseUrl: server.url, idleTimeoutMs: 100 });
    const answer = ok(await client().forward(requestTo(endpointWith([upstream]))));
    await expect(textOf(answer)).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('fails when the connection breaks half-way, without a retry', async () => {
    let calls = 0;
    const server = await kept(
      httpServer((request, response) => {
        calls += 1;
        request.resume();
        response.writeHead(200, { 'content-length': '100' }).write('half');
        setTimeout(() => response.socket?.resetAndDestroy(), 20);
      }),
    );
    const answer = ok(await client().forward(requestTo(endpointWith([upstreamOf({ baseUrl: server.url })]))));
    await expect(textOf(answer)).rejects.toBeInstanceOf(UpstreamFailure);
    expect(calls).toBe(1);
  });

  it('stops an endless stream and a 200 MB answer at the limit', async () => {
    let sent = 0;
    const block = Buffer.alloc(64 * 1024, 'x');
    const server = await kept(
      httpServer((request, response) => {
        request.resume();
        response.writeHead(200, request.url === '/declared' ? { 'content-length': String(200e6) } : {});
        const pump = (): void => {
          while (!response.destroyed) {
            sent += block.length;
            if (!response.write(block)) return void response.once('drain', pump);
          }
        };
        pump();
      }),
    );
    const upstream = upstreamOf({ baseUrl: server.url, maxResponseBytes: 1024 * 1024 });
    for (const path of ['/endless', '/declared']) {
      const answer = ok(await client().forward(requestTo(endpointWith([upstream]), { path })));
      await expect(textOf(answer)).rejects.toMatchObject({ kind: 'too_large' });
    }
    expect(sent).toBeLessThan(40e6);
  });

  it('does not read ahead of a slow consumer', async () => {
    let sent = 0;
    const block = Buffer.alloc(64 * 1024, 'x');
    const server = await kept(
      httpServer((request, response) => {
        request.resume();
        const pump = (): void => {
          while (!response.destroyed && sent < 60e6) {
            sent += block.length;
            if (!response.write(block)) return void response.once('drain', pump);
          }
          response.end();
        };
        pump();
      }),
    );
    const upstream = upstreamOf({ baseUrl: server.url, maxResponseBytes: 100e6, idleTimeoutMs: 1500 });
    const answer = ok(await client().forward(requestTo(endpointWith([upstream]))));
    // Longer than the idle timeout: that the consumer is slow is not the upstream's silence.
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(sent).toBeLessThan(30e6);
    expect((await textOf(answer)).length).toBe(sent);
  });

  it('is cancelled by the signal and by leaving the loop', async () => {
    const server = await kept(
      httpServer((request, response) => {
        request.resume();
        response.write('first');
      }),
    );
    const upstreams = client();
    const endpoint = endpointWith([upstreamOf({ baseUrl: server.url })]);
    const abort = new AbortController();
    const first = ok(await upstreams.forward(requestTo(endpoint, { signal: abort.signal })));
    setTimeout(() => abort.abort(), 20);
    await expect(textOf(first)).rejects.toMatchObject({ kind: 'cancelled' });
    const second = ok(await upstreams.forward(requestTo(endpoint)));
    for await (const _chunk of second.body) break;
    await expect.poll(() => server.sockets()).toBe(0);
  });

  it('ends waiting and asking when the signal fires', async () => {
    const server = await kept(tcpServer((socket) => void socket.resume()));
    const abort = new AbortController();
    const waiting = client().forward(
      requestTo(endpointWith([upstreamOf({ baseUrl: server.url })]), { signal: abort.signal }),
    );
    setTimeout(() => abort.abort(), 20);
    expect(await waiting).toMatchObject({ ok: false, reason: 'cancelled' });
    await expect.poll(() => server.sockets()).toBe(0);
  });
});

describe('circuit', () => {
  it('opens on repeated failure, spares the upstream, and recovers by a trial', async () => {
    const server = await scripted([500], [500], [500], [500], [200]);
    const upstreams = client({
      breaker: { windowMs: 10_000, minimumCalls: 4, failureRatio: 0.5, openMs: 150, maxOpenMs: 1000 },
    });
    const endpoint = endpointWith([upstreamOf({ baseUrl: server.url })], {
      retry: { maxAttempts: 2, baseDelayMs: 10, maxDelayMs: 20 },
    });
    await upstreams.forward(requestTo(endpoint));
    await upstreams.forward(requestTo(endpoint));
    const refused = await upstreams.forward(requestTo(endpoint));
    expect(refused).toMatchObject({
      ok: false,
      reason: 'circuit_open',
      attempts: [{ error: 'circuit_open' }],
    });
    expect(refused.ok === false && refused.retryAfterMs).toBeGreaterThan(0);
    expect(server.calls()).toBe(4);
    await new Promise((resolve) => setTimeout(resolve, 160));
    expect(ok(await upstreams.forward(requestTo(endpoint))).status).toBe(200);
    expect(ok(await upstreams.forward(requestTo(endpoint))).status).toBe(200);
  });

  it('goes straight to the fallback while it is open', async () => {
    const broken = await scripted([500]);
    const healthy = await scripted([200]);
    const upstreams = client({
      breaker: { windowMs: 10_000, minimumCalls: 2, failureRatio: 0.5, openMs: 60_000, maxOpenMs: 60_000 },
    });
    const endpoint = endpointWith([
      upstreamOf({ baseUrl: broken.url }),
      upstreamOf({ baseUrl: healthy.url, priority: 1 }),
    ]);
    for (let index = 0; index < 5; index++) {
      expect(ok(await upstreams.forward(requestTo(endpoint))).status).toBe(200);
    }
    expect([broken.calls(), healthy.calls()]).toEqual([2, 5]);
  });
});
