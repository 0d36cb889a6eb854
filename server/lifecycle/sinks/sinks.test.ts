import { randomUUID } from 'node:crypto';
import type { SinkTestResult } from '@bartizan/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { uuidv7 } from '../../kernel/id.ts';
import { sampleFinding, sampleRecord, startTestServer, type TestServer } from '../testing.ts';
import { createHarness, eventsOf, type Harness, SOON } from './harness.ts';
import { type Certificate, makeCertificate } from './testing.ts';

let server: TestServer;
let certificate: Certificate;
let harness: Harness;

beforeAll(async () => {
  certificate = makeCertificate();
  server = await startTestServer({ mayWarn: true });
  harness = createHarness(server, certificate);
}, 300_000);
afterEach(() => harness.clear());
afterAll(() => server?.close());

const uids = (receiver: Parameters<typeof eventsOf>[0]) =>
  new Set(eventsOf(receiver).map(({ metadata }) => metadata.uid));
const feedRows = async (): Promise<number> =>
  (await server.open.pool.query("select count(*) as n from sink_feed where source = 'interactions'")).rows[0]
    .n;

test('without a sink nothing is fed; the last one that goes takes the feed with it', async () => {
  await harness.shipMany(20, 10);
  expect(await feedRows()).toBe(0);
  const receiver = await harness.receive(() => ({ status: 503 }));
  const sink = await harness.add(receiver.port);
  await harness.shipMany(20, 10);
  expect(await feedRows()).toBe(2);
  await server.call('sinks.remove', { params: { id: sink.id } });
  expect(await feedRows()).toBe(0);
});

test('interactions and findings reach an HTTPS receiver, without a word of any prompt', async () => {
  const receiver = await harness.receive(() => ({ status: 200 }));
  await harness.shipMany(3);
  const sink = await harness.add(receiver.port);
  const quiet = sampleRecord();
  const loud = sampleRecord({
    said: 'my key is sk-12345',
    verdict: 'block',
    findings: [sampleFinding(10, 18)],
  });
  await harness.ship([quiet, loud]);
  await expect.poll(() => uids(receiver), SOON).toEqual(new Set([quiet.id, loud.id, `${loud.id}:0`]));
  await expect.poll(async () => (await harness.status(sink.id)).lag.records, SOON).toBe(0);
  expect(await harness.status(sink.id)).toMatchObject({
    state: 'delivering',
    delivered: 3,
    lost: 0,
    deadLetters: 0,
    lastError: null,
  });
  const text = JSON.stringify(eventsOf(receiver));
  for (const secret of ['sk-12345', 'my key', 'hello there', 'good morning'])
    expect(text).not.toContain(secret);
});

test('excerpts are sent where asked for, and masked', async () => {
  const receiver = await harness.receive(() => ({ status: 200 }));
  await harness.add(receiver.port, { includeExcerpts: true });
  await harness.ship([
    sampleRecord({ said: 'my key is sk-12345', verdict: 'flag', findings: [sampleFinding(10, 18)] }),
  ]);
  await expect.poll(() => eventsOf(receiver).length, SOON).toBe(2);
  for (const { unmapped } of eventsOf(receiver)) {
    expect(unmapped).toMatchObject({ excerpt: 'my key is ████████' });
  }
});

test('filters: kinds, verdict, severity, endpoints', async () => {
  const receiver = await harness.receive(() => ({ status: 200 }));
  const mine = randomUUID();
  await harness.add(receiver.port, {
    filter: { kinds: ['interactions'], minimumVerdict: 'redact', endpoints: [mine] },
  });
  const wanted = sampleRecord({ endpointId: mine, verdict: 'block' });
  await harness.ship([
    sampleRecord({ endpointId: mine, verdict: 'flag' }),
    sampleRecord({ endpointId: randomUUID(), verdict: 'block' }),
    wanted,
  ]);
  await expect.poll(() => [...uids(receiver)], SOON).toEqual([wanted.id]);
  const loud = await harness.receive(() => ({ status: 200 }));
  await harness.add(loud.port, { filter: { minimumSeverity: 'high' } });
  const blocked = sampleRecord({ verdict: 'block' });
  await harness.ship([sampleRecord({ verdict: 'redact' }), blocked]);
  await expect.poll(() => [...uids(loud)], SOON).toEqual([blocked.id]);
});

test('audit entries and alarms are sent, with credentials and headers that nobody reads again', async () => {
  const receiver = await harness.receive(() => ({ status: 200 }));
  const sink = await harness.add(
    receiver.port,
    { filter: { kinds: ['audit', 'alarms'] } },
    {
      body: 'ndjson',
      compress: true,
      auth: 'bearer',
      password: 'a-secret-token',
      headers: [{ name: 'X-Tenant', value: 'a-secret-tenant' }],
    },
  );
  await harness.shipMany(1);
  await server.open.pool.query(
    `insert into audit_entries (id, at, actor_kind, actor_id, actor_name, action, subject, detail)
     values ($1, now(), 'person', 'p1', 'Ada', 'people.signed-in', 'person:p1', '{"address": "192.0.2.9"}')`,
    [uuidv7(Date.now())],
  );
  await server.open.pool.query(
    `insert into alarms (id, kind, severity, summary, subject, at)
     values ($1, 'break-glass-used', 'critical', 'The glass is broken', 'person:p1', now())`,
    [uuidv7(Date.now())],
  );
  const lines = () =>
    receiver.requests.flatMap(({ body }) => body.trim().split('\n')).map((line) => JSON.parse(line));
  await expect.poll(() => lines().some(({ class_uid }) => class_uid === 3002), SOON).toBe(true);
  await expect
    .poll(
      () => lines().some(({ class_uid, severity }) => class_uid === 2004 && severity === 'Critical'),
      SOON,
    )
    .toBe(true);
  expect(lines().some(({ class_uid, api }) => class_uid === 6003 && api.operation === 'sinks.created')).toBe(
    true,
  );
  expect(receiver.requests[0]?.headers).toMatchObject({
    authorization: 'Bearer a-secret-token',
    'x-tenant': 'a-secret-tenant',
    'content-type': 'application/x-ndjson',
    'content-encoding': 'gzip',
  });
  const shown = await harness.list();
  expect(shown[0]?.target).toMatchObject({ headers: ['X-Tenant'], hasPassword: true });
  const { rows } = await server.open.pool.query('select settings, sealed_secrets from sinks where id = $1', [
    sink.id,
  ]);
  for (const text of [
    JSON.stringify(shown),
    JSON.stringify(rows),
    JSON.stringify(await server.audited()),
    JSON.stringify(lines()),
  ]) {
    expect(text).not.toContain('a-secret');
  }
});

test('what is committed late is not skipped', async () => {
  const receiver = await harness.receive(() => ({ status: 200 }));
  await harness.add(receiver.port, { filter: { kinds: ['audit'] } });
  const insert = `insert into audit_entries (id, at, actor_kind, actor_id, actor_name, action, subject, detail)
     values ($1, now(), 'system', 's', 's', 'x.tried', 'x:1', '{}')`;
  const late = await server.open.pool.connect();
  try {
    const [early, slow] = [uuidv7(Date.now()), uuidv7(Date.now() - 60_000)];
    await late.query('begin');
    await late.query(insert, [slow]);
    await server.open.pool.query(insert, [early]);
    await expect.poll(() => uids(receiver).has(early), SOON).toBe(true);
    await late.query('commit');
    await expect.poll(() => uids(receiver).has(slow), SOON).toBe(true);
  } finally {
    late.release();
  }
});

test('a paused sink waits, and goes on where it stopped; what expired meanwhile is counted', async () => {
  const receiver = await harness.receive(() => ({ status: 200 }));
  const sink = await harness.add(receiver.port);
  await server.call('sinks.pause', { params: { id: sink.id } });
  const ids = await harness.shipMany(30, 10);
  const gone = ids.slice(0, 7);
  await server.open.pool.query('delete from interactions where id = any($1)', [gone]);
  const { state, lag } = await harness.status(sink.id);
  expect(state).toBe('paused');
  // The interactions, and audit entries of what was done to the sink.
  expect(lag.records).toBeGreaterThan(30);
  expect(receiver.requests).toEqual([]);
  await server.call('sinks.resume', { params: { id: sink.id } });
  await expect.poll(() => uids(receiver), SOON).toEqual(new Set(ids.slice(7)));
  await expect.poll(async () => (await harness.status(sink.id)).lost, SOON).toBe(7);
});

test('altered content holds up nothing but itself', async () => {
  const receiver = await harness.receive(() => ({ status: 200 }));
  const sink = await harness.add(receiver.port);
  await server.call('sinks.pause', { params: { id: sink.id } });
  const flagged = () => sampleRecord({ verdict: 'flag', findings: [sampleFinding(0, 5)] });
  const records = Array.from({ length: 9 }, flagged);
  const ids = await harness.ship(records);
  await server.open.pool.query(
    'update interaction_contents set body = set_byte(body, 20, get_byte(body, 20) # 1) where id = $1',
    [ids[4]],
  );
  await server.call('sinks.resume', { params: { id: sink.id } });
  const others = ids.filter((_, index) => index !== 4);
  await expect.poll(() => uids(receiver), SOON).toEqual(new Set(others.flatMap((id) => [id, `${id}:0`])));
  await expect.poll(async () => (await harness.status(sink.id)).lost, SOON).toBe(1);
});

test('a sink that falls behind raises an alarm each time, which other sinks carry, and says when it is over', async () => {
  const receiver = await harness.receive(() => ({ status: 200 }));
  await harness.add(receiver.port, { filter: { kinds: ['alarms'] } });
  const behind = await harness.add(receiver.port, { name: 'asleep', alarmAfterSeconds: 60 });
  await server.call('sinks.pause', { params: { id: behind.id } });
  await harness.shipMany(5);
  await server.open.pool.query('update sink_feed set stored_at = stored_at - 3600000');
  await expect.poll(async () => (await harness.status(behind.id)).alarm, SOON).toBe(true);
  await expect
    .poll(() => eventsOf(receiver).map(({ message }) => message), SOON)
    .toEqual(['A sink is behind: asleep']);
  await server.call('sinks.resume', { params: { id: behind.id } });
  await expect.poll(async () => (await harness.status(behind.id)).alarm, SOON).toBe(false);
  const told = (await server.audited()).filter(({ subject }) => subject === `sink:${behind.id}`);
  expect(told.map(({ action }) => action).filter((action) => /behind|caught/.test(action))).toEqual([
    'sinks.behind',
    'sinks.caught_up',
  ]);
  // Awake and asleep again: another time, another alarm.
  await server.call('sinks.pause', { params: { id: behind.id } });
  await harness.shipMany(5);
  await server.open.pool.query('update sink_feed set stored_at = stored_at - 3600000');
  const alarmed = () => eventsOf(receiver).filter(({ message }) => message === 'A sink is behind: asleep');
  await expect.poll(() => alarmed().length, SOON).toBe(2);
  const { rows } = await server.open.pool.query(
    "select kind, severity, summary, acknowledged_at from alarms where subject = 'sink:' || $1",
    [behind.id],
  );
  const alarm = { kind: 'sink-behind', severity: 'high', summary: 'A sink is behind: asleep' };
  expect(rows).toEqual([
    { ...alarm, acknowledged_at: null },
    { ...alarm, acknowledged_at: null },
  ]);
  expect(server.announced).toMatchObject([alarm, alarm]);
}, 300_000);

describe('a test event', () => {
  test('says what the receiver answered, without our credentials', async () => {
    const receiver = await harness.receive(({ headers }) => ({
      status: 403,
      body: `no: ${headers.authorization}\n`,
    }));
    const sink = await harness.add(receiver.port, {}, { auth: 'bearer', password: 'token-of-ours' });
    const result: SinkTestResult = await server.call('sinks.test', { params: { id: sink.id } });
    expect(result).toMatchObject({ ok: false, status: 403, answer: 'no: Bearer …' });
    expect(result.message).toContain('refuses our credentials');
    await harness.shipMany(1);
    await expect.poll(async () => (await harness.status(sink.id)).lastError?.status, SOON).toBe(403);
    expect(JSON.stringify(await harness.list())).not.toContain('token-of-ours');
    expect((await harness.status(sink.id)).lastError?.message).toContain('no: Bearer …');
    expect(eventsOf(receiver)[0]).toMatchObject({
      metadata: { labels: ['test'] },
      message: 'Test event of Bartizan',
    });
  });

  test('of a draft borrows stored secrets for the same place only', async () => {
    const receiver = await harness.receive(() => ({ status: 200 }));
    const other = await harness.receive(() => ({ status: 200 }));
    const sink = await harness.add(receiver.port, {}, { auth: 'bearer', password: 'token-of-ours' });
    const draft = (port: number) => ({
      sinkId: sink.id,
      sink: {
        name: 'draft',
        target: {
          type: 'https',
          url: `https://127.0.0.1:${port}/`,
          allowPrivateNetwork: true,
          ca: certificate.ca,
          auth: 'bearer',
        },
      },
    });
    expect(await server.call('sinks.tryOut', { body: draft(receiver.port) })).toMatchObject({ ok: true });
    expect(receiver.requests[0]?.headers.authorization).toBe('Bearer token-of-ours');
    await expect(server.call('sinks.tryOut', { body: draft(other.port) })).rejects.toMatchObject({
      code: 'invalid_input',
    });
    await expect(
      server.call('sinks.update', { params: { id: sink.id }, body: draft(other.port).sink }),
    ).rejects.toMatchObject({
      code: 'invalid_input',
      issues: [{ path: 'target.password', message: 'enter the token' }],
    });
    expect(other.requests).toEqual([]);
  });
});

describe('what cannot be a sink', () => {
  const https = { type: 'https', url: 'https://siem.example.com/in' };
  test.each([
    ['a metadata address', { ...https, url: 'https://169.254.169.254/in', allowPrivateNetwork: true }],
    ['a private address that nobody allowed', { ...https, url: 'https://10.0.0.1/in' }],
    ['plain http that nobody allowed', { ...https, url: 'http://siem.example.com/in' }],
    ['credentials in the address', { ...https, url: 'https://a:b@siem.example.com/in' }],
    ['a header that we set', { ...https, headers: [{ name: 'Content-Length', value: '1' }] }],
    [
      'a header twice',
      {
        ...https,
        headers: [
          { name: 'X-A', value: '1' },
          { name: 'x-a', value: '2' },
        ],
      },
    ],
    ['a header with a line break', { ...https, headers: [{ name: 'X-A', value: '1\r\nHost: x' }] }],
    ['a header name with a line break', { ...https, headers: [{ name: 'X-A\r\nHost', value: '1' }] }],
    ['a password with a line break', { ...https, auth: 'bearer', password: 'a\nb' }],
    ['no password', { ...https, auth: 'basic', username: 'ada' }],
    ['a certificate that is none', { ...https, ca: 'hello' }],
    ['a client certificate without key', { ...https, clientCertificate: 'hello' }],
    ['a file above the folder', { type: 'file', name: '../events.ndjson' }],
    ['a file in a folder', { type: 'file', name: 'a/b.ndjson' }],
    ['a file at the root', { type: 'file', name: '/etc/passwd' }],
    ['a hidden file', { type: 'file', name: '.bashrc' }],
    ['a name that rotation uses', { type: 'file', name: 'events.1' }],
    ['plain syslog that nobody allowed', { type: 'syslog', host: 'siem.example.com', protocol: 'udp' }],
    ['a syslog host with a blank', { type: 'syslog', host: 'siem example.com' }],
    ['an app name with a blank', { type: 'syslog', host: 'siem.example.com', appName: 'a b' }],
    ['a collector without token', { type: 'splunk-hec', url: 'https://splunk.example.com:8088' }],
    [
      'a token with a line break',
      { type: 'splunk-hec', url: 'https://splunk.example.com:8088', token: 'a\r\nb' },
    ],
  ])('%s', async (_, target) => {
    await expect(server.call('sinks.create', { body: { name: 'x', target } })).rejects.toThrow();
    expect(await harness.list()).toEqual([]);
  });

  test('a name or a file that another sink has', async () => {
    const file = { type: 'file', name: 'events.ndjson' };
    await server.call('sinks.create', { body: { name: 'one', target: file } });
    await expect(
      server.call('sinks.create', { body: { name: 'two', target: { ...file, name: 'EVENTS.ndjson' } } }),
    ).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(
      server.call('sinks.create', { body: { name: 'one', target: { ...file, name: 'other.ndjson' } } }),
    ).rejects.toMatchObject({ code: 'conflict' });
  });
});
