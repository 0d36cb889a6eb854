import type { DatasetVersionSummary, DataVerification } from '@bartizan/contracts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestServer, type TestServer } from '../../testing.ts';
import { ADA, loans, verified, versionOf } from './testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let server: TestServer;
let version: DatasetVersionSummary;
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
  version = await versionOf(server, 'damaged', { 'a.csv': loans(50) });
});
afterAll(() => server?.close());

/** As somebody with all rights in the database does: no trigger and no foreign key holds. */
async function attack(statement: string, values: readonly unknown[] = []): Promise<number> {
  const client = await server.open.pool.connect();
  try {
    await client.query('set session_replication_role = replica');
    const { rowCount } = await client.query(statement, [...values]);
    expect(rowCount).toBeGreaterThan(0);
    return rowCount ?? 0;
  } finally {
    await client.query('set session_replication_role = origin');
    client.release();
  }
}

const told = ({ tamperings }: DataVerification): string[] =>
  tamperings.map(({ kind, where }) => `${kind} ${where}`);

/** Changes a row of the version, verifies, and puts it back. */
async function changed(table: string, change: string): Promise<DataVerification> {
  const key = table === 'data_versions' ? 'id' : 'version_id';
  const { rows } = await server.open.pool.query(
    `select ${table}.*, to_jsonb(${table}) as whole from ${table} where ${key} = $1`,
    [version.id],
  );
  await attack(`update ${table} set ${change} where ${key} = $1`, [version.id]);
  try {
    return await verified(server, 'damaged', '1');
  } finally {
    const columns = Object.keys(rows[0].whole);
    await attack(
      `update ${table} t set ${columns.map((each) => `${each} = r.${each}`).join(', ')}
       from jsonb_populate_record(null::${table}, $1::jsonb) r where t.${key} = $2`,
      [JSON.stringify(rows[0].whole), version.id],
    );
  }
}

test.each([
  ['data_versions.schema', `schema = '{'`],
  ['data_versions.schema', `schema = '7'`],
  ['data_versions.profile', `profile = 'x'`],
  ['data_versions.acting', `acting = 'null'`],
  ['data_versions.rows', 'rows = -5'],
  ['data_versions.origins', `origins = '{"x":1}'`],
  ['data_versions.origins', `origins = '[{"version": 7, "rows": "many"}, null]'`],
  ['data_versions.options', `options = '"x"'`],
  ['data_version_files', `sha256 = repeat('f', 64)`],
  ['data_version_files', `sha256 = 'x'`],
  ['data_version_files', `path = '../../a.csv'`],
])('%s that cannot be read is named: %s', async (where, change) => {
  const result = await changed(where.split('.')[0] ?? '', change);
  expect(result).toMatchObject({ state: 'tampered', failure: null });
  expect(told(result)).toContain(`row-changed ${where}`);
});

test('nothing is said once all of it is back', async () => {
  expect(await verified(server, 'damaged', '1')).toMatchObject({ state: 'intact', tamperings: [] });
});

test('a version that is gone is named where another one is verified', async () => {
  const second = await versionOf(server, 'gone', { 'a.csv': loans(40) });
  const third = await versionOf(server, 'gone', { 'a.csv': loans(41) });
  expect(await verified(server, 'gone', '1')).toMatchObject({ state: 'intact' });
  await attack('delete from data_versions where id = $1', [third.id]);
  const result = await verified(server, 'gone', String(second.number));
  expect(told(result)).toEqual(['row-missing data_versions']);
  expect(result.tamperings[0]?.message).toMatch(/^Version 2 \(/);
  await attack('delete from data_custody where version_id = $1', [third.id]);
  expect(told(await verified(server, 'gone', '1'))).toContain('row-missing data_versions');
});

test('facts of the dataset are held against the audit log', async () => {
  const { datasetId } = await versionOf(server, 'facts', { 'a.csv': loans(30) });
  const params = { dataset: 'facts' };
  const body = { retentionDays: 30, license: 'CC-BY-4.0' };
  await server.call('data.datasets.update', { principal: ADA, params, body });
  expect(await verified(server, 'facts')).toMatchObject({ state: 'intact', tamperings: [] });
  await attack('update data_datasets set retention_days = 1, team_id = gen_random_uuid() where id = $1', [
    datasetId,
  ]);
  await attack(`update data_datasets set team_id = null where id = $1`, [datasetId]);
  expect(told(await verified(server, 'facts'))).toEqual(['row-changed data_datasets.retention_days']);
  await attack(
    `update data_datasets set retention_days = 30, license = 'MIT', label = 'gender' where id = $1`,
    [datasetId],
  );
  expect(told(await verified(server, 'facts'))).toEqual([
    'row-changed data_datasets.label',
    'row-changed data_datasets.license',
  ]);
});

test('a decision on a finding that nobody took is named', async () => {
  const { id } = await versionOf(server, 'decided', { 'a.csv': loans(30) });
  const scan = '00000000-0000-7000-8000-00000000dddd';
  const { rows } = await server.open.pool.query(
    `select column_name as name, data_type as type from information_schema.columns
     where table_name = 'data_scans' and is_nullable = 'NO' and column_default is null`,
  );
  const values: Readonly<Record<string, string>> = {
    id: `'${scan}'`,
    version_id: `'${id}'`,
    state: `'done'`,
  };
  const by = (type: string): string =>
    /int|double/.test(type) ? '1' : type === 'uuid' ? 'gen_random_uuid()' : `'{}'`;
  await attack(
    `insert into data_scans (${rows.map(({ name }) => name).join(', ')})
     values (${rows.map(({ name, type }) => values[name] ?? (type === 'boolean' ? 'false' : by(type))).join(', ')})`,
  );
  await attack(
    `insert into data_scan_findings (scan_id, number, check_id, title, severity, message, rows, complete, count,
       evidence, maps, decision, decided_by, decided_at, note)
     values ('${scan}', 1, 'x', 'x', 'high', 'x', '', true, 0, '{}', '[]', 'dismissed', 'Mallory', 1, 'fine')`,
  );
  expect(told(await verified(server, 'decided'))).toEqual(['row-changed data_scan_findings.decision']);
});
