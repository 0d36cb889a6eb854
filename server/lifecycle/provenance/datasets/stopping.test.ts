import { readdirSync, readFileSync } from 'node:fs';
import type { DatasetVersion } from '@bartizan/contracts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestServer, type TestServer } from '../../testing.ts';
import { readTimeMs } from './laying.ts';
import { ADA, begin, get, loans, pushed } from './testing.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
});
afterAll(() => server?.close());

/** Processes of this one that read data. */
const readers = (): number[] =>
  readdirSync('/proc').flatMap((pid) => {
    try {
      const [, parent] = /\) \S (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return Number(parent) === process.pid && command.includes('data-work') ? [Number(pid)] : [];
    } catch {
      return [];
    }
  });

async function reading(dataset: string): Promise<string> {
  const { id } = await begin(server, dataset, { 'a.csv': loans(900_000) });
  await server.call('data.pushes.finish', { principal: ADA, params: { id } });
  await vi.waitFor(() => expect(readers()).toHaveLength(1), { timeout: 30_000, interval: 20 });
  return id;
}
const noReaders = (): Promise<void> =>
  vi.waitFor(() => expect(readers()).toEqual([]), { timeout: 20_000, interval: 100 });

test('a push that is discarded while it is read is read no further', async () => {
  const id = await reading('discarded');
  await server.call('data.pushes.discard', { principal: ADA, params: { id } });
  await noReaders();
  const { datasetId }: DatasetVersion = await server.call('data.versions.get', {
    params: { dataset: 'discarded', version: '1' },
  });
  expect(datasetId).toBe((await get(server, 'discarded')).id);
  const failed: DatasetVersion = await server.call('data.versions.get', {
    params: { dataset: 'discarded', version: '1' },
  });
  expect(failed).toMatchObject({ state: 'failed', failure: 'The push was discarded while it was read.' });
});

test('nothing is read of a dataset that was removed', async () => {
  await reading('removed');
  await server.call('data.datasets.remove', { principal: ADA, params: { dataset: 'removed' } });
  await noReaders();
});

test('a failure of reading tells no value', async () => {
  const push = await pushed(server, 'cut', { 'a.csv': 'a,b\n1,"SECRET-4111\n' });
  expect(push.failure).toContain('In line 2: a quote is never closed');
  expect(JSON.stringify(push)).not.toContain('SECRET');
});

test('reading takes a minute and time for its bytes, at most six hours', () => {
  const of = (bytes: number, format: 'csv' | 'parquet' = 'csv', fileCount = 1): number =>
    Math.round(readTimeMs({ bytes, format, fileCount }) / 1_000);
  expect(of(100)).toBe(60);
  expect(of(60e6)).toBe(120);
  expect(of(6e6, 'parquet')).toBe(120);
  expect(of(0, 'csv', 30_000)).toBe(120);
  expect(of(1e15)).toBe(6 * 3_600);
});
