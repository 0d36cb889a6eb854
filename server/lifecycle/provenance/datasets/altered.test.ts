import { readFileSync, writeFileSync } from 'node:fs';
import type { Dataset, DatasetVersion } from '@bartizan/contracts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestServer, type TestServer } from '../../testing.ts';
import { get, loans, objectPath, verified, versionOf } from './testing.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
});
afterAll(() => server?.close());

const alarms = async () =>
  (
    await server.open.pool.query<{ summary: string; by: string | null }>(
      `select summary, acknowledged_by as by from alarms where kind = 'data-altered' order by at, id`,
    )
  ).rows;

test('a verification that finds changes raises an alarm and is told with the version, until a later one is intact', async () => {
  const version = await versionOf(server, 'kept', { 'a.csv': loans(50) });
  expect((await get(server, 'kept')).latest?.verified).toBeNull();
  const { rows } = await server.open.pool.query<{ sha256: string }>(
    'select sha256 from data_version_files where version_id = $1',
    [version.id],
  );
  const file = objectPath(server, rows[0]?.sha256 ?? '');
  const was = readFileSync(file);
  writeFileSync(file, was.toString().replace('\n17,', '\n18,'));
  expect((await verified(server, 'kept')).state).toBe('tampered');
  expect(await alarms()).toMatchObject([{ by: null, summary: expect.stringContaining('“kept”') }]);
  expect(((await get(server, 'kept')) as Dataset).latest?.verified).toBe('tampered');

  await verified(server, 'kept');
  expect((await alarms()).filter(({ by }) => by === null)).toHaveLength(1);

  writeFileSync(file, was);
  expect((await verified(server, 'kept')).state).toBe('intact');
  expect((await alarms()).map(({ by }) => by)).toEqual(['Bartizan', 'Bartizan']);
  const now: DatasetVersion = await server.call('data.versions.get', {
    params: { dataset: 'kept', version: '1' },
  });
  expect(now.verified).toBe('intact');
});
