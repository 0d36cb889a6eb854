import { randomUUID } from 'node:crypto';
import type { Fleet, Snapshot } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cuttable } from '../../platform/database/testing.ts';
import { startTestServer, type TestServer } from '../testing.ts';

let one: TestServer;
/** The same instance; its LISTEN connection goes through something that can be cut. */
let two: TestServer;
let proxy: Awaited<ReturnType<typeof cuttable>>;

beforeAll(async () => {
  one = await startTestServer();
  proxy = await cuttable(one.open.url);
  two = await startTestServer({ beside: one, listenUrl: proxy.url, mayWarn: true });
});
afterAll(async () => {
  await two.close();
  await one.close();
  proxy.server.close();
});

const snapshotOf = (server: TestServer, known?: Snapshot, waitMs = 0): Promise<Snapshot> =>
  server.call('gateway.snapshot', {
    query: { waitMs },
    headers: {
      'x-bartizan-gateway': 'gw-test',
      'x-bartizan-snapshot': known?.version ?? '',
      ...(known
        ? { 'if-none-match': `"${known.version}"`, 'x-bartizan-sequence': String(known.sequence) }
        : {}),
    },
  }) as Promise<Snapshot>;

const change = async (server: TestServer): Promise<void> => {
  const slug = `e-${randomUUID().slice(0, 8)}`;
  await server.call('endpoints.create', { body: { slug, name: slug } });
};

describe('configuration over two servers', () => {
  test('has one order: the later reading has the higher number, and what is the same keeps its number', async () => {
    const first = await snapshotOf(one);
    expect(await snapshotOf(two)).toMatchObject({ version: first.version });
    let last = first.sequence;
    for (const server of [two, one, two]) {
      await change(server);
      const seen = await snapshotOf(server);
      expect(seen.sequence).toBeGreaterThan(last);
      expect((await snapshotOf(server)).sequence).toBe(seen.sequence);
      last = seen.sequence;
    }
  });

  test('a change through one ends a long poll at the other within 2 s, also when it cannot listen', async () => {
    for (const listening of [true, false]) {
      if (!listening) proxy.cut();
      // By polling: 1 s and what reading takes. A busy machine may take longer once, but not each time.
      const most = listening ? 5_000 : 6_000;
      let quickest = Number.POSITIVE_INFINITY;
      for (let round = 0; quickest >= most && round < 5; round++) {
        const known = await snapshotOf(two);
        const waiting = snapshotOf(two, known, 20_000);
        const before = performance.now();
        await change(one);
        const seen = await waiting;
        expect(seen.version).not.toBe(known.version);
        expect(seen.sequence).toBeGreaterThan(known.sequence);
        quickest = Math.min(quickest, performance.now() - before);
      }
      expect(quickest).toBeLessThan(most);
    }
    proxy.heal();
  });

  test('a server that lags reads anew for a gateway that knows more', async () => {
    proxy.cut();
    await snapshotOf(two);
    await change(one);
    const ahead = await snapshotOf(one);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const answer = await snapshotOf(two, ahead);
    expect(answer.version).toBe(ahead.version);
    proxy.heal();
  });
});

describe('the fleet', () => {
  test('says who is behind and since when, puts workers together, and knows the servers', async () => {
    const before = await snapshotOf(one);
    const ship = (gatewayId: string, snapshotVersion: string, backlog: number) =>
      one.call('gateway.ship', {
        body: {
          gatewayId,
          snapshotVersion,
          backlog,
          interactions: [],
          about: {
            gateway: 'gw-two',
            host: 'host-1',
            version: '1.2.3',
            startedAt: 1_000,
            workers: 2,
            limits: gatewayId.endsWith('1') ? 'shared' : 'degraded',
          },
        },
      });
    await change(one);
    const after = await snapshotOf(one);
    await ship('gw-two-w1', after.version, 3);
    await ship('gw-two-w2', before.version, 4);
    const read = async () => {
      const fleet = (await one.call('fleet.get')) as Fleet;
      return { fleet, gateway: fleet.gateways.find(({ id }) => id === 'gw-two') };
    };
    await expect.poll(async () => (await read()).gateway?.backlog, { timeout: 30_000 }).toBe(7);
    const { fleet, gateway } = await read();
    expect(fleet.snapshot).toEqual({ version: after.version, issuedAt: after.issuedAt });
    expect(gateway).toMatchObject({
      host: 'host-1',
      version: '1.2.3',
      workers: 2,
      limits: 'degraded',
      current: false,
      snapshotVersion: before.version,
      behindSince: after.issuedAt,
      alive: true,
    });
    await ship('gw-two-w2', after.version, 0);
    await expect.poll(async () => (await read()).gateway?.current, { timeout: 30_000 }).toBe(true);
    expect((await read()).gateway?.behindSince).toBeNull();

    const { servers } = (await two.call('fleet.get')) as Fleet;
    expect(servers).toHaveLength(2);
    expect(servers.filter(({ answering }) => answering)).toHaveLength(1);
    await expect
      .poll(
        async () =>
          ((await one.call('fleet.get')) as Fleet).servers.filter(({ leads }) => leads.length > 0).length,
        { timeout: 30_000 },
      )
      .toBe(1);
  });
});
