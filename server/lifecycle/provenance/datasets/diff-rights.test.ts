import { ALL_PERMISSIONS, type DatasetDiff, type Permission } from '@bartizan/contracts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Principal } from '../../../platform/http/types.ts';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { ADA, PURPOSE, versionOf } from './testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const PEOPLE = 300;
/** PINs of which no two are alike. */
const pinOf = (row: number): number => 1_000 + ((row * 7_919) % 9_000);

let server: TestServer;
const without = (...missing: Permission[]): Principal => ({
  ...principalWith(ALL_PERMISSIONS.filter((one) => !missing.includes(one))),
  ownerId: null,
});
/** May push and see the dataset, and may not read its records. */
const EVE = without('data.content', 'data.manage', 'data.approve');

beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
  const people = Array.from({ length: PEOPLE }, (_, row) => `${row},${pinOf(row)},granted`);
  await versionOf(server, 'people', { 'a.csv': `${['id,pin,approved', ...people].join('\n')}\n` });
  const guesses = Array.from({ length: 9_000 }, (_, at) => `${at},${1_000 + at},refused`);
  await versionOf(
    server,
    'people',
    { 'a.csv': `${['id,pin,approved', ...guesses].join('\n')}\n` },
    { principal: EVE },
  );
});
afterAll(() => server?.close());

const diff = (
  query: Readonly<Record<string, string>>,
  {
    principal = ADA,
    headers = {},
  }: { principal?: Principal; headers?: Readonly<Record<string, string>> } = {},
): Promise<DatasetDiff> =>
  server.call('data.datasets.diff', {
    principal,
    params: { dataset: 'people' },
    query: { from: '1', to: '2', ...query },
    headers,
  });
const reads = async () =>
  (await server.audited()).filter(({ action }) => action === 'data.content-read').map(({ detail }) => detail);

test('guesses that were pushed cannot be tested by a key without the right to read records', async () => {
  const before = (await reads()).length;
  await expect(diff({ key: 'pin' }, { principal: EVE })).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('data.content'),
  });
  await expect(diff({ key: 'nothing', from: '9' }, { principal: EVE })).rejects.toMatchObject({
    code: 'forbidden',
  });
  expect(await reads()).toHaveLength(before);
});

test('without that right a diff tells how many differ, and why it does not tell which', async () => {
  const seen = await diff({}, { principal: EVE });
  const whole = await diff({});
  expect(seen.counts).toEqual(whole.counts);
  expect(seen).toMatchObject({ entries: [], complete: false });
  expect(seen.withheld).toContain('data.content');
  expect(whole.entries.length).toBeGreaterThan(0);
  expect(whole.withheld).toBeNull();
});

test('there is nothing to withhold where nothing differs', async () => {
  const seen = await diff({ to: '1' }, { principal: EVE });
  expect(seen).toMatchObject({ same: true, complete: true, withheld: null, entries: [] });
});

test('a key that is compared is a read of both versions on record, with the reason that was given', async () => {
  const before = (await reads()).length;
  const { entries, withheld } = await diff({ key: 'pin', limit: '10000' }, { headers: PURPOSE });
  expect(withheld).toBeNull();
  expect(entries.filter(({ kind }) => kind === 'changed')).toHaveLength(PEOPLE);
  const what = { dataset: 'people', what: 'keys', key: 'pin', purpose: 'looking into a complaint' };
  expect((await reads()).slice(before)).toEqual([
    { ...what, number: 1, comparedWith: 2 },
    { ...what, number: 2, comparedWith: 1 },
  ]);
  const custody: { items: { act: string; detail: object }[] } = await server.call('dataCustody.list', {
    params: { dataset: 'people' },
    query: { act: 'read' },
  });
  expect(custody.items.length).toBeGreaterThanOrEqual(2);
});

test('keys of a version in quarantine are for those who manage data', async () => {
  const update = (quarantined: boolean) =>
    server.call('data.versions.update', {
      principal: ADA,
      params: { dataset: 'people', version: '1' },
      body: { quarantined, reason: 'the delivery looks wrong' },
    });
  await update(true);
  await expect(diff({ key: 'pin' }, { principal: without('data.manage') })).rejects.toMatchObject({
    code: 'forbidden',
  });
  await update(false);
});
