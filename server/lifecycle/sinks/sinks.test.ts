import { randomUUID } from 'node:crypto';
import type { InteractionRecord, Sink, SinkInput, SinkStatus } from '@bartizan/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createAuditLog } from '../../audit/index.ts';
import { sampleFinding, sampleRecord, shipBody, startTestServer, type TestServer } from '../testing.ts';
import { type Certificate, type HttpReceiver, httpReceiver, makeCertificate } from './testing.ts';

const SOON = { timeout: 30_000, interval: 50 };
let server: TestServer;
let certificate: Certificate;
const ends: (() => Promise<unknown> | unknown)[] = [];

beforeAll(async () => {
  certificate = makeCertificate();
  server = await startTestServer();
}, 60_000);
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  for (const sink of await list()) await server.call('sinks.remove', { params: { id: sink.id } });
});
afterAll(async () => {
  await server?.close();
});

const list = async (): Promise<Sink[]> => ((await server.call('sinks.list')) as { items: Sink[] }).items;
const status = async (id: string): Promise<SinkStatus> =>
  await server.call('sinks.status', { params: { id } });
const ship = (records: readonly InteractionRecord[]) =>
  server.call('gateway.ship', { body: shipBody(records) });

async function receive(
  ...args: Parameters<typeof httpReceiver> extends [unknown, ...infer R] ? R : never
): Promise<HttpReceiver> {
  const receiver = await httpReceiver(certificate, ...args);
  ends.push(receiver.close);
  return receiver;
}

async function add(port: number, fields: Partial<SinkInput> = {}, target: object = {}): Promise<Sink> {
  return await server.call('sinks.create', {
    body: {
      name: randomUUID(),
      filter: { kinds: ['interactions', 'findings'] },
      ...fields,
      target: {
        type: 'https',
        url: `https://127.0.0.1:${port}/in`,
        allowPrivateNetwork: true,
        ca: certificate.ca,
        ...target,
      },
    },
  });
}

type Event = Record<string, unknown> & { metadata: { uid: string } };
const eventsOf = (receiver: HttpReceiver): Event[] =>
  receiver.requests.flatMap(({ body }) => JSON.parse(body) as Event[]);
const uids = (receiver: HttpReceiver): Set<string> =>
  new Set(eventsOf(receiver).map(({ metadata }) => metadata.uid));

test('interactions and findings reach an HTTPS receiver with a certificate of our own authority', async () => {
  const receiver = await receive(() => ({ status: 200 }));
  const sink = await add(receiver.port);
  const quiet = sampleRecord();
  const loud = sampleRecord({
    said: 'my key is sk-12345',
    verdict: 'block',
    findings: [sampleFinding(10, 18)],
  });
  await ship([quiet, loud]);
  await expect.poll(() => uids(receiver), SOON).toEqual(new Set([quiet.id, loud.id, `${loud.id}:0`]));
  await expect.poll(async () => (await status(sink.id)).lag.records, SOON).toBe(0);
  expect(await status(sink.id)).toMatchObject({
    state: 'delivering',
    delivered: 3,
    lost: 0,
    deadLetters: 0,
    lastError: null,
  });
  const text = JSON.stringify(eventsOf(receiver));
  expect(text).not.toContain('sk-12345');
  expect(text).not.toContain('my key');
});
