import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  CleaningPreview,
  DataFinding,
  DatasetDiff,
  DatasetVersionSummary,
  Quarantine,
} from '@bartizan/contracts';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { loans, versionOf } from '../datasets/testing.ts';
import { deniedLoans, scanned } from '../scans/testing.ts';
import { ended, made } from './testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
});
afterAll(() => server?.close());

const REASON = 'zip 94110 was always refused, whatever else';
const at = (dataset: string, version = 'latest') => ({ dataset, version });
const preview = (dataset: string, selection: object): Promise<CleaningPreview> =>
  server.call('cleaning.preview', { params: at(dataset), body: { selection } });
const begin = (dataset: string, selection: object, version?: string): Promise<Quarantine> =>
  server.call('cleaning.quarantine', { params: at(dataset, version), body: { selection, reason: REASON } });
const diff = (dataset: string, from: number, to: number): Promise<DatasetDiff> =>
  server.call('data.datasets.diff', { params: { dataset }, query: { from: String(from), to: String(to) } });

describe('a quarantine by a finding', () => {
  let finding: DataFinding;
  let done: Quarantine;
  let version: DatasetVersionSummary;
  const told: unknown[] = [];

  beforeAll(async () => {
    version = await versionOf(server, 'zips', { 'loans.csv': deniedLoans(3_000) }, { label: 'approved' });
    await made(server, { dataset: 'zips', root: version.root ?? '', model: 'scorer' });
    const { id } = await server
      .call('dataScans.start', { params: at('zips'), body: {} })
      .then((scan) => scan as { id: string });
    const { findings } = await scanned(server, id);
    finding = findings.find(({ title }) => title.includes('94110')) as DataFinding;
    const selection = { by: 'finding', scan: id, finding: finding.number };
    expect(await preview('zips', selection)).toEqual({
      removed: finding.count,
      kept: 3_000 - finding.count,
      rows: finding.rows,
    });
    server.events.on('dataset.records-quarantined', (event) => void told.push(event));
    done = await ended(server, (await begin('zips', selection)).id);
  });

  test('makes a version without exactly those records', async () => {
    expect(done).toMatchObject({
      state: 'done',
      failure: null,
      fromVersion: 1,
      toVersion: 2,
      removed: finding.count,
    });
    const { counts, entries } = await diff('zips', 1, 2);
    expect(counts).toMatchObject({ removed: finding.count, added: 0, changed: 0 });
    expect(entries.map(({ was }) => was)).toEqual(finding.rows.slice(0, entries.length));
    await vi.waitFor(() => expect(told).toHaveLength(1));
    expect(told[0]).toMatchObject({ versionId: version.id, records: finding.count });
  });

  test('keeps the bytes of what stays, and a record of what went', async () => {
    const lines = deniedLoans(3_000).split('\n');
    const stay = lines.filter((_, line) => !finding.rows.includes(line - 1));
    const { rows } = await server.open.pool.query<{ sha256: string; record: string; id: string }>(
      `select f.sha256, q.record, q.id from data_quarantines q
        join data_version_files f on f.version_id = q.to_version_id where q.id = $1`,
      [done.id],
    );
    expect(rows[0]?.sha256).toBe(createHash('sha256').update(stay.join('\n')).digest('hex'));
    const record = await server.objects.read(rows[0]?.record ?? '', 0, 36 * 10_000);
    expect(record.byteLength).toBe(36 * finding.count);
    expect(Buffer.from(record).readUInt32LE(0)).toBe(finding.rows[0]);
  });

  test('names the run and the model that were made of it, to those who may see them', async () => {
    expect(done.dependants.map(({ kind, label }) => `${kind} ${label}`)).toEqual([
      'run train',
      'model-version scorer version 1',
      'endpoint scorer',
    ]);
    const viewer = { ...principalWith(), teams: new Set<string>() };
    const seen: Quarantine = await server.call('cleaning.get', {
      params: { id: done.id },
      principal: viewer,
    });
    expect(seen.removed).toBe(finding.count);
  });

  test('is in the chain of custody, and can be taken back', async () => {
    const back: Quarantine = await server.call('cleaning.restore', {
      params: { id: done.id },
      body: { reason: 'the law of that place says so' },
    });
    expect(back.state).toBe('working');
    const restored = await ended(server, done.id);
    expect(restored.state).toBe('restored');
    await vi.waitFor(
      async () => expect((await diff('zips', 1, 3)).counts).toMatchObject({ removed: 0, added: 0 }),
      {
        timeout: 60_000,
        interval: 500,
      },
    );
    await expect(
      server.call('cleaning.restore', { params: { id: done.id }, body: { reason: 'once more, please' } }),
    ).rejects.toMatchObject({ code: 'conflict' });
    const { items }: { items: { act: string; records: number | null; auditId: string | null }[] } =
      await server.call('dataCustody.list', { params: { dataset: 'zips' }, query: {} });
    for (const act of ['quarantined', 'restored'])
      expect(items.find((item) => item.act === act)).toMatchObject({
        records: finding.count,
        auditId: expect.any(String),
      });
  });
});

/** An npy file of `rows` × 2 float64, C order. */
function npy(rows: number): Buffer {
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${rows}, 2), }`;
  const head = Buffer.from(`\x93NUMPY\x01\x00\x76\x00${text.padEnd(117, ' ')}\n`, 'latin1');
  return Buffer.concat([head, Buffer.from(Float64Array.from({ length: rows * 2 }, (_, i) => i / 2).buffer)]);
}

/** A Parquet file of 500 records with types that CSV has not. */
async function parquet(): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'bartizan-parquet-'));
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const path = join(folder, 'a.parquet');
    await connection.run(`COPY (SELECT i AS id, 'text ' || i AS note, i / 7.0::FLOAT AS part, [i, i + 1] AS list,
      {'a': i, 'b': nullif(i % 3, 0)} AS both, (i / 100.0)::DECIMAL(20, 4) AS price,
      TIMESTAMP '2026-01-01' + INTERVAL (i) MINUTE AS at, nullif(i % 2, 0) = 1 AS flag FROM range(500) t(i))
      TO '${path}' (FORMAT parquet)`);
    return await readFile(path);
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true });
  }
}

test('parquet loses exactly the rows, whatever the types of its columns', async () => {
  await versionOf(server, 'parquet', { 'a.parquet': await parquet() }, { format: 'parquet' });
  const rows = Array.from({ length: 100 }, (_, row) => row * 5);
  const done = await ended(server, (await begin('parquet', { by: 'rows', rows })).id);
  expect(done).toMatchObject({ state: 'done', removed: 100, failure: null });
  const { counts, schema } = await diff('parquet', 1, 2);
  expect(counts).toMatchObject({ removed: 100, added: 0, changed: 0, unchanged: 400 });
  expect(schema).toEqual({ added: [], removed: [], retyped: [] });
});

describe('each format', () => {
  const csv = loans(400);
  const quoted = [
    'id,note',
    ...Array.from({ length: 50 }, (_, i) => `${i},"a ""b""\r\n, line ${i}"`),
    '',
  ].join('\r\n');
  const jsonl = `${Array.from({ length: 60 }, (_, i) => JSON.stringify({ id: i, text: `some\n"text" ${i}` })).join('\n')}`;
  test.each([
    ['csv', 'csv', { 'a.csv': csv }, {}],
    ['csv with quotes and line ends in them', 'csv', { 'a.csv': quoted }, {}],
    [
      'csv without a header, by semicolons',
      'csv',
      { 'a.csv': 'a;1\nb;2\nc;3\nd;4\ne;5\nf;6\ng;7\nh;8\n' },
      { header: false, delimiter: ';' },
    ],
    ['tsv', 'tsv', { 'a.tsv': csv.replaceAll(',', '\t') }, {}],
    ['jsonl', 'jsonl', { 'a.jsonl': jsonl }, {}],
    ['npy', 'npy', { 'a.npy': npy(20) }, {}],
    [
      'texts',
      'texts',
      Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`d/${i}.txt`, `text ${i}`])),
      {},
    ],
  ] as const)('%s loses exactly the rows', async (name, format, files, options) => {
    const dataset = `format ${name}`;
    await versionOf(server, dataset, files, { format, options });
    const done = await ended(server, (await begin(dataset, { by: 'rows', rows: [5, 0, 3, 3] })).id);
    expect(done).toMatchObject({ state: 'done', removed: 3, failure: null });
    const { counts, schema } = await diff(dataset, 1, 2);
    expect(counts).toMatchObject({ removed: 3, added: 0, changed: 0 });
    expect(schema).toEqual({ added: [], removed: [], retyped: [] });
  });
});

describe('selections', () => {
  beforeAll(async () => {
    await versionOf(server, 'sel', { 'a.csv': loans(100) }, { batch: 'May' });
    await versionOf(server, 'sel', { 'a.csv': loans(150) }, { batch: 'June' });
  });

  test('by rule and by batch mean what they say', async () => {
    const rule = await preview('sel', { by: 'rule', column: 'zip', values: ['01003', '01005'] });
    expect(rule.rows.every((row) => row % 7 === 3 || row % 7 === 5)).toBe(true);
    expect(rule.removed).toBe(
      Array.from({ length: 150 }, (_, i) => i % 7).filter((z) => z === 3 || z === 5).length,
    );
    expect((await preview('sel', { by: 'rule', column: 'id', values: ['7'] })).rows).toEqual([7]);
    const batch = await preview('sel', { by: 'batch', batch: 'June' });
    expect(batch).toMatchObject({ removed: 50, kept: 100 });
    expect(batch.rows[0]).toBe(100);
    const actions = (await server.audited()).map(({ action }) => action);
    expect(actions.filter((action) => action === 'data.rule-previewed')).toHaveLength(2);
  });

  test('that mean nothing, all, or what is elsewhere are refused with what to do', async () => {
    const all = Array.from({ length: 150 }, (_, row) => row);
    const { id: other } = await server
      .call('dataScans.start', { params: at('zips', '1'), body: {} })
      .then((scan) => scan as { id: string });
    for (const selection of [
      { by: 'rows', rows: [150] },
      { by: 'rows', rows: all },
      { by: 'finding', scan: other, finding: 0 },
      { by: 'score', scan: other, atLeast: 0.9 },
    ])
      await expect(begin('sel', selection), selection.by).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(preview('sel', { by: 'rule', column: 'nope', values: ['x'] })).rejects.toMatchObject({
      code: 'invalid_input',
    });
    const none = await ended(server, (await begin('sel', { by: 'batch', batch: 'July' })).id);
    expect(none).toMatchObject({ state: 'failed', toVersion: null });
    expect(none.failure).toContain('No record');
  });

  test('of versions of other teams are not there', async () => {
    const { rows } = await server.open.pool.query<{ id: string }>(
      `insert into teams (id, name, description, created_at) values (gen_random_uuid(), 'Care', '', now()) returning id`,
    );
    await versionOf(server, 'theirs', { 'a.csv': loans(20) }, { teamId: rows[0]?.id ?? '' });
    const { id } = await begin('theirs', { by: 'rows', rows: [1] });
    const principal = { ...principalWith(), teams: new Set<string>() };
    const selection = { by: 'rows', rows: [1] };
    for (const [route, input] of [
      ['cleaning.preview', { params: at('theirs', '1'), body: { selection } }],
      ['cleaning.quarantine', { params: at('theirs', '1'), body: { selection, reason: REASON } }],
      ['cleaning.list', { params: { dataset: 'theirs' } }],
      ['cleaning.get', { params: { id } }],
      ['cleaning.restore', { params: { id }, body: { reason: REASON } }],
    ] as const)
      await expect(server.call(route, { ...input, principal }), route).rejects.toMatchObject({
        code: 'not_found',
      });
    await ended(server, id);
  });

  test('under a policy of four eyes wait for approval', async () => {
    await versionOf(server, 'eyes', { 'a.csv': loans(30) });
    await server.call('dataPolicies.setOfDataset', {
      params: { dataset: 'eyes' },
      body: { policy: { fourEyes: true } },
    });
    const waiting = await ended(server, (await begin('eyes', { by: 'rows', rows: [2] })).id);
    expect(waiting).toMatchObject({ state: 'awaiting-review', toVersion: 2, removed: 1 });
    await server.call('dataVersions.approve', {
      params: at('eyes', '2'),
      body: { reason: 'looked at it' },
      principal: { ...principalWith(), name: 'Bob' },
    });
    expect(await ended(server, waiting.id)).toMatchObject({ state: 'done', toVersion: 2 });
  });
});
