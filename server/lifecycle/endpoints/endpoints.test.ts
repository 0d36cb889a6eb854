import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Endpoint, Snapshot } from '@bartizan/contracts';
import { unseal } from '@bartizan/contracts/sealed.ts';
import { upstreamKeyContext } from '@bartizan/contracts/upstream-key.ts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DEMO_SECRET } from '../../../gateway/demo/persona.ts';
import { outboundGet } from '../../platform/outbound/index.ts';
import { startTestServer, TEST_MASTER_KEY, type TestServer } from '../testing.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => server?.close());

const SECRET = 'sk-provider-secret-abcd';
const upstream = (fields: object = {}) => ({
  name: 'main',
  provider: 'openai',
  baseUrl: 'https://api.example.com/v1',
  ...fields,
});
let count = 0;
const create = (fields: object = {}): Promise<Endpoint> => {
  count += 1;
  return server.call('endpoints.create', { body: { slug: `e-${count}`, name: 'An endpoint', ...fields } });
};
const update = (id: string, body: object, headers = {}): Promise<Endpoint> =>
  server.call('endpoints.update', { params: { id }, body, headers });
const snapshot = (headers = {}, query = {}, answer = {}): Promise<Snapshot> =>
  server.call('gateway.snapshot', { headers, query, answer });
const sealedOf = async (endpointId: string) =>
  (await snapshot()).endpoints.find(({ id }) => id === endpointId)?.upstreams[0];

describe('endpoints', () => {
  test('keep the order of upstreams and everything given, across create, update, list and remove', async () => {
    const made = await create({ upstreams: [upstream({ name: 'b' }), upstream({ name: 'a', weight: 7 })] });
    expect(made.upstreams.map(({ name }) => name)).toEqual(['b', 'a']);
    expect(await server.call('endpoints.get', { params: { id: made.id } })).toEqual({
      ...made,
      may: { manage: true, reason: '' },
    });
    const changed = await update(made.id, { ...made, name: 'Other', upstreams: made.upstreams.toReversed() });
    expect(changed.upstreams.map(({ id }) => id)).toEqual(made.upstreams.map(({ id }) => id).toReversed());
    expect(changed).toMatchObject({ name: 'Other', createdAt: made.createdAt });
    const { items }: { items: Endpoint[] } = await server.call('endpoints.list');
    expect(items).toContainEqual(changed);
    await server.call('endpoints.remove', { params: { id: made.id } });
    for (const route of ['endpoints.get', 'endpoints.remove']) {
      await expect(server.call(route, { params: { id: made.id } })).rejects.toMatchObject({
        code: 'not_found',
      });
    }
    const entries = (await server.audited()).filter(({ subject }) => subject === `endpoint:${made.id}`);
    expect(entries.map(({ action }) => action)).toEqual([
      'endpoints.created',
      'endpoints.updated',
      'endpoints.removed',
    ]);
    expect(entries[1]?.detail).toMatchObject({ changed: ['name', 'upstreams'] });
  });

  test('refuse a slug that is taken, two at once too, and a policy that does not exist', async () => {
    const results = await Promise.allSettled([1, 2, 3].map(() => create({ slug: 'same' })));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(create({ slug: 'same' })).rejects.toMatchObject({
      code: 'conflict',
      hint: expect.stringContaining('another slug'),
    });
    await expect(create({ policyId: randomUUID() })).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('are guarded unless someone says outright that they are not', async () => {
    const made = await create();
    expect(made.policyId).not.toBeNull();
    const open = await create({ policyId: null });
    expect(open.policyId).toBeNull();
    const { policyId: _, ...rest } = made;
    expect((await update(made.id, { ...rest, name: 'Renamed' })).policyId).toBe(made.policyId);
    expect((await update(made.id, { ...made, policyId: null })).policyId).toBeNull();
  });

  test('refuse a change based on what someone else changed meanwhile', async () => {
    const made = await create();
    const match = { 'if-match': `"${made.updatedAt}"` };
    const changed = await update(made.id, { ...made, name: 'First' }, match);
    expect(changed.updatedAt).toBeGreaterThan(made.updatedAt);
    await expect(update(made.id, { ...made, name: 'Second' }, match)).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await update(made.id, { ...changed, name: 'Third' })).toMatchObject({ name: 'Third' });
  });

  test.each([
    ['', 'give the address'],
    ['https://user:pass@api.example.com', 'credentials'],
    ['https://api.example.com/v1?key=1', 'query'],
    ['https://api.example.com/v1#x', 'fragment'],
    ['http://169.254.169.254/latest', 'metadata'],
    ['http://metadata.google.internal', 'metadata'],
    ['http://[fe80::1]/v1', 'link-local'],
    ['http://[::ffff:169.254.169.254]/v1', 'metadata'],
    ['http://[64:ff9b::a9fe:a9fe]/v1', 'metadata'],
    ['http://2852039166/', 'metadata'],
    ['http://0.0.0.0/', 'reserved'],
  ])('refuse the address %o, private networks allowed or not', async (baseUrl, why) => {
    for (const allowPrivateNetwork of [false, true]) {
      await expect(create({ upstreams: [upstream({ baseUrl, allowPrivateNetwork })] })).rejects.toMatchObject(
        {
          code: 'invalid_input',
          issues: [{ path: 'upstreams.0.baseUrl', message: expect.stringContaining(why) }],
        },
      );
    }
  });

  test.each([
    'http://127.0.0.1:8000',
    'http://localhost/v1',
    'http://10.1.2.3',
    'http://[::1]/',
    'http://0x7f.1/',
  ])('take the private address %o only when that is said', async (baseUrl) => {
    await expect(create({ upstreams: [upstream({ baseUrl })] })).rejects.toMatchObject({
      code: 'invalid_input',
    });
    await create({ upstreams: [upstream({ baseUrl, allowPrivateNetwork: true })] });
  });
});

describe('provider keys', () => {
  test('are sealed, kept, replaced, removed, and never in any answer', async () => {
    const made = await create({ upstreams: [upstream({ apiKey: SECRET })] });
    expect(made.upstreams[0]).toMatchObject({ hasApiKey: true, apiKeyHint: 'abcd' });
    const first = await sealedOf(made.id);
    const settings = upstream({});
    const open = (sealed: string | null | undefined, id: string | undefined) =>
      unseal(
        TEST_MASTER_KEY,
        sealed ?? '',
        upstreamKeyContext({ id: id ?? '', provider: 'openai', baseUrl: settings.baseUrl }),
      );
    expect(open(first?.sealedApiKey, first?.id)).toBe(SECRET);

    const kept = await update(made.id, { ...made, name: 'x' });
    expect((await sealedOf(made.id))?.sealedApiKey).toBe(first?.sealedApiKey);
    await update(made.id, { ...kept, upstreams: [{ ...kept.upstreams[0], apiKey: `${SECRET}-2` }] });
    const second = await sealedOf(made.id);
    expect(open(second?.sealedApiKey, second?.id)).toBe(`${SECRET}-2`);
    const removed = await update(made.id, { ...kept, upstreams: [{ ...kept.upstreams[0], apiKey: null }] });
    expect(removed.upstreams[0]).toMatchObject({ hasApiKey: false, apiKeyHint: '' });

    const everything = [made, kept, removed, await server.call('endpoints.list'), await snapshot()];
    expect(JSON.stringify([...everything, await server.audited()])).not.toContain('provider-secret');
    const { rows } = await server.open.pool.query('select endpoint_upstreams::text from endpoint_upstreams');
    expect(JSON.stringify(rows)).not.toContain('provider-secret');
    const short = await create({ upstreams: [upstream({ apiKey: 'short' })] });
    expect(short.upstreams[0]).toMatchObject({ hasApiKey: true, apiKeyHint: '' });
  });

  test('do not follow an upstream to another address', async () => {
    const made = await create({ upstreams: [upstream({ apiKey: SECRET })] });
    const moved = { ...made.upstreams[0], baseUrl: 'https://attacker.example/v1' };
    await expect(update(made.id, { ...made, upstreams: [moved] })).rejects.toMatchObject({
      issues: [expect.objectContaining({ path: 'upstreams.0.apiKey' })],
    });
    await expect(
      server.call('endpoints.testUpstream', { body: { endpointId: made.id, upstream: moved } }),
    ).rejects.toMatchObject({ code: 'invalid_input' });
    await update(made.id, { ...made, upstreams: [{ ...moved, apiKey: 'a-new-key-for-there' }] });
    await expect(
      update(made.id, { ...made, upstreams: [upstream({ id: randomUUID() })] }),
    ).rejects.toMatchObject({ issues: [expect.objectContaining({ path: 'upstreams.0.id' })] });
  });
});

describe('testing an upstream', () => {
  const servers: Server[] = [];
  const serve = async (listener: RequestListener): Promise<string> => {
    const upstreamServer = createServer(listener);
    servers.push(upstreamServer);
    await new Promise<void>((resolve) => upstreamServer.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(upstreamServer.address() as AddressInfo).port}`;
  };
  afterEach(async () => {
    for (const upstreamServer of servers.splice(0)) {
      upstreamServer.closeAllConnections();
      await new Promise((resolve) => upstreamServer.close(resolve));
    }
  });
  const ask = (fields: object): Promise<{ ok: boolean; message: string; models: string[] }> =>
    server.call('endpoints.testUpstream', {
      body: {
        upstream: upstream({
          apiKey: SECRET,
          allowPrivateNetwork: true,
          headersTimeoutMs: 20_000,
          ...fields,
        }),
      },
    });
  const models = JSON.stringify({ data: [{ id: 'gpt-x' }, { id: SECRET }] });

  test('lists its models with the headers of its API', async () => {
    const seen: Record<string, unknown>[] = [];
    const baseUrl = await serve((request, response) => {
      seen.push({ url: request.url, ...request.headers });
      response.end(models);
    });
    expect(await ask({ baseUrl: `${baseUrl}/v1/` })).toMatchObject({ ok: true, models: ['gpt-x'] });
    expect(await ask({ baseUrl, provider: 'anthropic' })).toMatchObject({ ok: true });
    expect(seen).toEqual([
      expect.objectContaining({ url: '/v1/models', authorization: `Bearer ${SECRET}` }),
      expect.objectContaining({ url: '/v1/models', 'x-api-key': SECRET }),
    ]);
    expect(await ask({ provider: 'demo', baseUrl: '' })).toMatchObject({ ok: true, models: ['demo'] });
  });

  test.each<[string, RequestListener, string]>([
    ['refuses the key', (_, response) => response.writeHead(401).end(SECRET), 'refuses the provider key'],
    ['redirects', (_, r) => r.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), 'redirects'],
    ['sends garbage', (_, response) => response.end(`<html>${SECRET}`), 'not with a list of models'],
    ['never answers', () => undefined, 'in time'],
    ['hangs up', (request) => request.socket.destroy(), 'cannot be reached'],
    ['answers without end', (_, r) => void r.write(Buffer.alloc(3_000_000, 'x')), 'larger than'],
  ])('says what is wrong when it %s', async (_, listener, why) => {
    const headersTimeoutMs = why === 'in time' ? 400 : 20_000;
    const result = await ask({ baseUrl: await serve(listener), headersTimeoutMs });
    expect(result.ok).toBe(false);
    expect(result.message).toContain(why);
    expect(JSON.stringify(result)).not.toContain('provider-secret');
  });

  test('does not connect to a private address that a name resolves to', async () => {
    let asked = 0;
    const baseUrl = await serve((_, response) => {
      asked += 1;
      response.end(models);
    });
    // The name passes as such here: what it resolves to must decide.
    const url = new URL(`http://localhost:${new URL(baseUrl).port}/models`);
    const get = (allowPrivateNetwork: boolean) =>
      outboundGet({
        url,
        headers: {},
        allowPrivateNetwork,
        connectTimeoutMs: 1_000,
        timeoutMs: 2_000,
        maxBytes: 10_000,
        signal: new AbortController().signal,
      });
    await expect(get(false)).rejects.toThrow(/private network/);
    expect(asked).toBe(0);
    expect(await get(true)).toMatchObject({ status: 200 });
  });
});

describe('the snapshot', () => {
  test('has an ETag of its content and answers 304 to who knows it', async () => {
    await create();
    const answer: Record<string, unknown> = {};
    const first = await snapshot({}, {}, answer);
    expect(answer.etag).toBe(`"${first.version}"`);
    const again: Record<string, unknown> = {};
    await snapshot({ 'if-none-match': `W/"${first.version}"` }, {}, again);
    expect(again.status).toBe(304);
    await create();
    const other: Record<string, unknown> = {};
    const second = await snapshot({ 'if-none-match': `"${first.version}"` }, {}, other);
    expect(other.status).toBeUndefined();
    expect(second.version).not.toBe(first.version);
    expect(second.policies.map(({ name }) => name)).toContain('Standard');
  });

  test('wakes who waits when something changes, on this server or another', async () => {
    const other = await startTestServer({ beside: server });
    const waitAt = async (at: TestServer, version: string): Promise<number> => {
      const headers = { 'if-none-match': `"${version}"` };
      const started = performance.now();
      const next: Snapshot = await at.call('gateway.snapshot', { headers, query: { waitMs: 10_000 } });
      expect(next.version).not.toBe(version);
      return performance.now() - started;
    };
    const { version: here }: Snapshot = await server.call('gateway.snapshot');
    const { version: there }: Snapshot = await other.call('gateway.snapshot');
    const waits = [waitAt(server, here), waitAt(other, there)];
    await new Promise((resolve) => setTimeout(resolve, 100));
    await create();
    for (const tookMs of await Promise.all(waits)) expect(tookMs).toBeLessThan(9_000);
    await other.close();
  });

  test('answers who waits when the time is over or the client leaves, and follows keys', async () => {
    const { version } = await snapshot();
    const headers = { 'if-none-match': `"${version}"` };
    const answer: Record<string, unknown> = {};
    await snapshot(headers, { waitMs: 50 }, answer);
    expect(answer.status).toBe(304);
    const leave = new AbortController();
    const waiting = server.call('gateway.snapshot', {
      headers,
      query: { waitMs: 30_000 },
      signal: leave.signal,
    });
    leave.abort();
    await waiting;
    server.keys.push({
      id: randomUUID(),
      name: 'k',
      hash: 'a'.repeat(64),
      endpoints: '*',
      limits: { requestsPerMinute: null, tokensPerMinute: null, tokensPerDay: null, concurrent: null },
      expiresAt: null,
    });
    server.events.emit('keys.changed', { reason: 'test' });
    expect((await snapshot()).keys).toHaveLength(1);
  });

  test('is the same on every server, and notes the gateway that pulls it', async () => {
    const other = await startTestServer({ beside: server });
    other.keys.push(...server.keys);
    const mine = await snapshot({ 'x-bartizan-gateway': 'gw-7', 'x-bartizan-snapshot': 'old' });
    expect(((await other.call('gateway.snapshot')) as Snapshot).version).toBe(mine.version);
    await other.close();
    await expect
      .poll(async () => (await server.open.pool.query('select id, snapshot_version from gateways')).rows)
      .toContainEqual({ id: 'gw-7', snapshot_version: 'old' });
  });
});

test('the demo endpoint is made once, guarded, however often and from wherever it is asked for', async () => {
  const other = await startTestServer({ beside: server });
  const ids = await Promise.all([server, other, server].map(({ lifecycle }) => lifecycle.seedDemo()));
  await other.close();
  expect(new Set(ids.map(({ endpointId }) => endpointId)).size).toBe(1);
  const demo: Endpoint = await server.call('endpoints.get', { params: { id: ids[0]?.endpointId } });
  expect(demo).toMatchObject({ slug: 'demo', demo: true, models: [{ name: 'demo' }] });
  expect(demo.policyId).not.toBeNull();
  expect(demo.canaries).toEqual([DEMO_SECRET]);
});
