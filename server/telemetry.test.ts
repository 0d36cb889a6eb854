import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Collector,
  parseExposition,
  startCollector,
  total,
} from '@bartizan/contracts/telemetry/testing.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig, type RunningServer, startServer } from './index.ts';
import type { OpenDatabase } from './platform/database/index.ts';
import { withTestDatabase } from './platform/database/testing.ts';

const INTERNAL_TOKEN = randomBytes(32).toString('hex');
const PASSWORD = 'correct horse battery';
const PARENT = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const traceparent = `00-${PARENT.traceId}-${PARENT.spanId}-01`;

let open: OpenDatabase;
let collector: Collector;
let server: RunningServer;
let dataDir: string;
let cookie = '';
let key = '';

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'telemetry-'));
  collector = await startCollector();
  open = await withTestDatabase();
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
  process.env.OTEL_BSP_SCHEDULE_DELAY = '100';
  server = await startServer(
    loadConfig({
      DATABASE_URL: open.url,
      BARTIZAN_DATA_DIR: dataDir,
      BARTIZAN_PORT: '0',
      BARTIZAN_MASTER_KEY: randomBytes(32).toString('hex'),
      BARTIZAN_INTERNAL_TOKEN: INTERNAL_TOKEN,
      BARTIZAN_LOG_LEVEL: 'silent',
    }),
  );
  await setUp();
});
afterAll(async () => {
  delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  delete process.env.OTEL_BSP_SCHEDULE_DELAY;
  await server?.close();
  await collector?.close();
  await open?.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function send(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const answer = await fetch(server.url + path, {
    method,
    headers: { cookie, ...(body ? { 'content-type': 'application/json' } : {}), ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await answer.text();
  return { status: answer.status, text, headers: answer.headers };
}

async function setUp(): Promise<void> {
  const token = new URL(server.setupUrl ?? '').searchParams.get('token') ?? '';
  const who = { token, name: 'Ada', email: 'ada@example.com', password: PASSWORD };
  const entered = await send('POST', '/api/v1/auth/setup', who);
  cookie = entered.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  const input = { name: 'prometheus', scopes: ['metrics.read'], endpoints: [], expiresAt: null };
  const made = await send('POST', '/api/v1/keys', input);
  key = (JSON.parse(made.text) as { secret: string }).secret;
}

const scrape = (headers: Record<string, string> = { authorization: `Bearer ${key}` }) =>
  fetch(`${server.url}/metrics`, { headers });
const metrics = async (): Promise<string> => (await scrape()).text();

test('metrics are for keys with metrics.read, under whatever name a scraper knows the server', async () => {
  expect((await scrape({})).status).toBe(401);
  expect((await scrape({ authorization: 'Bearer bz_nobody' })).status).toBe(401);
  expect((await scrape({ authorization: `Bearer ${INTERNAL_TOKEN}` })).status).toBe(403);
  const other = { name: 'other', scopes: ['interactions.read'], endpoints: [], expiresAt: null };
  const made = await send('POST', '/api/v1/keys', other);
  const { secret } = JSON.parse(made.text) as { secret: string };
  expect((await scrape({ authorization: `Bearer ${secret}` })).status).toBe(403);
  const good = await scrape();
  expect(good.status).toBe(200);
  expect(good.headers.get('content-type')).toMatch(/^text\/plain/);
  const named = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { host: 'bartizan-server.pods.internal:7600', authorization: `Bearer ${key}` };
    get(`${server.url}/metrics`, { headers }, (answer) => resolve(answer.resume().statusCode)).once(
      'error',
      reject,
    );
  });
  expect(named).toBe(200);
});

test('they tell of requests by route, the database, the audit log and the fleet', async () => {
  await send('GET', '/api/v1/endpoints');
  await send('GET', '/api/v1/endpoints/018f3b1e-7f10-7000-8000-000000000000');
  await send('GET', `/nowhere/${randomBytes(4).toString('hex')}`);
  await send(
    'POST',
    '/api/v1/auth/login',
    { email: 'ada@example.com', password: 'not the password' },
    { cookie: '' },
  );
  const text = await metrics();
  const requests = (labels: Record<string, string>) => total(text, 'bartizan_http_requests_total', labels);
  expect(requests({ route: 'endpoints.list', status: '200' })).toBe(1);
  expect(requests({ route: 'endpoints.get', status: '404' })).toBe(1);
  expect(requests({ route: 'auth.login', status: '401' })).toBe(1);
  expect(text).not.toContain('nowhere');
  expect(total(text, 'bartizan_http_request_duration_seconds_count', { route: 'endpoints.list' })).toBe(1);
  expect(total(text, 'bartizan_database_up')).toBe(1);
  expect(total(text, 'bartizan_database_pool_limit_connections')).toBe(10);
  expect(total(text, 'bartizan_database_migrations')).toBeGreaterThan(3);
  expect(total(text, 'bartizan_audit_entries_total', { action: 'keys.created' })).toBe(2);
  expect(total(text, 'bartizan_fleet_gateways')).toBe(0);
  expect(total(text, 'bartizan_fleet_servers')).toBe(1);
  expect(total(text, 'bartizan_build_info', { role: 'server' })).toBe(1);
});

test('what gateways send is counted as stored, known or refused', async () => {
  const ship = (interactions: unknown[]) =>
    send(
      'POST',
      '/internal/v1/interactions',
      { gatewayId: 'gw', snapshotVersion: 'v', backlog: 0, interactions },
      { authorization: `Bearer ${INTERNAL_TOKEN}` },
    );
  expect((await ship([])).status).toBe(200);
  const { sampleRecord } = await import('./lifecycle/testing.ts');
  const record = sampleRecord();
  const answers = [await ship([record]), await ship([record])];
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  const text = await metrics();
  expect(total(text, 'bartizan_ingest_interactions_total', { result: 'stored' })).toBe(1);
  expect(total(text, 'bartizan_ingest_interactions_total', { result: 'known' })).toBe(1);
  // The fleet is looked at once a second at most.
  await expect
    .poll(async () => total(await metrics(), 'bartizan_fleet_gateways'), { timeout: 30_000 })
    .toBe(1);
});

test('requests of known callers are traced below their own span; those of strangers and machines are not', async () => {
  await send('GET', '/api/v1/policies', undefined, { traceparent });
  await send('GET', '/api/v1/policies', undefined, { cookie: '', traceparent });
  await metrics();
  await expect.poll(() => collector.spans().some(({ parentId }) => parentId === PARENT.spanId)).toBe(true);
  const own = collector.spans().filter(({ traceId }) => traceId === PARENT.traceId);
  expect(own).toHaveLength(1);
  expect(own[0]).toMatchObject({
    name: 'GET /api/v1/policies',
    kind: 2,
    parentId: PARENT.spanId,
    attributes: { 'bartizan.route': 'policies.list', 'http.response.status_code': 200 },
    resource: { 'service.name': 'bartizan-server' },
  });
  const routes = new Set(collector.spans().map(({ attributes }) => attributes['bartizan.route']));
  expect(routes).not.toContain('metrics.get');
  expect(routes).not.toContain('gateway.ship');
});

test('every exposed line is of the format, and none holds a person, a password, a key or a token', async () => {
  const text = await metrics();
  parseExposition(text);
  await expect.poll(() => collector.spans().length).toBeGreaterThan(0);
  const everything = `${text}\n${collector.raw().toString('latin1')}`;
  for (const secret of [
    'ada@example.com',
    'Ada',
    PASSWORD,
    key,
    'bz_',
    INTERNAL_TOKEN,
    cookie.split('=')[1] ?? '-',
  ])
    expect(everything).not.toContain(secret);
});
