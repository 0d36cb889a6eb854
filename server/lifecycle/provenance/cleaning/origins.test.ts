import type { Dataset, DatasetVersion, Quarantine, Source } from '@bartizan/contracts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { loans, POLL, versionOf } from '../datasets/testing.ts';
import { ended } from './testing.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
});
afterAll(() => server?.close());

const at = (dataset: string, version: string) => ({ dataset, version });
const version = (dataset: string, number: string): Promise<DatasetVersion> =>
  server.call('data.versions.get', { params: at(dataset, number) });
const register = (name: string): Promise<Source> =>
  server.call('dataSources.create', { body: { name, owner: 'Loans', method: 'export' } });
const cleaned = async (dataset: string, number: string, selection: object): Promise<Quarantine> => {
  const begun: Quarantine = await server.call('cleaning.quarantine', {
    params: at(dataset, number),
    body: { selection, reason: 'they are poisoned' },
  });
  return await ended(server, begun.id);
};
const bob = { ...principalWith(), name: 'Bob' };

test('a version that cleaning made names no delivery, but whom its records are from', async () => {
  const bank = await register('Bank');
  const broker = await register('Broker');
  for (const { id } of [bank, broker])
    await server.call('dataSources.trust', {
      principal: bob,
      params: { id },
      body: { trust: 'known', reason: 'looked at it' },
    });
  await versionOf(server, 'mix', { 'a.csv': loans(100) }, { source: bank.name, batch: 'May' });
  await versionOf(server, 'mix', { 'a.csv': loans(140) }, { source: broker.name, batch: 'June' });
  expect(await cleaned('mix', '2', { by: 'batch', batch: 'June' })).toMatchObject({ removed: 40 });
  const made = await version('mix', '3');
  expect(made).toMatchObject({ source: null, batch: null, recordsFrom: ['Bank'], rows: 100 });
  const dataset: Dataset = await server.call('data.datasets.get', { params: { dataset: 'mix' } });
  expect(dataset.latest).toMatchObject({ number: 3, source: null, recordsFrom: ['Bank'] });
  const now: Source = await server.call('dataSources.get', { params: { id: broker.id } });
  expect(now).toMatchObject({ versions: 1, delivered: 140 });
});

test('a dataset is listed by when its newest version began', async () => {
  await versionOf(server, 'old-name', { 'a.csv': loans(30) });
  await versionOf(server, 'new-name', { 'a.csv': loans(30) });
  await versionOf(server, 'old-name', { 'a.csv': loans(31) });
  const { items }: { items: Dataset[] } = await server.call('data.datasets.list', { query: { limit: 1 } });
  expect(items).toMatchObject([{ name: 'old-name' }]);
  expect(items[0]?.updatedAt).toBe((await version('old-name', '2')).createdAt);
});

test('records whose version awaits review are not back yet', async () => {
  await versionOf(server, 'eyes', { 'a.csv': loans(30) });
  const { id } = await cleaned('eyes', '1', { by: 'rows', rows: [2] });
  await server.call('dataPolicies.setOfDataset', {
    params: { dataset: 'eyes' },
    body: { policy: { fourEyes: true } },
  });
  await server.call('cleaning.restore', { params: { id }, body: { reason: 'it was right' } });
  expect(await ended(server, id)).toMatchObject({ state: 'restore-awaiting-review', restoreVersion: 3 });
  await server.call('dataVersions.approve', {
    params: at('eyes', '3'),
    body: { reason: 'looked at it' },
    principal: bob,
  });
  await expect
    .poll(() => server.call('cleaning.get', { params: { id } }), POLL)
    .toMatchObject({ state: 'restored', restoreVersion: 3 });
});
