import { DataPushInput, type DatasetVersion } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { AppError } from '../../../kernel/error.ts';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { ADA, begin, chunksOf, get, loans, pushed, settled, versionOf } from './testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
});
afterAll(() => server?.close());

const version = (dataset: string, number: string): Promise<DatasetVersion> =>
  server.call('data.versions.get', { params: { dataset, version: number } });
const subjectActions = async (subject: string): Promise<string[]> =>
  (await server.audited()).filter((one) => one.subject === subject).map(({ action }) => action);

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
    // It is told after the commit in which the version is seen.
    await expect.poll(() => told).toEqual([made.id]);
    end();
    expect(made).toMatchObject({
      number: 1,
      state: 'ready',
      rows: 1_000,
      content: 'here',
      batch: 'May',
      files: 1,
    });
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
    expect(await get(server, 'loans')).toMatchObject({
      versions: 1,
      latest: { number: 1 },
      label: 'approved',
    });
  });

  test('goes on where it broke off', async () => {
    const bytes = Buffer.from(loans(2_000));
    const create = {
      dataset: 'broken-off',
      format: 'csv' as const,
      files: [{ path: 'a.csv', size: bytes.length }],
    };
    const push = await server.call('data.pushes.create', { principal: ADA, body: create });
    const { id } = push as { id: string };
    async function* cut(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 1_000);
      throw new AppError('invalid_input', 'the upload broke off before its end');
    }
    const at = { principal: ADA, params: { id, '*': 'a.csv' } };
    await expect(server.call('data.pushes.sendFile', { ...at, bytes: cut() })).rejects.toThrow(/broke off/);
    await expect(server.call('data.pushes.finish', { principal: ADA, params: { id } })).rejects.toMatchObject(
      {
        code: 'conflict',
        issues: [{ path: 'a.csv', message: `1000 of ${bytes.length} bytes are here` }],
      },
    );
    const files = await server.call('data.pushes.files', { principal: ADA, params: { id } });
    expect(files).toMatchObject({ items: [{ path: 'a.csv', received: 1_000, complete: false }], next: null });
    const wrong = server.call('data.pushes.sendFile', {
      ...at,
      query: { offset: 7 },
      bytes: chunksOf(bytes),
    });
    await expect(wrong).rejects.toMatchObject({ code: 'conflict', hint: 'Go on with offset=1000.' });
    await server.call('data.pushes.sendFile', {
      ...at,
      query: { offset: 1_000 },
      bytes: chunksOf(bytes.subarray(1_000)),
    });
    await server.call('data.pushes.finish', { principal: ADA, params: { id } });
    expect((await settled(server, id)).version).toMatchObject({ rows: 2_000, state: 'ready' });
  });

  test('finished twice at once is one version', async () => {
    const { id } = await begin(server, 'race', { 'a.csv': loans(50) });
    const finish = () => server.call('data.pushes.finish', { principal: ADA, params: { id } });
    await Promise.all([finish(), finish(), finish()]);
    await settled(server, id);
    expect(await get(server, 'race')).toMatchObject({ versions: 1 });
    expect(await subjectActions(`data-push:${id}`)).toEqual(['data.push-begun', 'data.push-finished']);
  });

  test('of the same records is the same version, unless asked for', async () => {
    const first = await versionOf(server, 'again', { 'a.csv': loans(50) });
    const second = await pushed(server, 'again', { 'other.csv': loans(50) });
    expect(second).toMatchObject({ same: true, state: 'done', version: { id: first.id, number: 1 } });
    const third = await versionOf(server, 'again', { 'a.csv': loans(50) }, { allowSame: true });
    expect(third.root).toBe(first.root);
    expect(third.id).not.toBe(first.id);
    expect(await get(server, 'again')).toMatchObject({ versions: 2 });
  });

  test('twice at once is one version as well', async () => {
    const both = await Promise.all([1, 2].map(() => pushed(server, 'at-once', { 'a.csv': loans(60) })));
    expect(both.map(({ same }) => same).sort()).toEqual([false, true]);
    expect(new Set(both.map((push) => push.version?.id)).size).toBe(1);
    expect(await get(server, 'at-once')).toMatchObject({ versions: 1 });
  });

  test.each([
    ['jsonl', '{"text":"a","n":1}\n{"text":"b","n":2}\n'],
    ['tsv', 'text\tn\na\t1\nb\t2\n'],
  ] as const)('of %s', async (format, content) => {
    const made = await versionOf(server, `of-${format}`, { data: content }, { format });
    expect(made).toMatchObject({ rows: 2, format });
  });

  test('of a folder of texts has a record for each file', async () => {
    const files = { 'a/one.txt': 'first', 'b/two.txt': 'second', 'empty.txt': '' };
    const made = await versionOf(server, 'texts', files, { format: 'texts' });
    expect(made).toMatchObject({ rows: 3, files: 3 });
    expect((await version('texts', '1')).schema?.columns.map(({ name }) => name)).toEqual(['path', 'text']);
  });
});

describe('records keep the version that brought them in', () => {
  test('wherever they stand later', async () => {
    const [header, ...rows] = loans(300).trimEnd().split('\n');
    const file = (lines: readonly string[]) => ({ 'a.csv': [header, ...lines, ''].join('\n') });
    const first = await versionOf(server, 'drip', file(rows.slice(0, 200)), { batch: 'one' });
    const second = await versionOf(server, 'drip', file(rows.slice(0, 280)), { batch: 'two' });
    // Ten go, twenty come, and the last that came before goes to the front.
    const last = [...rows.slice(279, 280), ...rows.slice(10, 279), ...rows.slice(280)];
    const third = await versionOf(server, 'drip', file(last), { batch: 'three' });
    expect(third.parent).toMatchObject({ versionId: second.id, number: 2 });
    const { origins } = await version('drip', 'latest');
    expect(origins.map(({ number, rows: count, batch }) => [number, count, batch])).toEqual([
      [1, 190, 'one'],
      [2, 80, 'two'],
      [3, 20, 'three'],
    ]);
    const records = (await server.call('data.versions.records', {
      principal: ADA,
      params: { dataset: 'drip', version: 'latest' },
      query: { offset: 0, limit: 290 },
      headers: { 'bartizan-purpose': 'looking where they came from' },
    })) as { items: { origin: number; values: unknown[] }[]; origins: { batch: string }[] };
    const batchOf = (row: number) => records.origins[records.items[row]?.origin ?? -1]?.batch;
    expect([0, 1, 10, 200, 269, 270, 289].map(batchOf)).toEqual([
      'two',
      'one',
      'one',
      'two',
      'two',
      'three',
      'three',
    ]);
    expect(records.items[0]?.values[0]).toBe(279);
    expect(first.parent).toBeNull();
  });
});

describe('what cannot be read', () => {
  test('fails with the place, keeps no content, and leaves no number that is latest', async () => {
    const push = await pushed(server, 'broken', { 'a.csv': 'id,name\n1,"ada\n2,bob\n' });
    expect(push).toMatchObject({ state: 'failed', version: { state: 'failed', content: 'removed' } });
    expect(push.failure).toMatch(/line/i);
    expect((await get(server, 'broken')).latest).toBeNull();
    await expect(version('broken', 'latest')).rejects.toMatchObject({ code: 'not_found' });
    const next = await versionOf(server, 'broken', { 'a.csv': 'id,name\n1,ada\n' });
    expect(next.number).toBe(2);
  });

  test('a label that is no column, an empty file, another format', async () => {
    const label = await pushed(server, 'wrong-1', { 'a.csv': loans(20) }, { label: 'nothing' });
    expect(label.failure).toMatch(/There is no column "nothing" for the label/);
    const empty = await pushed(server, 'wrong-2', { 'a.csv': '' });
    expect(empty.state).toBe('failed');
    const parquet = await pushed(server, 'wrong-3', { 'a.parquet': loans(20) }, { format: 'parquet' });
    expect(parquet.state).toBe('failed');
  });

  test('paths that leave their folder, hidden files, and two files of a table are refused at once', async () => {
    const asked = (format: string, paths: readonly string[]) =>
      DataPushInput.safeParse({ dataset: 'd', format, files: paths.map((path) => ({ path, size: 1 })) });
    for (const path of ['../a.txt', '/etc/passwd', 'a/../../b', 'a\\b', 'c:x', 'a//b', 'nul'])
      expect(asked('texts', [path]).success, path).toBe(false);
    expect(asked('texts', ['a.txt', 'A.TXT']).success).toBe(false);
    expect(asked('csv', ['a.csv', 'b.csv']).success).toBe(false);
    const hidden = server.call('data.pushes.create', {
      principal: ADA,
      body: { dataset: 'hidden', format: 'texts', files: [{ path: '.git/config', size: 3 }] },
    });
    await expect(hidden).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('more than the instance allows, and more than was told', async () => {
    const big = { dataset: 'big', format: 'csv', files: [{ path: 'a.csv', size: 2 ** 30 }] };
    await expect(server.call('data.pushes.create', { body: big })).rejects.toMatchObject({
      code: 'too_large',
    });
    const small = { dataset: 'longer', format: 'csv', files: [{ path: 'a.csv', size: 10 }] };
    const { id }: { id: string } = await server.call('data.pushes.create', { principal: ADA, body: small });
    const sent = server.call('data.pushes.sendFile', {
      principal: ADA,
      params: { id, '*': 'a.csv' },
      bytes: chunksOf(Buffer.alloc(100, 'a')),
    });
    await expect(sent).rejects.toMatchObject({ code: 'too_large' });
    await server.call('data.pushes.discard', { principal: ADA, params: { id } });
    await expect(server.call('data.pushes.get', { principal: ADA, params: { id } })).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('other people', () => {
  test('neither see a push nor go on with it', async () => {
    const { id } = await begin(server, 'mine', { 'a.csv': loans(20) });
    const other = { ...principalWith(), ownerId: null };
    for (const route of ['data.pushes.get', 'data.pushes.finish', 'data.pushes.discard'])
      await expect(server.call(route, { principal: other, params: { id } })).rejects.toMatchObject({
        code: 'not_found',
      });
    const sent = server.call('data.pushes.sendFile', {
      principal: other,
      params: { id, '*': 'a.csv' },
      bytes: chunksOf(Buffer.from('x')),
    });
    await expect(sent).rejects.toMatchObject({ code: 'not_found' });
    await server.call('data.pushes.discard', { principal: ADA, params: { id } });
  });
});
