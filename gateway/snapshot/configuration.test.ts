import { randomUUID } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { CompiledPolicy } from '@bartizan/checks/policy/types.ts';
import type { Snapshot } from '@bartizan/contracts';
import { NO_LIMITS, PolicyDocument } from '@bartizan/contracts';
import { masterKeyFromHex, seal } from '@bartizan/contracts/sealed.ts';
import { upstreamKeyContext } from '@bartizan/contracts/upstream-key.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog, temporaryDirectory, testMaster } from '../journal/testing.ts';
import { endpointWith, httpServer, type TestServer, upstreamOf } from '../upstream/testing.ts';
import { type ConfigurationOptions, openConfiguration, type PulledConfiguration } from './configuration.ts';

const policyId = randomUUID();
const upstream = upstreamOf({ name: 'provider' });
const sealedApiKey = seal(testMaster, 'sk-provider', upstreamKeyContext(upstream));

function snapshotOf(version: string, fields: Partial<Snapshot> = {}): Snapshot {
  return {
    version,
    sequence: 0,
    issuedAt: 1,
    keys: [
      {
        id: randomUUID(),
        name: 'app',
        hash: 'a'.repeat(64),
        endpoints: '*',
        limits: NO_LIMITS,
        expiresAt: 5,
      },
    ],
    endpoints: [endpointWith([{ ...upstream, sealedApiKey }], { slug: 'support', policyId })],
    policies: [{ id: policyId, name: 'P', version: 3, document: PolicyDocument.parse({ rules: [] }) }],
    ...fields,
  };
}

let directory: string;
let remove: () => Promise<void>;
let server: TestServer;
let content: unknown;
let requests: IncomingMessage['headers'][] = [];
let compiled = 0;
const opened: PulledConfiguration[] = [];

beforeEach(async () => {
  ({ path: directory, remove } = await temporaryDirectory());
  requests = [];
  compiled = 0;
  content = snapshotOf('v1');
  server = await httpServer(async (request, response) => {
    requests.push(request.headers);
    const wait = Number(new URL(request.url ?? '', 'http://x').searchParams.get('waitMs'));
    const known = request.headers['if-none-match'];
    const version = (): string => `"${(content as Snapshot).version}"`;
    const until = Date.now() + wait;
    while (known === version() && Date.now() < until && !response.destroyed) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    if (known === version()) response.writeHead(304).end();
    else response.writeHead(200, { etag: version() }).end(JSON.stringify(content));
  });
});
afterEach(async () => {
  for (const configuration of opened.splice(0)) await configuration.close();
  await server.close();
  await remove();
});

async function open(options: Partial<ConfigurationOptions> = {}): Promise<PulledConfiguration> {
  const configuration = await openConfiguration({
    path: join(directory, 'state', 'snapshot.bin'),
    master: testMaster,
    serverUrl: server.url,
    token: 'internal-token',
    gatewayId: 'gw-1',
    compile: () => {
      compiled += 1;
      return { mode: 'enforce' } as CompiledPolicy;
    },
    log: silentLog,
    waitMs: 300,
    minBackoffMs: 5,
    maxBackoffMs: 20,
    ...options,
  });
  opened.push(configuration);
  return configuration;
}

describe('configuration', () => {
  it('serves by what the server has', async () => {
    const configuration = await open();
    expect(configuration.current()).toBeNull();
    expect(await configuration.whenReady(2000)).toBe(true);
    const live = configuration.current();
    const endpoint = live?.endpointBySlug('support');
    if (!live || !endpoint) throw new Error('no configuration');
    expect(live.version).toBe('v1');
    expect(live.endpointById(endpoint.id)).toBe(endpoint);
    expect(live.keyByHash('a'.repeat(64))).toMatchObject({ name: 'app', expiresAt: 5 });
    expect(live.keyByHash('b'.repeat(64))).toBeUndefined();
    expect(live.policyOf(endpoint)).toMatchObject({
      id: policyId,
      version: 3,
      compiled: { mode: 'enforce' },
    });
    const [provider] = endpoint.upstreams;
    expect(provider && live.apiKeyOf(provider)).toBe('sk-provider');
    const diverted = provider && { ...provider, baseUrl: 'https://elsewhere.example/v1' };
    expect(diverted && live.apiKeyOf(diverted)).toBeNull();
    expect(requests[0]).toMatchObject({
      authorization: 'Bearer internal-token',
      'x-bartizan-gateway': 'gw-1',
    });
  });

  it('takes a change while it polls, and compiles only what changed', async () => {
    const configuration = await open();
    await configuration.whenReady(2000);
    content = snapshotOf('v2');
    await expect.poll(() => configuration.current()?.version).toBe('v2');
    expect(compiled).toBe(1);
    content = snapshotOf('v3', {
      policies: [{ id: policyId, name: 'P', version: 4, document: PolicyDocument.parse({ rules: [] }) }],
    });
    await expect.poll(() => configuration.current()?.version).toBe('v3');
    expect(compiled).toBe(2);
    expect(requests.at(-1)?.['if-none-match']).toMatch(/^"v[23]"$/);
  });

  it('starts from disk when the server is down', async () => {
    await (await open()).whenReady(2000);
    const path = join(directory, 'state', 'snapshot.bin');
    await expect.poll(() => readdir(join(directory, 'state')).catch(() => [])).toEqual(['snapshot.bin']);
    const bytes = await readFile(path);
    expect(bytes.includes('support')).toBe(false);
    expect((await stat(path)).mode & 0o077).toBe(0);
    await opened.splice(0)[0]?.close();
    const offline = await open({ serverUrl: 'http://127.0.0.1:1' });
    expect(offline.current()?.version).toBe('v1');
  });

  it('refuses a kept snapshot that was altered, torn or sealed with another key', async () => {
    await (await open()).whenReady(2000);
    const path = join(directory, 'state', 'snapshot.bin');
    await expect
      .poll(() =>
        readFile(path).then(
          (bytes) => bytes.length,
          () => 0,
        ),
      )
      .toBeGreaterThan(100);
    await opened.splice(0)[0]?.close();
    const bytes = await readFile(path);
    const offline = { serverUrl: 'http://127.0.0.1:1' };
    for (const at of [0, 20, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await writeFile(path, changed);
      expect((await open(offline)).current()).toBeNull();
    }
    await writeFile(path, bytes.subarray(0, bytes.length - 7));
    expect((await open(offline)).current()).toBeNull();
    await writeFile(path, bytes);
    expect((await open({ ...offline, master: masterKeyFromHex('cd'.repeat(32)) })).current()).toBeNull();
    expect((await open(offline)).current()?.version).toBe('v1');
  });

  it.each([
    ['does not have the shape', { version: 'bad', keys: 'none' }],
    ['names a policy that is missing', snapshotOf('bad', { policies: [] })],
  ])('keeps the old one when a new one %s', async (_title, bad) => {
    const configuration = await open();
    await configuration.whenReady(2000);
    content = bad;
    const asked = requests.length;
    await expect.poll(() => requests.length).toBeGreaterThan(asked + 1);
    expect(configuration.current()?.version).toBe('v1');
    content = snapshotOf('v2');
    await expect.poll(() => configuration.current()?.version).toBe('v2');
  });

  it('keeps the old one when a policy does not compile', async () => {
    let broken = false;
    const configuration = await open({
      compile: () => {
        if (broken) throw new Error('unknown check');
        return { mode: 'enforce' } as CompiledPolicy;
      },
    });
    await configuration.whenReady(2000);
    broken = true;
    content = snapshotOf('v2', {
      policies: [{ id: policyId, name: 'P', version: 9, document: PolicyDocument.parse({ rules: [] }) }],
    });
    const asked = requests.length;
    await expect.poll(() => requests.length).toBeGreaterThan(asked + 1);
    expect(configuration.current()?.version).toBe('v1');
  });

  it('gives no provider key that was sealed for another upstream', async () => {
    const stolen = endpointWith([upstreamOf({ sealedApiKey })], { slug: 'support' });
    content = snapshotOf('v1', { endpoints: [stolen] });
    const configuration = await open();
    await configuration.whenReady(2000);
    const [provider] = stolen.upstreams;
    expect(provider && configuration.current()?.apiKeyOf(provider)).toBeNull();
  });

  it('says when there is nothing to serve by', async () => {
    const configuration = await open({ serverUrl: 'http://127.0.0.1:1' });
    expect(await configuration.whenReady(30)).toBe(false);
  });
});
