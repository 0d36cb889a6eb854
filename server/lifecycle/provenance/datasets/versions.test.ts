import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyRecord } from '@bartizan/checks/datasets/records/index.ts';
import {
  ALL_PERMISSIONS,
  ALL_ROUTES,
  type DataProof,
  type DataRecords,
  type DatasetDiff,
  type DatasetVersion,
  type DatasetVersionSummary,
  type Permission,
} from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createAuditLog } from '../../../audit/index.ts';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { createRetention } from './retention.ts';
import { ADA, bytesOf, get, latestOf, loans, PURPOSE, pushed, versionOf } from './testing.ts';
import { createVersionStore } from './versions-store.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let server: TestServer;
let nowMs = Date.now();
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true, now: () => nowMs });
  await versionOf(server, 'loans', { 'loans.csv': loans(600) });
});
afterAll(() => server?.close());

const without = (...missing: Permission[]) =>
  principalWith(ALL_PERMISSIONS.filter((one) => !missing.includes(one)));

describe('records', () => {
  test('are shown with the reason on record', async () => {
    const page: DataRecords = await server.call('data.versions.records', {
      principal: ADA,
      params: latestOf('loans'),
      query: { offset: 598, limit: 10 },
      headers: PURPOSE,
    });
    expect(page.items.map(({ row, values }) => [row, ...values])).toEqual([
      [598, 598, '01003', 55_562, 'granted'],
      [599, 599, '01004', 63_481, 'granted'],
    ]);
    expect(page.items[0]?.origin).toBe(0);
    const { id } = (await get(server, 'loans')).latest as DatasetVersionSummary;
    const reads = (await server.audited()).filter(
      ({ action, subject }) => action === 'data.content-read' && subject === `dataset-version:${id}`,
    );
    expect(reads.at(-1)?.detail).toMatchObject({
      what: 'records',
      offset: 598,
      purpose: 'looking into a complaint',
    });
    const custody = (await server.call('dataCustody.list', { params: { dataset: 'loans' } })) as {
      items: { act: string; reason: string }[];
    };
    expect(custody.items).toContainEqual(
      expect.objectContaining({ act: 'read', reason: 'looking into a complaint' }),
    );
  });

  test('leave as the very bytes that came; a folder leaves as an archive', async () => {
    const chunks = await server.call('data.versions.content', {
      principal: ADA,
      params: latestOf('loans'),
      headers: PURPOSE,
    });
    expect((await bytesOf(chunks)).toString()).toBe(loans(600));
    const deep = `a/${'long/'.repeat(24)}name of more than a hundred bytes.txt`;
    await versionOf(server, 'notes', { 'ä.txt': 'umlaut', [deep]: 'deep' }, { format: 'texts' });
    const archive = await bytesOf(
      await server.call('data.versions.content', {
        principal: ADA,
        params: latestOf('notes'),
        headers: PURPOSE,
      }),
    );
    const folder = mkdtempSync(join(tmpdir(), 'bartizan-tar-'));
    writeFileSync(join(folder, 'a.tar'), archive);
    execFileSync('tar', ['-xf', 'a.tar'], { cwd: folder });
    expect(readFileSync(join(folder, 'ä.txt'), 'utf8')).toBe('umlaut');
    expect(readFileSync(join(folder, deep), 'utf8')).toBe('deep');
    rmSync(folder, { recursive: true });
    const one = await server.call('data.versions.content', {
      principal: ADA,
      params: latestOf('notes'),
      query: { path: 'ä.txt' },
      headers: PURPOSE,
    });
    expect((await bytesOf(one)).toString()).toBe('umlaut');
    const none = server.call('data.versions.content', {
      principal: ADA,
      params: latestOf('notes'),
      query: { path: '../../etc/passwd' },
      headers: PURPOSE,
    });
    await expect(none).rejects.toMatchObject({ code: 'not_found' });
  });

  test('are proven to be in the version', async () => {
    const { root } = (await get(server, 'loans')).latest as DatasetVersionSummary;
    for (const row of [0, 255, 256, 599]) {
      const proof: DataProof = await server.call('data.versions.proof', {
        params: latestOf('loans'),
        query: { row },
      });
      const hex = (text: string) => Buffer.from(text, 'hex');
      const head = { size: proof.rows, root: hex(root ?? '') };
      const claim = { index: row, hash: hex(proof.hash), proof: proof.path.map(hex) };
      expect(verifyRecord(head, claim)).toBe(true);
      expect(verifyRecord(head, { ...claim, index: row === 0 ? 1 : row - 1 })).toBe(false);
    }
    const beyond = server.call('data.versions.proof', { params: latestOf('loans'), query: { row: 600 } });
    await expect(beyond).rejects.toMatchObject({ code: 'not_found' });
  });

  test('have hashes that guesses could be tested against: they are content, and reads of them are recorded', async () => {
    for (const id of ['data.versions.leaves', 'data.versions.proof'])
      expect(ALL_ROUTES.find((route) => route.id === id)).toMatchObject({
        access: 'data.content',
        purpose: true,
      });
    const hashes = await bytesOf(
      await server.call('data.versions.leaves', {
        principal: ADA,
        params: latestOf('loans'),
        headers: PURPOSE,
      }),
    );
    expect(hashes.length).toBe(64 + 32 * 600);
    const reads = (await server.audited()).filter(({ action }) => action === 'data.content-read');
    const why = { what: 'hashes', purpose: PURPOSE['bartizan-purpose'] };
    expect(reads.map(({ detail }) => detail)).toContainEqual(expect.objectContaining(why));
    const kept = server.call('data.versions.update', {
      params: latestOf('loans'),
      body: { quarantined: true, reason: 'looking into a complaint' },
    });
    const { number } = (await kept) as DatasetVersionSummary;
    const place = { dataset: 'loans', version: String(number) };
    const reader = principalWith(['data.read', 'data.content']);
    const barred = server.call('data.versions.leaves', {
      principal: reader,
      params: place,
      headers: PURPOSE,
    });
    await expect(barred).rejects.toMatchObject({ code: 'forbidden' });
    const body = { quarantined: false, reason: 'nothing was found' };
    await server.call('data.versions.update', { params: place, body });
  });
});

describe('two versions', () => {
  beforeAll(async () => {
    await versionOf(server, 'diffed', { 'a.csv': loans(400) });
    const lines = loans(400, (row, cells) =>
      row === 33 ? [cells[0] ?? '', cells[1] ?? '', '1.0', 'refused'] : cells,
    )
      .trimEnd()
      .split('\n');
    lines.splice(101, 2);
    await versionOf(server, 'diffed', { 'a.csv': [...lines, '7000,01001,5.0,granted', ''].join('\n') });
  }, 120_000);

  test('differ by place and content', async () => {
    const diff: DatasetDiff = await server.call('data.datasets.diff', {
      params: { dataset: 'diffed' },
      query: { from: '1', to: '2' },
    });
    expect(diff.counts).toEqual({ added: 1, removed: 2, changed: 1, moved: 0, unchanged: 397 });
    expect(diff.entries).toContainEqual({ kind: 'changed', was: 33, now: 33, columns: [] });
    expect(diff).toMatchObject({ same: false, complete: true });
    const backwards: DatasetDiff = await server.call('data.datasets.diff', {
      params: { dataset: 'diffed' },
      query: { from: '2', to: '1', limit: 1 },
    });
    expect(backwards.counts).toMatchObject({ added: 2, removed: 1 });
    expect(backwards.complete).toBe(false);
  });

  test('differ by key, column by column', async () => {
    const diff: DatasetDiff = await server.call('data.datasets.diff', {
      params: { dataset: 'diffed' },
      query: { from: '1', to: '2', key: 'id' },
    });
    expect(diff.counts).toEqual({ added: 1, removed: 2, changed: 1, moved: 0, unchanged: 397 });
    const changed = diff.entries.find(({ kind }) => kind === 'changed');
    expect(changed).toMatchObject({ was: 33, now: 33 });
    expect(changed?.columns).toContain('income');
    const nothing = server.call('data.datasets.diff', {
      params: { dataset: 'diffed' },
      query: { from: '1', to: '2', key: 'nothing' },
    });
    await expect(nothing).rejects.toMatchObject({ code: 'invalid_input' });
  });
});

describe('a version in quarantine', () => {
  test('is not latest, and only who manages data reads it', async () => {
    await versionOf(server, 'suspect', { 'a.csv': loans(100) });
    await versionOf(server, 'suspect', { 'a.csv': loans(120) });
    const body = { quarantined: true, reason: 'the newest delivery looks wrong' };
    await server.call('data.versions.update', { principal: ADA, params: latestOf('suspect'), body });
    expect((await get(server, 'suspect')).latest).toMatchObject({ number: 1 });
    const read = (principal: ReturnType<typeof principalWith>) =>
      server.call('data.versions.records', {
        principal,
        params: { dataset: 'suspect', version: '2' },
        headers: PURPOSE,
      });
    await expect(read(without('data.manage'))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(read(ADA)).resolves.toMatchObject({ rows: 120 });
    await server.call('data.versions.update', {
      principal: ADA,
      params: { dataset: 'suspect', version: '2' },
      body: { quarantined: false, reason: 'looked at, all is well' },
    });
    expect((await get(server, 'suspect')).latest).toMatchObject({ number: 2 });
  });
});

describe('retention and removal', () => {
  test('content that is older than it is kept goes; hashes stay, the newest stays', async () => {
    await versionOf(server, 'old', { 'a.csv': loans(100) });
    await versionOf(server, 'old', { 'a.csv': loans(110) });
    const change = { retentionDays: 30 };
    const update = (principal: ReturnType<typeof principalWith>) =>
      server.call('data.datasets.update', { principal, params: { dataset: 'old' }, body: change });
    await expect(update(without('data.manage'))).rejects.toMatchObject({ code: 'forbidden' });
    await update(ADA);
    nowMs += 31 * 86_400_000;
    const { database } = server.open;
    await createRetention({
      database,
      versions: createVersionStore(database),
      audit: createAuditLog({ database, clock: { now: () => nowMs } }),
      clock: { now: () => nowMs },
      governance: { custody: async () => undefined },
    }).run();
    const first: DatasetVersion = await server.call('data.versions.get', {
      params: { dataset: 'old', version: '1' },
    });
    expect(first).toMatchObject({ content: 'removed', rows: 100, state: 'ready' });
    expect((await get(server, 'old')).latest).toMatchObject({ number: 2, content: 'here' });
    const proof = server.call('data.versions.proof', {
      params: { dataset: 'old', version: '1' },
      query: { row: 5 },
    });
    await expect(proof).resolves.toMatchObject({ row: 5 });
  });

  test('a removed dataset is gone with its content; its name is for those who could see it', async () => {
    const made = await versionOf(server, 'gone', { 'a.csv': loans(130) });
    await server.call('data.datasets.remove', { principal: ADA, params: { dataset: 'gone' } });
    await expect(get(server, 'gone')).rejects.toMatchObject({ code: 'not_found' });
    const { rows } = await server.open.pool.query('select 1 from data_version_files where version_id = $1', [
      made.id,
    ]);
    expect(rows).toEqual([]);
    const again = await versionOf(server, 'gone', { 'a.csv': loans(130) });
    expect(again.datasetId).not.toBe(made.datasetId);
    expect(again.number).toBe(1);
  });
});

describe('teams', () => {
  test('see neither datasets, versions nor content of other teams, by name or id, and cannot take their names', async () => {
    const { rows } = await server.open.pool.query(
      "insert into teams (id, name, description, created_at) values (gen_random_uuid(), 'risk', '', now()), (gen_random_uuid(), 'retail', '', now()) returning id",
    );
    const [risk, retail] = rows.map(({ id }: { id: string }) => id) as [string, string];
    const member = (team: string) => ({ ...principalWith(), ownerId: null, teams: new Set([team]) });
    const [ours, theirs] = [member(risk), member(retail)];
    const made = await versionOf(
      server,
      'risk-loans',
      { 'a.csv': loans(90) },
      { principal: ours, teamId: risk },
    );
    for (const ref of ['risk-loans', made.datasetId])
      for (const [route, extra] of [
        ['data.datasets.get', {}],
        ['data.versions.list', {}],
        ['data.versions.get', { version: '1' }],
        ['data.versions.records', { version: '1' }],
        ['data.versions.content', { version: '1' }],
        ['data.versions.leaves', { version: '1' }],
        ['data.versions.verify', { version: '1' }],
        ['data.datasets.remove', {}],
      ] as const)
        await expect(
          server.call(route, { principal: theirs, params: { dataset: ref, ...extra }, headers: PURPOSE }),
          `${route} ${ref}`,
        ).rejects.toMatchObject({ code: 'not_found' });
    for (const dataset of ['risk-loans', 'Risk-Loans', 'ｒisk-loans'])
      await expect(
        pushed(server, dataset, { 'a.csv': loans(90) }, { principal: theirs }),
      ).rejects.toMatchObject({
        code: 'conflict',
      });
    const list = (await server.call('data.datasets.list', { principal: theirs })) as {
      items: { name: string }[];
    };
    expect(list.items.map(({ name }) => name)).not.toContain('risk-loans');
    const take = server.call('data.datasets.update', {
      principal: theirs,
      params: { dataset: 'loans' },
      body: { teamId: retail },
    });
    await expect(take).rejects.toMatchObject({ code: 'forbidden' });
    await server.call('data.datasets.remove', { principal: ours, params: { dataset: 'risk-loans' } });
    await expect(
      pushed(server, 'risk-loans', { 'a.csv': loans(90) }, { principal: theirs }),
    ).rejects.toMatchObject({ code: 'conflict' });
    const bound = { ...principalWith(), endpoints: new Set(['e']) };
    await expect(
      server.call('data.datasets.get', { principal: bound, params: { dataset: 'loans' } }),
    ).rejects.toMatchObject({ code: 'not_found' });
  });
});
