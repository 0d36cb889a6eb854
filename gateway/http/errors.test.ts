import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UpstreamFailure } from '../ports.ts';
import { testPolicy } from '../stream/testing.ts';
import {
  json,
  startTestGateway,
  TEST_KEY,
  type TestGateway,
  testConfiguration,
  testEndpoint,
  testKey,
} from './testing.ts';

const GOOD: Readonly<Record<string, object>> = {
  '/v1/chat/completions': { model: 'm', messages: [{ role: 'user', content: 'Hi' }] },
  '/v1/responses': { model: 'm', input: 'Hi' },
  '/v1/messages': { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] },
  '/v1/messages/count_tokens': { model: 'm', messages: [{ role: 'user', content: 'Hi' }] },
  '/v1/embeddings': { model: 'm', input: 'Hi' },
  '/v1/completions': { model: 'm', prompt: 'Hi' },
};
const PATHS = Object.keys(GOOD);

/** Checks the exact shape of the API's errors and gives code and message. */
async function errorOf(
  path: string,
  response: Response,
): Promise<{ code: string; message: string; type: string }> {
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(response.headers.get('x-request-id')).toBeTruthy();
  const body = (await response.json()) as Record<string, unknown>;
  const error = body.error as { code: string; message: string; type: string };
  expect(error.message.length).toBeGreaterThan(10);
  if (path.startsWith('/v1/messages')) {
    expect(Object.keys(body).sort()).toEqual(['error', 'request_id', 'type']);
    expect(body.type).toBe('error');
    expect(body.request_id).toBe(response.headers.get('request-id'));
  } else {
    expect(Object.keys(body)).toEqual(['error']);
    expect(Object.keys(error)).toEqual(['message', 'type', 'param', 'code']);
  }
  return error;
}

let gateway: TestGateway;
let answer: () => ReturnType<typeof json> = () => json({});
beforeAll(async () => {
  gateway = await startTestGateway({
    respond: () => answer(),
    policy: testPolicy(),
    bodyTimeoutMs: 600,
    providerKey: 'sk-provider-0123456789abcdef',
  });
});
afterAll(() => gateway.close());

describe.each(PATHS)('POST %s answers in its own error shape', (path) => {
  const bad: readonly (readonly [string, string | Uint8Array, number])[] = [
    ['a cut-off body', '{"model":"m"', 400],
    ['no body', '', 400],
    ['a list', '[]', 400],
    ['no model', '{"messages":[],"input":[],"prompt":""}', 400],
    ['a model of the wrong type', '{"model":4}', 400],
    ['stream of the wrong type', '{"model":"m","stream":"yes"}', 400],
    ['content of the wrong type', '{"model":"m","messages":5,"input":5,"prompt":5}', 400],
    ['messages that are no objects', '{"model":"m","messages":[1],"input":{},"prompt":{}}', 400],
    ['a key twice', '{"model":"m","model":"n"}', 400],
    ['a huge number', '{"model":"m","temperature":1e400}', 400],
    ['deep nesting', `{"model":"m","x":${'['.repeat(100)}${']'.repeat(100)}}`, 400],
    ['invalid UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), 400],
    ['a body over the limit', JSON.stringify({ model: 'm', pad: 'x'.repeat(1024 * 1024) }), 413],
  ];
  test.each(bad)('to %s', async (_title, body, status) => {
    const response = await gateway.post(path, body);
    expect(response.status).toBe(status);
    await errorOf(path, response);
  });

  test('to a wrong key, no key and an expired key', async () => {
    for (const headers of [{ authorization: 'Bearer bz_wrongwrongwrongwrong' }, { authorization: '' }]) {
      const response = await gateway.post(path, GOOD[path], headers);
      expect(response.status).toBe(401);
      expect((await errorOf(path, response)).code).toBe('invalid_api_key');
    }
    const expired = await startTestGateway({ keys: [testKey({ expiresAt: 1 })] });
    try {
      const response = await expired.post(path, GOOD[path]);
      expect(response.status).toBe(401);
      expect((await errorOf(path, response)).code).toBe('expired_api_key');
    } finally {
      await expired.close();
    }
  });

  test('to a compressed body and another media type', async () => {
    const headerSets: Record<string, string>[] = [
      { 'content-encoding': 'gzip' },
      { 'content-type': 'text/plain' },
    ];
    for (const headers of headerSets) {
      const response = await gateway.post(path, '{}', headers);
      expect(response.status).toBe(415);
      await errorOf(path, response);
    }
  });

  test('to GET', async () => {
    const response = await fetch(gateway.url + path);
    expect(response.status).toBe(405);
    await errorOf(path, response);
  });

  test('to a blocked request', async () => {
    const text = JSON.stringify(GOOD[path]).replace('"Hi"', '"a forbidden thing"');
    const response = await gateway.post(path, text);
    expect(response.status).toBe(403);
    const error = await errorOf(path, response);
    expect(error.code).toBe('guard_blocked');
    expect(error.message).toContain('test/word');
    expect(error.message).toContain('Say it differently.');
    expect(gateway.records.at(-1)).toMatchObject({ outcome: 'blocked', verdict: 'block', status: 403 });
  });

  test('to a guard that fails', async () => {
    const before = gateway.calls.length;
    const text = JSON.stringify(GOOD[path]).replace('"Hi"', '"please explode"');
    const response = await gateway.post(path, text);
    expect(response.status).toBe(503);
    expect((await errorOf(path, response)).code).toBe('guard_failed');
    expect(gateway.calls.length).toBe(before);
  });

  test.each([
    [400, 400],
    [401, 502],
    [403, 502],
    [404, 404],
    [413, 413],
    [422, 422],
    [429, 429],
    [500, 502],
    [503, 503],
    [504, 504],
  ])('to an upstream’s %i with %i, and never shows its key', async (status, seen) => {
    const leak = {
      error: {
        message: `Incorrect key sk-provider-0123456789abcdef, see Bearer abc`,
        type: 'x',
        code: 'some_code',
      },
    };
    answer = () => ({ ...json(leak, status), headers: { 'retry-after': '7', 'x-secret': 'leak' } });
    const response = await gateway.post(path, GOOD[path]);
    expect(response.status).toBe(seen);
    expect(response.headers.get('x-secret')).toBeNull();
    if (seen === 429) expect(response.headers.get('retry-after')).toBe('7');
    const text = JSON.stringify(await errorOf(path, response));
    expect(text).not.toMatch(/sk-provider|0123456789|Bearer abc/);
  });

  test('to upstream garbage', async () => {
    for (const chunks of [['<html>'], ['[]'], ['{"a":1'], ['{"unexpected":true}'], []]) {
      answer = () => ({ headers: {}, chunks });
      const response = await gateway.post(path, GOOD[path]);
      expect(response.status).toBe(502);
      expect((await errorOf(path, response)).code).toBe('upstream_garbage');
    }
  });

  test('to an answer that breaks off, is too large or late', async () => {
    for (const [kind, status] of [
      ['connection', 502],
      ['too_large', 502],
      ['timeout', 504],
    ] as const) {
      answer = () => ({
        headers: {},
        chunks: (async function* broken() {
          yield '{"a"';
          throw new UpstreamFailure(kind);
        })(),
      });
      const response = await gateway.post(path, GOOD[path]);
      expect(response.status).toBe(status);
      await errorOf(path, response);
    }
  });
});

describe('other ways to say no', () => {
  test('an unknown path names those that are served', async () => {
    const response = await gateway.post('/v2/chat', {});
    expect(response.status).toBe(404);
    expect((await errorOf('/v2/chat', response)).message).toContain('/v1/chat/completions');
  });

  test('stored responses are not offered', async () => {
    const response = await fetch(`${gateway.url}/v1/responses/resp_1`, {
      headers: { authorization: `Bearer ${TEST_KEY}` },
    });
    expect(response.status).toBe(501);
    expect((await errorOf('/v1/responses', response)).message).toContain('store: false');
  });

  test('limits answer 429 with when to try again', async () => {
    const limits = { requestsPerMinute: 5, tokensPerMinute: null, tokensPerDay: null, concurrent: null };
    const limited = await startTestGateway({
      keys: [testKey({ limits })],
      admit: () => ({ admitted: false, subject: 'key', limit: 'requestsPerMinute', retryAfterMs: 1500 }),
    });
    try {
      for (const path of PATHS) {
        const response = await limited.post(path, GOOD[path]);
        expect(response.status).toBe(429);
        expect(response.headers.get('retry-after')).toBe('2');
        expect((await errorOf(path, response)).type).toBe('rate_limit_error');
      }
      expect(limited.records.every((record) => record.outcome === 'denied')).toBe(true);
      expect(limited.calls).toHaveLength(0);
    } finally {
      await limited.close();
    }
  });

  test('a full journal refuses before anything goes upstream', async () => {
    const full = await startTestGateway();
    try {
      full.fillJournal();
      const response = await full.post('/v1/chat/completions', GOOD['/v1/chat/completions']);
      expect(response.status).toBe(503);
      expect((await errorOf('/v1/chat/completions', response)).code).toBe('journal_full');
      expect(full.calls).toHaveLength(0);
      expect((await fetch(`${full.url}/readyz`)).status).toBe(503);
    } finally {
      await full.close();
    }
  });

  test('without a configuration nothing is served', async () => {
    const bare = await startTestGateway({ live: () => null });
    try {
      expect((await bare.post('/v1/messages', GOOD['/v1/messages'])).status).toBe(503);
      expect((await fetch(`${bare.url}/readyz`)).status).toBe(503);
      expect((await fetch(`${bare.url}/healthz`)).status).toBe(200);
    } finally {
      await bare.close();
    }
  });

  test('an endpoint whose policy is missing denies', async () => {
    const endpoint = testEndpoint({ policyId: '018f0000-0000-7000-8000-000000000099' });
    const lost = await startTestGateway({ live: () => testConfiguration({ endpoints: [endpoint] }) });
    try {
      const response = await lost.post('/v1/chat/completions', GOOD['/v1/chat/completions']);
      expect((await errorOf('/v1/chat/completions', response)).code).toBe('guard_failed');
      expect(lost.calls).toHaveLength(0);
    } finally {
      await lost.close();
    }
  });
});

/** Sends raw bytes and gives what comes back until the connection closes. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    let got = '';
    socket.on('data', (chunk) => {
      got += chunk.toString('utf8');
    });
    socket.on('close', () => resolve(got)).on('error', reject);
    socket.write(text);
  });
}

describe('clients that misbehave on the wire', () => {
  test('a slow body is answered 408 in the API’s shape', async () => {
    const got = await raw(
      `POST /v1/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TEST_KEY}\r\ncontent-length: 100\r\n\r\n{"model"`,
    );
    expect(got).toContain('408');
    expect(got).toContain('"type":"timeout_error"');
  });

  test('no HTTP at all is answered 400', async () => {
    expect(await raw('HELLO\r\n\r\n')).toContain('400 Bad Request');
  });

  test('headers without end are answered 431', async () => {
    expect(await raw(`GET / HTTP/1.1\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`)).toContain('431');
  });

  test('websockets are refused', async () => {
    const got = await raw(
      'GET /v1/responses HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    );
    expect(got).toContain('426');
    expect(got).toContain('Websockets are not offered');
  });
});
