import { randomBytes } from 'node:crypto';
import type { InteractionSummary } from '@bartizan/contracts';
import { masterKeyFromHex } from '@bartizan/contracts/sealed.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuditLog } from '../../audit/index.ts';
import { sampleRecord, shipBody, startTestServer, TEST_MASTER_KEY, type TestServer } from '../testing.ts';
import { createContentKeys } from './content-keys.ts';
import { createExpiry } from './expiry.ts';
import { createPartitions, DAY_MS, dayOf } from './partitions.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => server?.close());

const now = Date.now();
const ship = (records: ReturnType<typeof sampleRecord>[]) =>
  server.call('gateway.ship', { body: shipBody(records) });
const slugs = async (): Promise<string[]> => {
  const { items }: { items: InteractionSummary[] } = await server.call('interactions.list', {
    query: { limit: 200 },
  });
  return items.map(({ endpointSlug }) => endpointSlug).sort();
};
const count = async (sql: string): Promise<number> =>
  (await server.open.pool.query<{ n: number }>(`select count(*)::int as n from ${sql}`)).rows[0]?.n ?? 0;

test('drops days that are over, deletes what is over in others, and keeps the rest', async () => {
  const warnings: object[] = [];
  const logger = {
    info: () => undefined,
    warn: (f: object) => void warnings.push(f),
    error: () => undefined,
  };
  const { database } = server.open;
  const partitions = createPartitions(database);
  const keys = createContentKeys(database, TEST_MASTER_KEY);
  const audit = createAuditLog({ database, clock: { now: () => now } });
  const expiry = createExpiry({ database, partitions, keys, logger, audit });
  const old = now - 10 * DAY_MS;
  const mixed = now - 5 * DAY_MS;
  await ship([
    sampleRecord({ endpointSlug: 'old', at: old, expiresAt: now - DAY_MS }),
    sampleRecord({ endpointSlug: 'mixed-over', at: mixed, expiresAt: now - DAY_MS }),
    sampleRecord({ endpointSlug: 'mixed-kept', at: mixed, expiresAt: now + DAY_MS }),
    sampleRecord({ endpointSlug: 'stray-over', at: 1, expiresAt: 2 }),
    sampleRecord({ endpointSlug: 'stray-kept', at: 1, expiresAt: now + DAY_MS }),
    sampleRecord({ endpointSlug: 'today', at: now, expiresAt: now + DAY_MS }),
  ]);
  expect(await slugs()).toHaveLength(6);
  const keysBefore = await count('interaction_content_keys');

  expect(await expiry.run(now)).toEqual({ droppedDays: 1, deletedRows: 2 });
  expect(await slugs()).toEqual(['mixed-kept', 'stray-kept', 'today']);
  expect(await count('interaction_contents')).toBe(3);
  expect(await count('interaction_content_keys')).toBe(keysBefore - 1);
  expect(await count(`interaction_days where day = ${dayOf(old)}`)).toBe(0);
  expect(await expiry.run(now)).toEqual({ droppedDays: 0, deletedRows: 0 });

  // A late row of a dropped day gets its partition and key again, though this server believes to have them.
  await ship([sampleRecord({ endpointSlug: 'late', at: old, said: 'late words', expiresAt: now + DAY_MS })]);
  expect(await slugs()).toContain('late');
  const { items }: { items: InteractionSummary[] } = await server.call('interactions.list', {
    query: { text: 'late words' },
  });
  expect(items.map(({ excerpt }) => excerpt)).toEqual(['late words']);

  expect((await expiry.run(now + 3 * DAY_MS)).droppedDays).toBeGreaterThan(0);
  expect(await slugs()).toEqual([]);
  expect(await count('interaction_contents')).toBe(0);
  expect(warnings).toEqual([]);
});

test('nothing is lost when a day is dropped while late rows of it come in', async () => {
  const { database } = server.open;
  const partitions = createPartitions(database);
  const at = now - 30 * DAY_MS;
  for (let round = 0; round < 10; round += 1) {
    const over = sampleRecord({ endpointSlug: 'race-over', at: at + round, expiresAt: now - DAY_MS });
    const kept = sampleRecord({ endpointSlug: 'race', at: at + round, expiresAt: now + DAY_MS });
    await ship([over]);
    await Promise.all([partitions.drop(dayOf(at), now), ship([kept])]);
  }
  expect((await slugs()).filter((slug) => slug === 'race')).toHaveLength(10);
});

test('partitions are made once by servers that start together, and around existing rows', async () => {
  const day = dayOf(now) - 50 * DAY_MS;
  const three = [1, 2, 3].map(() => createPartitions(server.open.database));
  await Promise.all(three.map((partitions) => partitions.ensure([day, day + DAY_MS])));
  expect(await count(`interaction_days where day in (${day}, ${day + DAY_MS})`)).toBe(2);
});

test('another master key shows metadata, and says why the content does not open', async () => {
  const record = sampleRecord({ endpointSlug: 'other-key', said: 'unreadable' });
  await ship([record]);
  const masterKey = masterKeyFromHex(randomBytes(32).toString('hex'));
  const other = await startTestServer({ beside: server, masterKey });
  const { items }: { items: InteractionSummary[] } = await other.call('interactions.list', {
    query: { endpoint: 'other-key' },
  });
  expect(items).toEqual([expect.objectContaining({ id: record.id, excerpt: '' })]);
  await expect(other.call('interactions.get', { params: { id: record.id } })).rejects.toMatchObject({
    code: 'gone',
  });
  await other.close();
});
