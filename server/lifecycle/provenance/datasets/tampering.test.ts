import type { DatasetVersionSummary, DataVerification, PrivateRelease, Source } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { ADA, loans, pushed, verified, versionOf } from './testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
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

const GRACE = {
  ...principalWith(),
  id: '00000000-0000-7000-8000-00000000aaaa',
  name: 'Grace',
  ownerId: null,
};
const REASON = { reason: 'looked at every record of it' };
const told = ({ tamperings }: DataVerification): string[] =>
  tamperings.map(({ kind, where }) => `${kind} ${where}`);

let count = 0;
async function made(options: Parameters<typeof versionOf>[3] = {}) {
  const name = `held-${count++}`;
  const version: DatasetVersionSummary = await versionOf(server, name, { 'a.csv': loans(50) }, options);
  return { name, version };
}

async function source(name: string): Promise<Source> {
  const body = { name, owner: 'Loans', method: 'export' };
  return await server.call('dataSources.create', { principal: ADA, body });
}

async function intact(name: string, version = '1'): Promise<void> {
  const result = await verified(server, name, version);
  expect(result.tamperings).toEqual([]);
  expect(result).toMatchObject({ state: 'intact', notes: [] });
}

describe('every fact of a version is held against the audit log', () => {
  let name = '';
  let version: DatasetVersionSummary;
  beforeAll(async () => {
    ({ name, version } = await made({ label: 'approved', batch: 'first', reason: 'the first delivery' }));
    await intact(name);
  });

  const changes: Readonly<Record<string, string>> = {
    state: `'awaiting-review'`,
    failure: `'made up'`,
    quarantined: 'true',
    label: `'zip'`,
    source_name: `'A trusted one'`,
    source_id: 'gen_random_uuid()',
    batch: `'second'`,
    reason: `'another'`,
    origins: `jsonb_set(origins, '{0,rows}', '49')`,
    profile: `replace(profile, '"rows":50', '"rows":51')`,
    schema: `replace(schema, '"zip"', '"zap"')`,
    options: `'{"header": true}'`,
    created_at: 'created_at - 86400000',
    acting: `jsonb_set(acting, '{name}', '"Mallory"')`,
    allow_same: 'not allow_same',
    storage: `'reference'`,
    location: `'s3://elsewhere/x.csv'`,
    format: `'tsv'`,
    rows: '49',
    bytes: 'bytes + 1',
    file_count: '2',
    measured_by: `'client'`,
    parent_id: 'id',
    content_removed_at: '1',
    root: `repeat('0', 64)`,
    leaves: 'blocks',
    blocks: 'leaves',
  };

  /** Changes columns, verifies, and puts them back. */
  async function changed(columns: readonly string[], number = '1'): Promise<DataVerification> {
    const { rows } = await server.open.pool.query('select * from data_versions where id = $1', [version.id]);
    const list = columns.map((column) => `${column} = ${changes[column] ?? '7'}`).join(', ');
    await attack(`update data_versions set ${list} where id = $1`, [version.id]);
    const result = await verified(server, name, number);
    const back = Object.keys(rows[0]).map((each) => `${each} = r.${each}`);
    await attack(
      `update data_versions v set ${back.join(', ')}
       from jsonb_populate_record(null::data_versions, $1::jsonb) r where v.id = $2`,
      [JSON.stringify(rows[0]), version.id],
    );
    return result;
  }

  test('all at once: each is named, with its entry of the log, and no record is', async () => {
    const { state, tamperings } = await changed(Object.keys(changes));
    expect(state).toBe('tampered');
    expect(new Set(tamperings.map(({ where }) => where))).toEqual(
      new Set([...Object.keys(changes).map((column) => `data_versions.${column}`), 'data_sources']),
    );
    expect(new Set(tamperings.map(({ kind }) => kind))).toEqual(new Set(['row-changed', 'row-missing']));
    for (const { kind, entry } of tamperings)
      if (kind === 'row-changed') expect(entry).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each(['state', 'profile', 'schema', 'storage', 'content_removed_at', 'ready_at', 'number'])(
    '%s alone',
    async (column) => {
      const { tamperings } = await changed([column], column === 'number' ? '7' : '1');
      expect(tamperings.map(({ kind, where }) => [kind, where])).toEqual([
        ['row-changed', `data_versions.${column}`],
      ]);
    },
  );

  test('and nothing is said once all of it is back', () => intact(name));

  test('a message says what it is, what the log says, and which entry', async () => {
    await attack(`update data_versions set label = 'gender' where id = $1`, [version.id]);
    const { tamperings } = await verified(server, name);
    expect(tamperings[0]?.message).toMatch(
      /is "gender"; the audit log holds "approved" \(entry [0-9a-f-]{36}\)/,
    );
    await attack(`update data_versions set label = 'approved' where id = $1`, [version.id]);
  });
});

describe('the state follows from what was done', () => {
  test('a failed version that is made ready', async () => {
    const name = `held-${count++}`;
    const push = await pushed(server, name, { 'a.csv': 'a,b\n"1,2\n' });
    expect(push.failure).not.toBeNull();
    await attack(
      `update data_versions set state = 'ready', failure = null, quarantined = false
      where dataset_id = (select id from data_datasets where name = $1)`.replace('$1', `'${name}'`),
    );
    expect(told(await verified(server, name, '1'))).toEqual([
      'row-changed data_versions.state',
      'row-changed data_versions.failure',
    ]);
  });

  test('a rejected version that is made ready, one that waits, and what an approval leaves', async () => {
    await source('Held back');
    const first = await made({ source: 'Held back' });
    expect(first.version.state).toBe('awaiting-review');
    await intact(first.name);
    const params = { dataset: first.name, version: '1' };
    await attack(`update data_versions set state = 'ready' where id = $1`, [first.version.id]);
    expect(told(await verified(server, first.name, '1'))).toEqual(['row-changed data_versions.state']);
    await attack(`update data_versions set state = 'awaiting-review' where id = $1`, [first.version.id]);
    await server.call('dataVersions.reject', { principal: GRACE, params, body: REASON });
    await intact(first.name);
    await attack(`update data_versions set state = 'ready', failure = null where id = $1`, [
      first.version.id,
    ]);
    expect(told(await verified(server, first.name, '1'))).toEqual([
      'row-changed data_versions.state',
      'row-changed data_versions.failure',
    ]);

    const second = await made({ source: 'Held back' });
    const at = { dataset: second.name, version: '1' };
    await server.call('dataVersions.approve', { principal: GRACE, params: at, body: REASON });
    await intact(second.name);
    await attack(`update data_approvals set by_name = 'Ada' where version_id = $1`, [second.version.id]);
    expect(told(await verified(server, second.name))).toEqual(['row-changed data_approvals.by_name']);
    await attack('delete from data_approvals where version_id = $1', [second.version.id]);
    expect(told(await verified(server, second.name))).toEqual(['row-missing data_approvals']);

    const third = await made({ source: 'Held back' });
    await attack(
      `insert into data_approvals (version_id, by_id, by_name, reason, at) values ($1, 'x', 'Grace', 'yes', 1)`,
      [third.version.id],
    );
    expect(told(await verified(server, third.name, '1'))).toEqual(['row-added data_approvals']);
  });

  test('quarantine is replayed', async () => {
    const { name, version } = await made();
    const params = { dataset: name, version: '1' };
    for (const quarantined of [true, false, true])
      await server.call('data.versions.update', { principal: ADA, params, body: { quarantined, ...REASON } });
    await intact(name);
    await attack('update data_versions set quarantined = false where id = $1', [version.id]);
    expect(told(await verified(server, name, '1'))).toEqual(['row-changed data_versions.quarantined']);
  });
});

describe('sources', () => {
  test('each fact that was changed behind the log is named', async () => {
    const { id, name: sourceName } = await source('Branch export');
    await server.call('dataSources.trust', {
      principal: GRACE,
      params: { id },
      body: { trust: 'known', ...REASON },
    });
    await server.call('dataSources.update', { principal: ADA, params: { id }, body: { contact: 'desk 4' } });
    const { name } = await made({ source: sourceName });
    await intact(name);
    const columns = [
      'trust',
      'owner',
      'method',
      'license',
      'consent',
      'contact',
      'name',
      'reviewed_by',
      'url',
    ];
    const to = (column: string) =>
      column === 'trust' ? `'trusted'` : column === 'method' ? `'purchase'` : `'of Mallory'`;
    const list = columns.map((column) => `${column} = ${to(column)}`).join(', ');
    await attack(`update data_sources set ${list}, reviewed_at = 1, created_at = 1 where id = $1`, [id]);
    const { tamperings } = await verified(server, name);
    expect(new Set(tamperings.map(({ where }) => where))).toEqual(
      new Set([...columns, 'reviewed_at', 'created_at'].map((column) => `data_sources.${column}`)),
    );
    expect(tamperings[0]?.message).toMatch(/the audit log holds .* \(entry [0-9a-f-]{36}\)/);
  });

  test('one that is gone is named, also in a later version that only has records of it', async () => {
    const { id } = await source('Soon gone');
    await server.call('dataSources.trust', {
      principal: GRACE,
      params: { id },
      body: { trust: 'trusted', ...REASON },
    });
    const { name } = await made({ source: 'Soon gone' });
    await versionOf(server, name, { 'a.csv': loans(60) });
    await intact(name, '2');
    await attack('delete from data_sources where id = $1', [id]);
    expect(told(await verified(server, name, '2'))).toEqual(['row-missing data_sources']);
  });
});

describe('the chain of custody', () => {
  test('rows that are gone, altered or made up are named', async () => {
    const { name, version } = await made({ reason: 'the first' });
    await verified(server, name);
    await intact(name);
    const of = `dataset_id = '${version.datasetId}'`;
    await attack(`update data_custody set actor_name = 'Nobody' where ${of} and action = 'added'`);
    const altered = await verified(server, name);
    expect(told(altered)).toEqual(['row-changed data_custody']);
    expect(altered.tamperings[0]?.message).toMatch(/"added" by .*"Nobody"/);
    await attack(`delete from data_custody where ${of} and action = 'added'`);
    expect(told(await verified(server, name))).toEqual(['row-missing data_custody']);
    await attack(
      `insert into data_custody (id, dataset_id, version_id, action, actor_id, actor_name, reason, detail, audit_id, at)
       select gen_random_uuid(), dataset_id, version_id, 'approved', 'x', 'Grace', 'fine', '{}', audit_id, at + 1
       from data_custody where ${of} and action = 'registered'`,
    );
    expect(told(await verified(server, name))).toEqual([
      'row-missing data_custody',
      'row-added data_custody',
    ]);
  });

  test('an act that is gone with its entry of the log is missed by the act that follows it', async () => {
    const { name, version } = await made();
    await verified(server, name);
    const { rows } = await server.open.pool.query(
      `select id from data_custody where dataset_id = $1 and action = 'added'`,
      [version.datasetId],
    );
    await attack(`delete from data_custody where id = $1`, [rows[0].id]);
    await attack(`delete from audit_entries where detail ->> 'entry' = $1`, [rows[0].id]);
    expect(told(await verified(server, name))).toEqual(['row-missing data_custody']);
  });

  test('is kept by the database from whoever is no superuser', async () => {
    await source('For approval');
    const { name } = await made({ source: 'For approval' });
    const params = { dataset: name, version: '1' };
    await server.call('dataVersions.approve', { principal: GRACE, params, body: REASON });
    for (const statement of [
      'delete from data_custody',
      'truncate data_custody cascade',
      `update data_approvals set by_name = 'x'`,
      'delete from data_approvals',
      'truncate data_approvals',
    ])
      await expect(server.open.pool.query(statement)).rejects.toThrow(/only ever added/);
  });

  test('lets a dataset be removed, and a version give way to the same records', async () => {
    const { name, version } = await made();
    const again = await pushed(server, name, { 'a.csv': loans(50) });
    expect(again.version?.id).toBe(version.id);
    await server.call('data.datasets.remove', { principal: ADA, params: { dataset: name } });
  });
});

describe('the privacy ledger', () => {
  const headers = { 'bartizan-purpose': 'a test of tampering' };
  const BUDGET = { epsilon: '1', delta: 0, relation: 'add-or-remove-one', unit: 'one loan' };
  const ask = (dataset: string, requestId: string): Promise<PrivateRelease> =>
    server.call('privacy.release', {
      principal: ADA,
      params: { dataset },
      headers,
      body: { query: { kind: 'count', epsilon: '0.2' }, requestId },
    });
  async function spent() {
    const { name, version } = await made();
    await server.call('privacy.setBudget', { principal: ADA, params: { dataset: name }, body: BUDGET });
    await ask(name, 'first');
    await ask(name, 'second');
    await intact(name);
    return { name, id: version.datasetId };
  }
  const entries = (id: string) =>
    `ledger_id in (select id from data_privacy_ledgers where dataset_id = '${id}')`;

  test('that is gone reads as nothing spent nowhere: nothing is released, no budget is set', async () => {
    const { name, id } = await spent();
    await attack(`delete from data_privacy_entries where ${entries(id)}`);
    const result = await verified(server, name);
    expect(new Set(told(result))).toEqual(
      new Set(['row-missing data_privacy_entries', 'row-changed data_privacy_entries']),
    );
    expect(result.tamperings.at(-1)?.message).toBe('By the audit log ε 0.4 was spent; by the database ε 0.');
    await expect(ask(name, 'third')).rejects.toThrow(/not what the audit log holds/);
    const params = { dataset: name };
    await expect(server.call('privacy.budget', { params })).rejects.toThrow(/not what the audit log holds/);
    await expect(server.call('privacy.setBudget', { principal: ADA, params, body: BUDGET })).rejects.toThrow(
      /not what the audit log holds/,
    );
  });

  test('names an entry that was altered, one that is gone and one that was made up', async () => {
    const { name, id } = await spent();
    await attack(
      `update data_privacy_entries set entry = jsonb_set(entry, '{cost,epsilon}', '"0.0001"')
       where ${entries(id)} and entry ->> 'kind' = 'reserve' and sequence = 1`,
    );
    const altered = await verified(server, name);
    expect(altered.tamperings[0]).toMatchObject({ kind: 'row-changed', where: 'data_privacy_entries' });
    expect(altered.tamperings[0]?.message).toMatch(/entry 1 .*"0\.0001".*"0\.2"/);
    await expect(ask(name, 'third')).rejects.toThrow(/not what the audit log holds/);

    const other = await spent();
    await attack(`delete from data_privacy_entries where ${entries(other.id)} and sequence > 3`);
    const gone = await verified(server, other.name);
    expect(gone.counts).toEqual({ 'row-missing': 3, 'row-changed': 1 });
    await attack(
      `insert into data_privacy_ledgers (id, dataset_id, generation, created_at, created_by)
       values ('ffffffff-0000-7000-8000-000000000000', '${other.id}', 99, 1, 'Ada')`,
    );
    await attack(
      `insert into data_privacy_entries (ledger_id, sequence, entry, at)
       select 'ffffffff-0000-7000-8000-000000000000', 0, jsonb_set(entry, '{epsilon}', '"1000"'), at
       from data_privacy_entries where ${entries(other.id)} and sequence = 0`,
    );
    expect(told(await verified(server, other.name))).toContain('row-added data_privacy_ledgers');
    await expect(ask(other.name, 'third')).rejects.toThrow(/not what the audit log holds/);
  });

  test('releases that are gone or were altered are named', async () => {
    const { name, id } = await spent();
    await attack(
      `update data_privacy_releases set purpose = 'something else' where dataset_id = '${id}' and request like '%first'`,
    );
    expect(told(await verified(server, name))).toEqual(['row-changed data_privacy_releases']);
    await attack(`delete from data_privacy_releases where dataset_id = '${id}' and request like '%first'`);
    expect(told(await verified(server, name))).toEqual(['row-missing data_privacy_releases']);
  });

  test('is kept by the database from whoever is no superuser', async () => {
    await spent();
    for (const statement of [
      'delete from data_privacy_entries',
      'delete from data_privacy_ledgers',
      'delete from data_privacy_releases',
      `update data_privacy_releases set purpose = 'x'`,
      'update data_privacy_ledgers set generation = 7',
    ])
      await expect(server.open.pool.query(statement)).rejects.toThrow(/only ever added|never altered/);
  });
});
