import type { DataScan, DataWatch, Quarantine } from '@bartizan/contracts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestServer, type TestServer } from '../../testing.ts';
import { ended, made } from '../cleaning/testing.ts';
import { ADA, loans, POLL, versionOf } from '../datasets/testing.ts';
import { deniedLoans, scanned } from '../scans/testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
});
afterAll(() => server?.close());

const exposuresOf = async (dataset: string): Promise<DataWatch['exposures']> =>
  ((await server.call('dataWatch.get', { params: { dataset }, principal: ADA })) as DataWatch).exposures;

const alarmsOf = async () => {
  const { rows } = await server.open.pool.query<{ summary: string; by: string | null }>(
    `select summary, acknowledged_by as by from alarms where kind = 'data-reached-endpoint' order by at`,
  );
  return rows;
};

const serveNothing = async (slug: string): Promise<void> => {
  const { rows } = await server.open.pool.query<{ id: string }>('select id from endpoints where slug = $1', [
    slug,
  ]);
  await server.call('endpoints.setModels', { params: { id: rows[0]?.id }, body: { items: [] } });
  server.events.emit('configuration.changed', { reason: 'a test' });
};

test('an endpoint that serves what was made from records that are taken out alarms once, until it no longer does', async () => {
  const first = await versionOf(server, 'credit', { 'a.csv': loans(200) });
  await made(server, { dataset: 'credit', root: first.root ?? '', model: 'early' });
  const quarantine = async (version: string, rows: readonly number[]): Promise<Quarantine> => {
    const { id }: Quarantine = await server.call('cleaning.quarantine', {
      params: { dataset: 'credit', version },
      body: { selection: { by: 'rows', rows }, reason: 'they look made up' },
    });
    return await ended(server, id);
  };
  await quarantine('1', [3, 4]);
  await vi.waitFor(async () => expect(await alarmsOf()).toHaveLength(1), POLL);
  expect(await exposuresOf('credit')).toMatchObject([
    { endpoint: 'early', version: 1, cause: 'quarantined', clearedAt: null },
  ]);
  expect((await alarmsOf())[0]?.summary).toContain('The endpoint early serves a model');
  // What was made from the version without them is not held to depend on them.
  const second: { root: string | null } = await server.call('data.versions.get', {
    params: { dataset: 'credit', version: '2' },
  });
  await made(server, { dataset: 'credit', root: second.root ?? '', model: 'late' });
  server.events.emit('configuration.changed', { reason: 'a test' });
  await serveNothing('early');
  await vi.waitFor(async () => {
    const [one, ...others] = await exposuresOf('credit');
    expect(one?.clearedAt).not.toBeNull();
    expect(others).toEqual([]);
  }, POLL);
  expect(await alarmsOf()).toMatchObject([{ by: 'Bartizan' }]);
  const actions = (await server.audited()).map(({ action }) => action);
  expect(actions.filter((action) => action.startsWith('data.endpoint-'))).toEqual([
    'data.endpoint-reached',
    'data.endpoint-clear',
  ]);
});

test('so does one whose version turned out later to be suspicious, until somebody calls that a false alarm', async () => {
  const version = await versionOf(server, 'denied', { 'a.csv': deniedLoans(3_000) }, { label: 'approved' });
  await made(server, { dataset: 'denied', root: version.root ?? '', model: 'denier' });
  expect(await exposuresOf('denied')).toEqual([]);
  const { id }: DataScan = await server.call('dataScans.start', {
    params: { dataset: 'denied', version: 'latest' },
    body: {},
  });
  const { findings } = await scanned(server, id);
  const grave = findings.filter(({ severity }) => severity === 'high' || severity === 'critical');
  expect(grave.length).toBeGreaterThan(0);
  await vi.waitFor(async () => {
    expect(await exposuresOf('denied')).toMatchObject([
      { endpoint: 'denier', cause: 'finding', clearedAt: null },
    ]);
  }, POLL);
  const elsewhere = { ...ADA, teams: new Set<string>(), endpoints: new Set(['x']) };
  await expect(
    server.call('dataWatch.get', { params: { dataset: 'denied' }, principal: elsewhere }),
  ).rejects.toMatchObject({ code: 'not_found' });
  for (const { number } of grave)
    await server.call('dataScans.decide', {
      params: { id, number },
      body: { decision: 'dismissed', note: 'the law of that place' },
    });
  server.events.emit('configuration.changed', { reason: 'a test' });
  await vi.waitFor(async () => expect((await exposuresOf('denied'))[0]?.clearedAt).not.toBeNull(), POLL);
});
