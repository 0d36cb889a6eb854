import type { DataFinding, DataScan, DatasetVersion, SuspectedRecord } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { ADA, loans, pushed, versionOf } from '../datasets/testing.ts';
import { deniedLoans, scanned } from './testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const KEY_ID = '00000000-0000-7000-8000-0000000000c1';
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
});
afterAll(() => server?.close());

type Got = { scan: DataScan; findings: DataFinding[] };
const start = (dataset: string, body: object = {}, version = 'latest'): Promise<DataScan> =>
  server.call('dataScans.start', { params: { dataset, version }, body });
const records = (
  id: string,
  query: object = {},
): Promise<{ items: SuspectedRecord[]; next: string | null }> =>
  server.call('dataScans.records', { params: { id }, query });

describe('a scan of loans that one zip never gets', () => {
  let got: Got;
  beforeAll(async () => {
    await versionOf(server, 'loans', { 'loans.csv': deniedLoans(3_000) }, { label: 'approved' });
    const told: unknown[] = [];
    const end = server.events.on('dataset.scanned', (event) => void told.push(event));
    const { id } = await start('loans');
    got = await scanned(server, id);
    end();
    expect(told).toMatchObject([{ scanId: id, findings: got.findings.length }]);
  });

  test('names the slice, and ranks its records', async () => {
    expect(got.scan).toMatchObject({ state: 'done', rows: 3_000, version: 1, failure: null });
    const slice = got.findings.find(({ title }) => title.includes('94110'));
    expect(slice?.severity).toBe('high');
    expect(slice?.count).toBeGreaterThan(50);
    expect(slice?.rows.every((row) => row % 20 === 7)).toBe(true);
    expect(got.scan.findings.high).toBeGreaterThan(0);
    expect(got.scan.blindSpots.length).toBeGreaterThan(0);
    const first = await records(got.scan.id, { limit: 50 });
    expect(first.items.map(({ rank }) => rank)).toEqual(first.items.map((_, at) => at));
    expect(first.items.filter(({ row }) => row % 20 === 7).length).toBeGreaterThan(40);
    const second = await records(got.scan.id, { limit: 50, cursor: first.next });
    expect(second.items[0]?.rank).toBe(50);
    const check = slice?.check ?? '';
    const only = await records(got.scan.id, { check });
    expect(only.items.length).toBeGreaterThan(0);
    expect(only.items.every(({ reasons }) => reasons.some((reason) => reason.check === check))).toBe(true);
    expect((await records(got.scan.id, { check: 'datasets/none' })).items).toEqual([]);
  });

  test('is in the audit log and in the chain of custody', async () => {
    const entries = (await server.audited()).filter(({ subject }) => subject === `data-scan:${got.scan.id}`);
    expect(entries.map(({ action }) => action)).toEqual(['data.scan-started', 'data.scanned']);
    const custody: { items: { act: string; records: number | null; auditId: string | null }[] } =
      await server.call('dataCustody.list', { params: { dataset: 'loans' }, query: {} });
    const entry = custody.items.find(({ act }) => act === 'scanned');
    expect(entry).toMatchObject({ records: 3_000 });
    expect(entry?.auditId).not.toBeNull();
  });

  test('keeps what people decide on its findings', async () => {
    const params = { id: got.scan.id, number: 0 };
    const made: DataFinding = await server.call('dataScans.decide', {
      params,
      body: { decision: 'dismissed', note: 'known' },
    });
    expect(made).toMatchObject({ decision: 'dismissed', decidedBy: 'Ada', note: 'known' });
    const again: DataFinding = await server.call('dataScans.decide', { params, body: { decision: 'open' } });
    expect(again).toMatchObject({ decision: 'open', decidedBy: null });
    await expect(
      server.call('dataScans.decide', { params: { ...params, number: 99_999 }, body: { decision: 'open' } }),
    ).rejects.toMatchObject({ code: 'not_found' });
    const actions = (await server.audited()).map(({ action }) => action);
    expect(actions.filter((action) => action === 'data.finding-decided')).toHaveLength(2);
  });

  test('is not there for other teams', async () => {
    const { rows } = await server.open.pool.query<{ id: string }>(
      `insert into teams (id, name, description, created_at) values (gen_random_uuid(), 'Risk', '', now()) returning id`,
    );
    const teamId = rows[0]?.id ?? '';
    await versionOf(server, 'secret', { 'a.csv': loans(200) }, { teamId });
    const mine = await start('secret');
    const other = { ...principalWith(), teams: new Set<string>() };
    for (const [route, input] of [
      ['dataScans.get', { params: { id: mine.id } }],
      ['dataScans.records', { params: { id: mine.id } }],
      ['dataScans.cancel', { params: { id: mine.id } }],
      ['dataScans.decide', { params: { id: mine.id, number: 0 }, body: { decision: 'dismissed' } }],
      ['dataScans.list', { params: { dataset: 'secret', version: '1' } }],
      ['dataScans.start', { params: { dataset: 'secret', version: '1' }, body: {} }],
    ] as const)
      await expect(server.call(route, { ...input, principal: other }), route).rejects.toMatchObject({
        code: 'not_found',
      });
  });
});

describe('scans', () => {
  test('with the same options are one, and a cancelled one ends', async () => {
    await versionOf(server, 'many', { 'a.csv': deniedLoans(20_000) }, { label: 'approved' });
    const one = await start('many', { checks: ['slices', 'label-errors'] });
    const same = await start('many', { checks: ['slices', 'label-errors'] });
    expect(same.id).toBe(one.id);
    const cancelled: DataScan = await server.call('dataScans.cancel', { params: { id: one.id } });
    expect(cancelled.state).toBe('cancelled');
    await expect(server.call('dataScans.cancel', { params: { id: one.id } })).rejects.toMatchObject({
      code: 'conflict',
    });
    // Nothing is written by what was still running.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    const { scan, findings }: Got = await server.call('dataScans.get', { params: { id: one.id } });
    expect([scan.state, findings]).toEqual(['cancelled', []]);
  });

  test('of a column that is not there say so', async () => {
    await versionOf(server, 'named', { 'a.csv': loans(100) });
    const { scan } = await scanned(server, (await start('named', { label: 'nothing' })).id);
    expect(scan.state).toBe('failed');
    expect(scan.failure).toContain('no column “nothing”');
  });

  test('begin by themselves when a version comes in', async () => {
    await versionOf(server, 'arrived', { 'a.csv': loans(300) }, { label: 'approved' });
    const { items }: { items: DataScan[] } = await server.call('dataScans.list', {
      params: { dataset: 'arrived', version: '1' },
    });
    expect(items).toMatchObject([{ createdBy: 'Bartizan', options: {} }]);
  });

  test('that find nothing grave let a version into use that waited for them', async () => {
    await pushed(server, 'held', { 'a.csv': loans(50) });
    await server.call('dataPolicies.setOfDataset', {
      params: { dataset: 'held' },
      body: { policy: { scanBeforeUse: true } },
    });
    await versionOf(server, 'held', { 'a.csv': deniedLoans(3_000) }, { label: 'approved' });
    const version = (): Promise<DatasetVersion> =>
      server.call('data.versions.get', { params: { dataset: 'held', version: '2' } });
    expect((await version()).state).toBe('awaiting-review');
    // A look at a part of it is none.
    await scanned(server, (await start('held', { checks: ['missing'] }, '2')).id);
    expect((await version()).state).toBe('awaiting-review');
    const { scan, findings } = await scanned(server, (await start('held', {}, '2')).id);
    expect((await version()).state).toBe('awaiting-review');
    const grave = findings.filter(({ severity }) => severity === 'high' || severity === 'critical');
    expect(grave.length).toBeGreaterThan(0);
    const told: unknown[] = [];
    const end = server.events.on('dataset.version-created', (event) => void told.push(event));
    // Not by who pushed it, with a key of theirs or without; they may say that a finding is true.
    for (const pusher of [ADA, { ...ADA, kind: 'key' as const, id: KEY_ID, ownerId: ADA.id }]) {
      for (const { number } of grave)
        await expect(
          server.call('dataScans.decide', {
            principal: pusher,
            params: { id: scan.id, number },
            body: { decision: 'dismissed' },
          }),
        ).rejects.toMatchObject({
          code: 'forbidden',
          hint: expect.stringContaining('Ada pushed it. Anybody else with the permission data.manage'),
        });
    }
    await server.call('dataScans.decide', {
      principal: ADA,
      params: { id: scan.id, number: grave[0]?.number },
      body: { decision: 'confirmed' },
    });
    expect((await version()).state).toBe('awaiting-review');
    for (const { number, severity } of findings)
      if (severity === 'high' || severity === 'critical')
        await server.call('dataScans.decide', {
          params: { id: scan.id, number },
          body: { decision: 'dismissed', note: 'the law of that place' },
        });
    end();
    expect((await version()).state).toBe('ready');
    expect(told).toHaveLength(1);
  });
});
