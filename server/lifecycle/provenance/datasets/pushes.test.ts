import type { DataPush, DatasetVersion } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { begin, chunksOf, get, loans, pushed, settled, versionOf } from './testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
});
afterAll(() => server?.close());

const version = (dataset: string, number: string): Promise<DatasetVersion> =>
  server.call('data.versions.get', { params: { dataset, version: number } });

describe('a push by value', () => {
  test('becomes a version whose records are hashed and profiled', async () => {
    const told: string[] = [];
    const end = server.events.on('dataset.version-created', ({ versionId }) => void told.push(versionId));
    const made = await versionOf(
      server,
      'loans',
      { 'loans.csv': loans(1_000) },
      { label: 'approved', batch: 'May' },
    );
    end();
    expect(made).toMatchObject({
      number: 1,
      state: 'ready',
      rows: 1_000,
      content: 'here',
      batch: 'May',
      files: 1,
    });
    expect(told).toEqual([made.id]);
    const { schema, profile, origins } = await version('loans', 'latest');
    expect(schema?.columns.map(({ name, type }) => [name, type.kind])).toEqual([
      ['id', 'integer'],
      ['zip', 'text'],
      ['income', 'double'],
      ['approved', 'text'],
    ]);
    expect(profile?.rows).toBe(1_000);
    expect(profile?.columns[3]?.top.map(({ value }) => value)).toEqual(['granted', 'refused']);
    // Each id is of one record only, so that a profile does not tell it.
    expect(profile?.columns[0]?.top).toEqual([]);
    expect(origins).toMatchObject([{ number: 1, rows: 1_000, batch: 'May' }]);
    const entries = (await server.audited()).filter(
      ({ subject }) => subject === `dataset-version:${made.id}`,
    );
    expect(entries.map(({ action }) => action)).toEqual(['data.version-created']);
    expect(entries[0]?.detail).toMatchObject({ root: made.root, rows: 1_000, leaves: made.leaves });
  });
});
