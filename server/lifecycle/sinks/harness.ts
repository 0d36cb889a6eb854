import { randomUUID } from 'node:crypto';
import type { InteractionRecord, Sink, SinkInput, SinkStatus } from '@bartizan/contracts';
import { sampleRecord, shipBody, type TestServer } from '../testing.ts';
import { type Certificate, type HttpReceiver, httpReceiver } from './testing.ts';

/** Machines that run tests may be slow and busy. */
export const SOON = { timeout: 60_000, interval: 50 };

export type Event = Record<string, unknown> & { readonly metadata: { readonly uid: string } };

/** Every event that a receiver was sent, in order, repeats included. */
export const eventsOf = ({ requests }: Pick<HttpReceiver, 'requests'>): Event[] =>
  requests.flatMap(({ body }) => JSON.parse(body) as Event[]);

export const uidsIn = (body: string): string[] =>
  (JSON.parse(body) as Event[]).map(({ metadata }) => metadata.uid);

/** What tests of sinks do again and again, on one server of an instance. */
export function createHarness(server: TestServer, certificate: Certificate) {
  const ends: (() => Promise<unknown> | unknown)[] = [];

  const list = async (): Promise<Sink[]> => ((await server.call('sinks.list')) as { items: Sink[] }).items;

  return Object.freeze({
    list,
    atEnd: (end: () => Promise<unknown> | unknown) => void ends.push(end),

    async status(id: string): Promise<SinkStatus> {
      return await server.call('sinks.status', { params: { id } });
    },

    async ship(records: readonly InteractionRecord[]): Promise<string[]> {
      await server.call('gateway.ship', { body: shipBody(records) });
      return records.map(({ id }) => id);
    },

    /** `count` ordinary interactions, shipped `perBatch` at a time; their ids. */
    async shipMany(count: number, perBatch = 50): Promise<string[]> {
      const ids: string[] = [];
      for (let left = count; left > 0; left -= perBatch) {
        const records = Array.from({ length: Math.min(left, perBatch) }, () => sampleRecord({ said: null }));
        await server.call('gateway.ship', { body: shipBody(records) });
        ids.push(...records.map(({ id }) => id));
      }
      return ids;
    },

    async receive(
      answer: Parameters<typeof httpReceiver>[1],
      options: Parameters<typeof httpReceiver>[2] = {},
    ): Promise<HttpReceiver> {
      const receiver = await httpReceiver(certificate, answer, options);
      ends.push(receiver.close);
      return receiver;
    },

    /** A sink that sends interactions and findings to an HTTPS receiver on this machine. */
    async add(port: number, fields: Partial<SinkInput> = {}, target: object = {}): Promise<Sink> {
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
    },

    /** Ends what a test began: receivers, and all sinks. */
    async clear(): Promise<void> {
      for (const sink of await list()) await server.call('sinks.remove', { params: { id: sink.id } });
      for (const end of ends.splice(0).toReversed()) await end();
    },
  });
}
export type Harness = ReturnType<typeof createHarness>;
