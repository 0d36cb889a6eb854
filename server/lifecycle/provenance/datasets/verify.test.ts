import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { DatasetFile, DatasetVersionSummary, DataTampering } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestServer, type TestServer } from '../../testing.ts';
import { ADA, loans, objectPath, verified, versionOf } from './testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
});
afterAll(() => server?.close());

const READ = { principal: ADA, headers: { 'bartizan-purpose': 'a test of tampering' } };
const digestOf = async (dataset: string, path?: string): Promise<string> => {
  const { items }: { items: DatasetFile[] } = await server.call('data.versions.files', {
    ...READ,
    params: { dataset, version: 'latest' },
  });
  return items.find((file) => path === undefined || file.path === path)?.sha256 ?? '';
};
/** Changes what lies in the store, as somebody with access to the disk does. */
const alter = (digest: string, change: (bytes: Buffer) => Buffer): void => {
  const path = objectPath(server, digest);
  writeFileSync(path, change(readFileSync(path)));
};
/** What is said of records and their hashes. */
const named = (tamperings: readonly DataTampering[]) =>
  tamperings
    .filter(({ kind }) => kind !== 'content-damaged')
    .map(({ kind, was, now }) => ({ kind, was, now }));

let count = 0;
async function made(files: Record<string, string> = { 'a.csv': loans(1_000) }, options = {}) {
  const name = `kept-${count++}`;
  const version: DatasetVersionSummary = await versionOf(server, name, files, options);
  return { name, version };
}

describe('a version', () => {
  test('is intact until somebody touches it', async () => {
    const { name, version } = await made();
    const result = await verified(server, name);
    expect(result).toMatchObject({
      state: 'intact',
      contentRead: true,
      rows: 1_000,
      counts: {},
      tamperings: [],
    });
    const actions = (await server.audited())
      .filter(({ subject }) => subject === `dataset-version:${version.id}`)
      .map(({ action }) => action);
    expect(actions).toEqual(['data.version-created', 'data.verification-begun', 'data.version-verified']);
  });

  test('of which one record was altered in the store names that record', async () => {
    const { name } = await made();
    alter(await digestOf(name), (bytes) =>
      Buffer.from(bytes.toString().replace('\n617,01001,', '\n617,01009,')),
    );
    const result = await verified(server, name);
    expect(result.state).toBe('tampered');
    expect(named(result.tamperings)).toEqual([{ kind: 'record-altered', was: 617, now: 617 }]);
  });

  test('of which the bytes were changed and the records were not says so', async () => {
    const { name } = await made();
    alter(await digestOf(name), (bytes) =>
      Buffer.from(bytes.toString().replace(',granted\n', ',"granted"\n')),
    );
    const { state, tamperings } = await verified(server, name);
    expect(state).toBe('tampered');
    expect(tamperings.map(({ kind, where }) => [kind, where])).toEqual([['content-damaged', 'a.csv']]);
  });

  test('from which records were taken, to which one was added, whose records were moved', async () => {
    const { name } = await made();
    alter(await digestOf(name), (bytes) => {
      const lines = bytes.toString().trimEnd().split('\n');
      const [fiftieth = ''] = lines.splice(51, 1);
      lines.splice(901, 0, fiftieth);
      lines.splice(301, 1);
      lines.push('9999,01001,1.5,granted');
      return Buffer.from(`${lines.join('\n')}\n`);
    });
    const { tamperings } = await verified(server, name);
    expect(named(tamperings)).toEqual([
      { kind: 'record-moved', was: 50, now: 899 },
      { kind: 'record-removed', was: 301, now: null },
      { kind: 'record-added', was: null, now: 999 },
    ]);
  });

  test('that can no longer be read, or is gone, says so', async () => {
    const first = await made();
    alter(await digestOf(first.name), (bytes) => Buffer.from(bytes.toString().replace('\n617,', '\nsix,')));
    const unreadable = await verified(server, first.name);
    expect(named(unreadable.tamperings)).toEqual([
      { kind: 'content-unreadable', was: null, now: null },
      { kind: 'record-altered', was: 617, now: null },
    ]);
    const why = unreadable.tamperings.find(({ kind }) => kind === 'content-unreadable');
    expect(why?.message).toMatch(/line 619/);
    expect(why?.message).not.toMatch(/six/);
    const second = await made();
    rmSync(objectPath(server, await digestOf(second.name)));
    const gone = await verified(server, second.name);
    expect(gone.tamperings).toMatchObject([{ kind: 'content-missing', where: 'a.csv' }]);
  });

  test('names every record that was altered, also those that can no longer be read', async () => {
    const { name } = await made();
    alter(await digestOf(name), (bytes) =>
      Buffer.from(
        bytes
          .toString()
          .replace('\n100,', '\n1oo,')
          .replace('\n400,01001,', '\n400,01009,')
          .replace('\n700,01000,', '\n700,01000,x')
          .replace('\n900,', '\n9OO,'),
      ),
    );
    const { tamperings } = await verified(server, name);
    const rows = tamperings.flatMap(({ kind, was }) => (kind.startsWith('record') ? [was] : []));
    expect(rows).toEqual([100, 400, 700, 900]);
  });

  test('of JSON lines names the record whose value is of another type, and a cut one', async () => {
    const lines = Array.from({ length: 300 }, (_, id) => JSON.stringify({ id, text: `text ${id}` }));
    const { name } = await made({ 'a.jsonl': `${lines.join('\n')}\n` }, { format: 'jsonl' });
    alter(await digestOf(name), (bytes) =>
      Buffer.from(bytes.toString().replace('"id":120,', '"id":"x",').replace('"text 250"}', '"text 250"')),
    );
    const { tamperings } = await verified(server, name);
    const rows = tamperings.flatMap(({ kind, was }) => (kind.startsWith('record') ? [was] : []));
    expect(rows).toContain(120);
    expect(rows).toContain(250);
    expect(rows.length).toBeLessThan(5);
  });

  test('into which something was put that is no record says so', async () => {
    const { name } = await made();
    alter(await digestOf(name), (bytes) =>
      Buffer.from(bytes.toString().replace('\n300,', '\nnothing\n300,')),
    );
    const { tamperings } = await verified(server, name);
    expect(tamperings.map(({ kind }) => kind)).toEqual([
      'content-damaged',
      'content-unreadable',
      'record-added',
    ]);
  });

  test('of texts names the text that was altered', async () => {
    const texts = { 'a.txt': 'one', 'b.txt': 'two', 'c.txt': 'three' };
    const { name } = await made(texts, { format: 'texts' });
    alter(await digestOf(name, 'b.txt'), () => Buffer.from('TWO'));
    const { tamperings } = await verified(server, name);
    expect(named(tamperings)).toEqual([{ kind: 'record-altered', was: 1, now: 1 }]);
  });
});

describe('the stored hashes', () => {
  test('name themselves where the content is intact', async () => {
    const { name, version } = await made();
    alter(version.leaves ?? '', (bytes) => {
      bytes[64 + 32 * 421] = (bytes[64 + 32 * 421] as number) ^ 1;
      return bytes;
    });
    const { state, tamperings } = await verified(server, name);
    expect(state).toBe('tampered');
    expect(named(tamperings)).toEqual([{ kind: 'leaf-changed', was: 421, now: 421 }]);
  });

  test('changed together with the content: the blocks of 256 records still tell where', async () => {
    const { name, version } = await made();
    alter(version.leaves ?? '', (bytes) => bytes.fill(7, 64 + 32 * 421, 64 + 32 * 422));
    alter(await digestOf(name), (bytes) =>
      Buffer.from(bytes.toString().replace('\n421,01001,', '\n421,01009,')),
    );
    const { tamperings } = await verified(server, name);
    expect(named(tamperings)).toEqual([
      { kind: 'leaf-changed', was: 256, now: null },
      { kind: 'block-changed', was: 256, now: null },
    ]);
  });

  test('cut off, or gone', async () => {
    const first = await made();
    alter(first.version.leaves ?? '', (bytes) => bytes.subarray(0, 1_000));
    const cut = await verified(server, first.name);
    expect(cut.tamperings).toMatchObject([{ kind: 'leaves-damaged' }]);
    const second = await made();
    rmSync(objectPath(server, second.version.leaves ?? ''));
    expect((await verified(server, second.name)).tamperings).toMatchObject([
      { kind: 'leaves-damaged', where: 'leaves' },
    ]);
  });
});

describe('the database', () => {
  test('is held against the audit log: root, rows, source, files', async () => {
    const { name, version } = await made();
    const other = await made({ 'a.csv': loans(999) });
    await server.open.pool.query('update data_versions set root = $1, rows = 999, batch = $2 where id = $3', [
      other.version.root,
      'forged',
      version.id,
    ]);
    const { state, tamperings } = await verified(server, name);
    expect(state).toBe('tampered');
    expect(tamperings.map(({ kind, where }) => `${kind} ${where}`)).toEqual([
      'row-changed data_versions.rows',
      'row-changed data_versions.root',
      'row-changed data_versions.batch',
    ]);
  });

  test('made to name other content: what was swapped is told, record by record', async () => {
    const { name, version } = await made();
    const forged = await made({
      'a.csv': loans(1_000, (row, cells) => (row === 77 ? [...cells.slice(0, 3), 'refused!'] : cells)),
    });
    await server.open.pool.query(
      'update data_version_files set (sha256, size) = (select sha256, size from data_version_files where version_id = $1) where version_id = $2',
      [forged.version.id, version.id],
    );
    await server.open.pool.query(
      `update data_versions v set root = f.root, leaves = f.leaves, blocks = f.blocks from data_versions f
       where f.id = $1 and v.id = $2`,
      [forged.version.id, version.id],
    );
    const { tamperings } = await verified(server, name);
    expect(tamperings.filter(({ kind }) => kind === 'row-changed').map(({ where }) => where)).toEqual([
      'data_versions.root',
      'data_versions.leaves',
      'data_versions.blocks',
      'data_version_files',
    ]);
    expect(named(tamperings.filter(({ kind }) => kind === 'record-altered'))).toEqual([
      { kind: 'record-altered', was: 77, now: 77 },
    ]);
  });

  test('with the audit entry changed as well is told too', async () => {
    const { name, version } = await made();
    const { pool } = server.open;
    await pool.query('alter table audit_entries disable trigger user');
    await pool.query(
      `update audit_entries set detail = jsonb_set(detail, '{rows}', '5') where subject = $1`,
      [`dataset-version:${version.id}`],
    );
    await pool.query('alter table audit_entries enable trigger user');
    const { tamperings } = await verified(server, name);
    expect(tamperings.map(({ kind }) => kind)).toEqual(['audit-changed', 'audit-missing']);
  });
});

test('verifications are listed, newest first, and one that is under way is not begun twice', async () => {
  const { name } = await made();
  const params = { dataset: name, version: '1' };
  const [one, two] = await Promise.all([
    server.call('data.versions.verify', { principal: ADA, params }) as Promise<{ id: string }>,
    server.call('data.versions.verify', { principal: ADA, params }) as Promise<{ id: string }>,
  ]);
  expect(two.id).toBe(one.id);
  await verified(server, name);
  const { items }: { items: { state: string }[] } = await server.call('data.versions.verifications', {
    params,
  });
  expect(items.map(({ state }) => state)).toContain('intact');
});
