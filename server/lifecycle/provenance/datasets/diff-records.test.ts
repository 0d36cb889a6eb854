import { ALL_PERMISSIONS, type DatasetDiffRecords, type Permission } from '@bartizan/contracts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Principal } from '../../../platform/http/types.ts';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { ADA, loans, PURPOSE, versionOf } from './testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let server: TestServer;
const long = 'word '.repeat(10_000).trim();
const WIDE_ROWS = 60;
const WIDE_COLUMNS = 10;
const wide = (first: string): string => {
  const names = Array.from({ length: WIDE_COLUMNS }, (_, at) => `c${at}`);
  const line = (row: number) => [row, first, ...names.slice(1).map(() => 'x'.repeat(20_000))].join(',');
  return [`id,${names}`, ...Array.from({ length: WIDE_ROWS }, (_, row) => line(row)), ''].join('\n');
};

beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
  await versionOf(server, 'loans', { 'a.csv': loans(30_000) });
  const changed = loans(30_000, (row, [id = '', zip = '', income = '', approved = '']) =>
    row === 29_999 ? [id, zip, '1.0', long] : [id, zip, income, approved],
  );
  const lines = changed.split('\n');
  lines.splice(11, 1);
  await versionOf(server, 'loans', { 'a.csv': lines.join('\n') });
  await versionOf(server, 'wide', { 'a.csv': wide('one') });
  await versionOf(server, 'wide', { 'a.csv': wide('two') });
});
afterAll(() => server?.close());

const without = (...missing: Permission[]) =>
  principalWith(ALL_PERMISSIONS.filter((one) => !missing.includes(one)));
const ask = (
  query: Readonly<Record<string, string>>,
  { principal = ADA, dataset = 'loans' }: { principal?: Principal; dataset?: string } = {},
): Promise<DatasetDiffRecords> =>
  server.call('data.datasets.diffRecords', {
    principal,
    params: { dataset },
    query: { from: '1', to: '2', ...query },
    headers: PURPOSE,
  });

test('the records at both places are shown, as far apart as they lie', async () => {
  const { was, now } = await ask({ was: '29999,10,29999', now: '29998' });
  expect(was?.schema.columns.map(({ name }) => name)).toEqual(['id', 'zip', 'income', 'approved']);
  expect(was?.items.map(({ row, values }) => [row, values[0], values[3]])).toEqual([
    [10, 10, 'granted'],
    [29_999, 29_999, 'granted'],
  ]);
  expect(now?.items).toEqual([
    { row: 29_998, values: [29_999, '01004', 1, long.slice(0, 20_000)], cut: ['approved'] },
  ]);
  expect(was?.complete).toBe(true);
});

test('each version that is read of is one read on record, with its rows and why', async () => {
  const before = (await server.audited()).length;
  const { was, now } = await ask({ was: '5', now: '' });
  expect(now).toBeNull();
  expect(was?.items).toHaveLength(1);
  // Beside it there is the entry of the chain of custody, which the tests of tampering hold to its word.
  const added = (await server.audited())
    .slice(before)
    .filter(({ action }) => action !== 'data.custody-added');
  expect(added.map(({ action, detail }) => ({ action, ...(detail as object) }))).toEqual([
    {
      action: 'data.content-read',
      dataset: 'loans',
      number: 1,
      what: 'records',
      records: 1,
      rows: '5',
      comparedWith: 2,
      purpose: 'looking into a complaint',
    },
  ]);
});

test('rows past the end are left out; what names no rows, or too many, is refused', async () => {
  expect((await ask({ was: '30000,7' })).was?.items.map(({ row }) => row)).toEqual([7]);
  expect(await ask({ was: '30000' })).toEqual({ was: null, now: null });
  await expect(ask({})).rejects.toMatchObject({ code: 'invalid_input' });
  const many = Array.from({ length: 101 }, (_, row) => row).join(',');
  await expect(ask({ was: many })).rejects.toThrow();
  await expect(ask({ was: '1,-2' })).rejects.toThrow();
});

test('an answer that would be too long stops, and says so', async () => {
  const all = Array.from({ length: WIDE_ROWS }, (_, row) => row).join(',');
  const { was } = await ask({ was: all }, { dataset: 'wide' });
  expect(was?.complete).toBe(false);
  expect(was?.items.length).toBeGreaterThan(10);
  expect(was?.items.length).toBeLessThan(WIDE_ROWS);
});

test('needs data.content, and of a version in quarantine data.manage, before anything is shown', async () => {
  const params = { dataset: 'loans', version: '2' };
  const update = (quarantined: boolean) =>
    server.call('data.versions.update', {
      principal: ADA,
      params,
      body: { quarantined, reason: 'the newest delivery looks wrong' },
    });
  await update(true);
  await expect(ask({ now: '1' }, { principal: without('data.manage') })).rejects.toMatchObject({
    code: 'forbidden',
  });
  await expect(ask({ was: '1' }, { principal: without('data.manage') })).resolves.toMatchObject({
    now: null,
  });
  await update(false);
});
