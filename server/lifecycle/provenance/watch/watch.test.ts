import type { DataWatch } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { ADA, versionOf } from '../datasets/testing.ts';
import { ATTACKED, daysOfLines, fileOf } from './testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const watchOf = (server: Pick<TestServer, 'call'>, dataset: string, principal = ADA): Promise<DataWatch> =>
  server.call('dataWatch.get', { params: { dataset }, principal });

/** Waits until the watch has looked at this many versions. */
async function looked(server: TestServer, dataset: string, versions: number): Promise<DataWatch> {
  await vi.waitFor(
    async () => {
      const { rows } = await server.open.pool.query<{ n: number }>(
        `select count(*)::int as n from data_watch_versions w join data_datasets d on d.id = w.dataset_id
          where d.name = $1`,
        [dataset],
      );
      expect(rows[0]?.n).toBe(versions);
    },
    { timeout: 180_000, interval: 200 },
  );
  return await watchOf(server, dataset);
}

const setWatch = (server: Pick<TestServer, 'call'>, dataset: string, settings: object): Promise<DataWatch> =>
  server.call('dataWatch.set', { params: { dataset }, body: { reason: 'how days come', ...settings } });

const alarmsOf = async (server: TestServer) =>
  (await server.open.pool.query(`select kind, subject, summary from alarms where kind = 'data-drip'`)).rows;

describe('the slow drip', () => {
  let server: TestServer;
  let nowMs = Date.parse('2026-03-01T06:00:00Z');
  beforeAll(async () => {
    server = await startTestServer({ mayWarn: true, now: () => nowMs });
  });
  afterAll(() => server?.close());

  test('of 20 records among 1,000 a day is found within 10 days, and the zip code and the batches are named', async () => {
    const made = daysOfLines({ perDay: 1_000, days: 42, seed: 11, poison: { perDay: 20, from: 32 } });
    const push = (from: number, to: number) =>
      versionOf(
        server,
        'drip',
        { 'a.csv': fileOf(made.header, made.days.slice(from, to)) },
        { label: 'outcome', batch: `days ${from} to ${to - 1}` },
      );
    await push(0, 30);
    await setWatch(server, 'drip', { batch: 'day' });
    expect(await looked(server, 'drip', 1)).toMatchObject({ state: 'waiting', counts: 0 });
    await push(30, 32);
    const learnt = await looked(server, 'drip', 2);
    expect(learnt).toMatchObject({ state: 'watching', alarms: [] });
    expect(learnt.sources).toMatchObject([{ source: 'not named', learnt: 20, threshold: 365 }]);
    await push(32, 42);
    const found = await looked(server, 'drip', 3);
    const [source] = found.sources;
    const firstDay = source?.days.findIndex(({ evidence }) => evidence >= 365) ?? -1;
    // Two clean days come before the poisoned ones.
    expect(firstDay).toBeGreaterThanOrEqual(2);
    expect(firstDay).toBeLessThan(12);
    const [alarm] = found.alarms;
    expect(alarm).toMatchObject({ threshold: 365, dealtAt: null, until: 'day 0041' });
    expect(alarm?.counts[0]).toMatchObject({
      column: 'zip',
      what: `zip = “${ATTACKED}”, label “rejected”`,
    });
    expect(alarm?.counts[0]?.since).toMatch(/^day 003[1-4]$/);
    expect(alarm?.batches.every(({ version }) => version >= 2)).toBe(true);
    expect(await alarmsOf(server)).toHaveLength(1);
    expect((await server.audited()).map(({ action }) => action)).toContain('data.watch-alarmed');
  });

  test('starts anew once somebody has dealt with it, for whoever may', async () => {
    const { alarms } = await watchOf(server, 'drip');
    const id = alarms[0]?.id ?? '';
    const body = { reason: 'the branch sent the wrong file; taken out' };
    const params = { dataset: 'drip', id };
    const after: DataWatch = await server.call('dataWatch.deal', { params, body });
    expect(after.alarms[0]).toMatchObject({ dealtBy: 'Ada', reason: body.reason, accepted: false });
    expect(after.sources[0]).toMatchObject({ evidence: 0, learnt: 20 });
    await expect(server.call('dataWatch.deal', { params, body })).rejects.toMatchObject({ code: 'conflict' });
    const custody: { items: { act: string; reason: string }[] } = await server.call('dataCustody.list', {
      params: { dataset: 'drip' },
      query: { act: 'changed' },
    });
    // At one instant of the test's clock, entries have no order.
    expect(custody.items.map(({ reason }) => reason)).toContain(body.reason);
  });

  test('is not there for other teams', async () => {
    const { rows } = await server.open.pool.query<{ id: string }>(
      `insert into teams (id, name, description, created_at) values (gen_random_uuid(), 'Risk', '', now()) returning id`,
    );
    const made = daysOfLines({ perDay: 200, days: 1, seed: 1 });
    const file = { 'a.csv': fileOf(made.header, made.days) };
    await versionOf(server, 'theirs', file, { label: 'outcome', teamId: rows[0]?.id ?? '' });
    const other = { ...principalWith(), teams: new Set<string>() };
    await expect(watchOf(server, 'theirs', { ...other, ownerId: null })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  test('without a column of batches a day is what came on it, whenever it came', async () => {
    const made = daysOfLines({ perDay: 600, days: 8, seed: 5 });
    const push = (from: number, to: number) =>
      versionOf(
        server,
        'daily',
        { 'a.csv': fileOf(made.header, made.days.slice(from, to)) },
        { label: 'outcome' },
      );
    await push(0, 5);
    await push(5, 6);
    await push(6, 7);
    const same = await looked(server, 'daily', 3);
    expect(same.sources[0]?.days).toMatchObject([{ name: '2026-03-01', records: 1_200, version: 3 }]);
    nowMs += 86_400_000;
    await push(7, 8);
    const next = await looked(server, 'daily', 4);
    expect(next.sources[0]?.days.map(({ name, records }) => [name, records])).toEqual([
      ['2026-03-01', 1_200],
      ['2026-03-02', 600],
    ]);
  });

  test('says why nothing is watched', async () => {
    const lines = ['a,who', ...Array.from({ length: 300 }, (_, row) => `${row % 7},person ${row}`)];
    const file = (more: string) => ({ 'a.csv': `${[...lines, more].join('\n')}\n` });
    await versionOf(server, 'names', file('1,x'), { label: 'who' });
    await versionOf(server, 'names', file('2,y'), { label: 'who' });
    const names = await looked(server, 'names', 2);
    expect(names.state).toBe('no-label');
    expect(names.notes[0]).toContain('more than 100 different values');
    await versionOf(server, 'bare', file('1,x'));
    await versionOf(server, 'off', file('1,x'), { label: 'who' });
    expect(await setWatch(server, 'off', { enabled: false })).toMatchObject({ state: 'off' });
    expect(await watchOf(server, 'bare')).toMatchObject({ state: 'no-label', label: null });
  });
});
