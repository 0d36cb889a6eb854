import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeadLetter } from '@bartizan/contracts';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { sampleRecord, startTestServer, type TestServer } from '../testing.ts';
import { delayAfter, deliver } from './deliver.ts';
import { createHarness, type Event, eventsOf, type Harness, SOON, uidsIn } from './harness.ts';
import { type Answer, type Certificate, httpReceiver, makeCertificate } from './testing.ts';
import type { Outcome, Rendered } from './transports/transport.ts';

let server: TestServer;
let certificate: Certificate;
let harness: Harness;

/** The server that people talk to; others, which come and go, deliver. */
beforeAll(async () => {
  certificate = makeCertificate();
  server = await startTestServer({ background: false });
  harness = createHarness(server, certificate);
}, 300_000);
afterEach(() => harness.clear());
afterAll(() => server?.close());

async function deliverer(): Promise<TestServer> {
  const one = await startTestServer({ beside: server, mayWarn: true });
  harness.atEnd(one.close);
  return one;
}

async function deadLetters(id: string): Promise<DeadLetter[]> {
  const page = (await server.call('sinks.deadLetters', { params: { id } })) as { items: DeadLetter[] };
  return page.items;
}

test('nothing is lost while the receiver fails in every way and servers are stopped and started', async () => {
  const taken = new Set<string>();
  let calls = 0;
  const faults: Answer[] = [
    { status: 500 },
    'reset',
    { status: 429, headers: { 'retry-after': '0' } },
    { status: 503 },
  ];
  const answer = ({ body }: { body: string }): Answer => {
    calls += 1;
    const fault = calls % 3 === 0 ? faults[(calls / 3) % faults.length] : undefined;
    if (fault !== undefined) return fault;
    for (const uid of uidsIn(body)) taken.add(uid);
    return { status: 200 };
  };
  let receiver = await httpReceiver(certificate, answer);
  const { port } = receiver;
  await harness.add(port, { maxBatch: 100, timeoutMs: 2_000 });
  const shipped: string[] = [];
  for (let round = 0; round < 4; round += 1) {
    const one = await startTestServer({ beside: server, mayWarn: true });
    shipped.push(...(await harness.shipMany(750, 75)));
    await sleep(150);
    if (round % 2 === 0) {
      await receiver.close();
      shipped.push(...(await harness.shipMany(100, 50)));
      receiver = await httpReceiver(certificate, answer, { port });
    }
    await one.close();
  }
  harness.atEnd(() => receiver.close());
  const [sink] = await harness.list();
  await deliverer();
  await server.call('sinks.resume', { params: { id: sink?.id } });
  await expect
    .poll(() => shipped.filter((id) => !taken.has(id)).length, { ...SOON, timeout: 120_000 })
    .toBe(0);
  expect(shipped).toHaveLength(3_200);
  expect(await harness.status(sink?.id ?? '')).toMatchObject({ lost: 0, deadLetters: 0 });
}, 180_000);

test('of several servers one delivers at a time; when its connection is cut another goes on, in order', async () => {
  const receiver = await harness.receive(async () => {
    await sleep(5);
    return { status: 200 };
  });
  await Promise.all([deliverer(), deliverer(), deliverer()]);
  const sink = await harness.add(receiver.port, { maxBatch: 50 });
  const shipped: string[] = [];
  for (let round = 0; round < 4; round += 1) {
    shipped.push(...(await harness.shipMany(400, 50)));
    await server.open.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'bartizan-sinks' and datname = current_database()`,
    );
    await sleep(100);
  }
  await expect
    .poll(async () => (await harness.status(sink.id)).lag.records, { ...SOON, timeout: 120_000 })
    .toBe(0);
  const first = [...new Set(eventsOf(receiver).map(({ metadata }) => metadata.uid))];
  expect(new Set(first)).toEqual(new Set(shipped));
  // What the sink counts moves with its cursor: each event once, however often it was sent.
  expect(await harness.status(sink.id)).toMatchObject({ delivered: shipped.length, lost: 0 });
}, 180_000);

test('a receiver that hangs holds up nobody but its sink', async () => {
  const hanging = await harness.receive(() => null);
  const quick = await harness.receive(() => ({ status: 200 }));
  await deliverer();
  const sink = await harness.add(hanging.port, { timeoutMs: 1_000 });
  await harness.add(quick.port);
  await expect.poll(async () => (await harness.shipMany(1)) && hanging.requests.length > 0, SOON).toBe(true);
  const shipped = await harness.shipMany(500, 50);
  const got = () => new Set(eventsOf(quick).map(({ metadata }) => metadata.uid));
  await expect.poll(() => shipped.filter((id) => !got().has(id)).length, SOON).toBe(0);
  await expect.poll(async () => (await harness.status(sink.id)).state, SOON).toBe('retrying');
  const { lastError, lag, nextAttemptAt } = await harness.status(sink.id);
  expect(lastError?.message).toContain('does not answer in time');
  expect(lag.records).toBeGreaterThanOrEqual(500);
  expect(nextAttemptAt).not.toBeNull();
});

test('a receiver that asks to wait is waited for', async () => {
  const at: number[] = [];
  const receiver = await harness.receive(() => {
    at.push(performance.now());
    return at.length === 1 ? { status: 429, headers: { 'retry-after': '3' } } : { status: 200 };
  });
  await deliverer();
  await harness.add(receiver.port);
  await harness.shipMany(1);
  await expect.poll(() => at.length, SOON).toBe(2);
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(2_900);
});

test('an event that the receiver refuses is set aside, the others arrive, and it can be sent again', async () => {
  const bad = sampleRecord({ model: 'poison' });
  let strict = true;
  const taken = new Set<string>();
  const receiver = await harness.receive(({ body }) => {
    if (strict && body.includes('poison')) return { status: 400, body: 'model: unknown value' };
    for (const uid of uidsIn(body)) taken.add(uid);
    return { status: 200 };
  });
  const one = await deliverer();
  const sink = await harness.add(receiver.port);
  const records = [
    ...Array.from({ length: 30 }, () => sampleRecord()),
    bad,
    ...Array.from({ length: 30 }, () => sampleRecord()),
  ];
  await harness.ship(records);
  await expect.poll(() => taken.size, SOON).toBe(60);
  await expect.poll(async () => (await harness.status(sink.id)).deadLetters, SOON).toBe(1);
  const [letter] = await deadLetters(sink.id);
  expect(letter).toMatchObject({
    kind: 'interactions',
    subjectId: bad.id,
    status: 400,
    attempts: 1,
    retrying: false,
  });
  expect(letter?.reason).toContain('model: unknown value');
  expect((JSON.parse(letter?.event ?? '{}') as Event).metadata.uid).toBe(bad.id);
  const { rows } = await server.open.pool.query('select sealed_event from sink_dead_letters');
  expect(JSON.stringify(rows)).not.toContain('poison');

  await server.call('sinks.retryDeadLetters', { params: { id: sink.id }, body: {} });
  await expect.poll(async () => (await deadLetters(sink.id))[0]?.attempts, SOON).toBe(2);
  strict = false;
  await server.call('sinks.retryDeadLetters', { params: { id: sink.id }, body: { ids: [letter?.id] } });
  await expect.poll(() => taken.has(bad.id), SOON).toBe(true);
  await expect.poll(async () => (await harness.status(sink.id)).deadLetters, SOON).toBe(0);
  await one.close();
});

test('a receiver that refuses everything stops the sink; nothing is set aside and nothing lost', async () => {
  let open = false;
  const taken = new Set<string>();
  const receiver = await harness.receive(({ body }) => {
    if (!open) return { status: 400, body: 'wrong index' };
    for (const uid of uidsIn(body)) taken.add(uid);
    return { status: 200 };
  });
  await deliverer();
  const sink = await harness.add(receiver.port);
  const ids = await harness.ship(Array.from({ length: 60 }, () => sampleRecord()));
  await expect.poll(async () => (await harness.status(sink.id)).state, SOON).toBe('retrying');
  expect((await harness.status(sink.id)).lastError).toMatchObject({ status: 400 });
  expect((await harness.status(sink.id)).lastError?.message).toContain('refuses every event');
  expect(await deadLetters(sink.id)).toEqual([]);
  open = true;
  await server.call('sinks.resume', { params: { id: sink.id } });
  await expect.poll(() => ids.filter((id) => !taken.has(id)).length, SOON).toBe(0);
});

const rendered = (uid: number): Rendered => ({
  text: String(uid),
  event: {
    kind: 'audit',
    uid: String(uid),
    at: 0,
    subjectId: randomUUID(),
    severity: 'low',
    entry: { actorKind: '', actorId: '', actorName: '', action: '', subject: '', detail: {} },
  },
});

test('halving finds exactly the events that are refused, whatever they are', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 200 }),
      fc.array(fc.nat(199), { maxLength: 10 }),
      async (size, bad) => {
        const refused = new Set(bad.filter((one) => one < size).map(String));
        const received: string[] = [];
        const transport = {
          async deliver(batch: readonly Rendered[]): Promise<Outcome> {
            if (batch.some(({ text }) => refused.has(text))) {
              return { kind: 'refused', message: 'no', status: 400, answer: '' };
            }
            received.push(...batch.map(({ text }) => text));
            return { kind: 'delivered', status: 200, answer: '' };
          },
        };
        const batch = Array.from({ length: size }, (_, index) => rendered(index));
        const done = await deliver(transport, batch, AbortSignal.timeout(10_000));
        const fine = batch.map(({ text }) => text).filter((text) => !refused.has(text));
        expect(done.failure).toBeNull();
        expect(received).toEqual(fine);
        expect(done.delivered.map(({ text }) => text)).toEqual(fine);
        expect(new Set(done.refused.map(({ item }) => item.text))).toEqual(refused);
      },
    ),
  );
});

test('pauses grow, are never longer than five minutes, and never shorter than asked for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.option(fc.integer({ min: 0, max: 3_600_000 }), { nil: undefined }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failures, asked, random) => {
        const delay = delayAfter(failures, asked, random);
        expect(delay).toBeGreaterThanOrEqual(Math.max(500, asked ?? 0));
        expect(delay).toBeLessThanOrEqual(Math.max(300_000, asked ?? 0));
      },
    ),
  );
});
