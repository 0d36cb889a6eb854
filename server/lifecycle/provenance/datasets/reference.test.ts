import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLeafFile, openDataset } from '@bartizan/checks/datasets/read/index.ts';
import {
  createProfiler,
  createRecordEncoder,
  createRecordTree,
  hashRecords,
} from '@bartizan/checks/datasets/records/index.ts';
import type { DatasetVersion } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestServer, type TestServer } from '../../testing.ts';
import { ADA, bytesOf, latestOf, loans, PURPOSE, pushed, verified, versionOf } from './testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
});
afterAll(() => server?.close());

/** What a client makes of data that stay where they are. */
async function referenceOf(
  content: string,
  change: (manifest: Record<string, unknown>) => object = (one) => one,
) {
  const folder = mkdtempSync(join(tmpdir(), 'bartizan-reference-'));
  const path = join(folder, 'a.csv');
  writeFileSync(path, content);
  const data = await openDataset(path);
  const encoder = createRecordEncoder(data.schema);
  const [tree, profiler] = [createRecordTree(), createProfiler(data.schema)];
  const writer = await createLeafFile(join(folder, 'leaves'), encoder.schemaDigest);
  for await (const chunk of data.chunks()) {
    const hashes = hashRecords(encoder.encode(chunk));
    tree.append(hashes);
    await writer.append(hashes);
    profiler.add(chunk);
  }
  await writer.close();
  await data.close();
  const { size: rows, root } = tree.head();
  const manifest = {
    schema: data.schema,
    profile: profiler.profile(),
    rows,
    root: Buffer.from(root).toString('hex'),
    location: 's3://bucket/loans.csv',
    bytes: data.bytes,
  };
  const leaves = readFileSync(join(folder, 'leaves'));
  rmSync(folder, { recursive: true });
  return { leaves, 'version.json': JSON.stringify(change(manifest)) };
}

describe('a push by reference', () => {
  test('keeps hashes and profile, and says that the client measured them', async () => {
    const files = await referenceOf(loans(300));
    const made = await versionOf(server, 'referred', files, { storage: 'reference', label: 'approved' });
    expect(made).toMatchObject({
      storage: 'reference',
      location: 's3://bucket/loans.csv',
      measuredBy: 'client',
      content: 'elsewhere',
      rows: 300,
      bytes: loans(300).length,
    });
    const byValue = await versionOf(server, 'by-value', { 'a.csv': loans(300) });
    expect(made.root).toBe(byValue.root);
    const { profile }: DatasetVersion = await server.call('data.versions.get', {
      params: latestOf('referred'),
    });
    expect(profile?.columns[0]?.top).toEqual([]);
    const read = server.call('data.versions.records', {
      principal: ADA,
      params: latestOf('referred'),
      headers: PURPOSE,
    });
    await expect(read).rejects.toMatchObject({ code: 'gone', hint: 'They lie at s3://bucket/loans.csv.' });
    expect(await verified(server, 'referred')).toMatchObject({
      state: 'intact',
      contentRead: false,
      rows: 300,
    });
    const leaves = await bytesOf(
      await server.call('data.versions.leaves', { headers: PURPOSE, params: latestOf('referred') }),
    );
    expect(leaves.equals(files.leaves)).toBe(true);
  });

  test.each([
    ['another root', { root: '0'.repeat(64) }, /root/],
    ['another number of rows', { rows: 299 }, /299|profile/],
    ['credentials in the location', { location: 'https://me:secret@example.com/a.csv' }, /credentials/],
    ['another schema', { schema: { columns: [{ name: 'id', type: { kind: 'text' } }] } }, /schema|profile/],
  ])('with %s is refused', async (_, change, why) => {
    const files = await referenceOf(loans(300), (manifest) => ({ ...manifest, ...change }));
    const push = await pushed(server, 'refused', files, { storage: 'reference' });
    expect(push.state).toBe('failed');
    expect(push.failure).toMatch(why);
  });

  test('of leaves that end within a hash, and of JSON that is nested without end, is refused', async () => {
    const files = await referenceOf(loans(300));
    const cut = await pushed(
      server,
      'refused',
      { ...files, leaves: files.leaves.subarray(0, 1_000) },
      { storage: 'reference' },
    );
    expect(cut.failure).toMatch(/leaf file/);
    const deep = { ...files, 'version.json': '['.repeat(1_000_000) };
    const nested = await pushed(server, 'refused', deep, { storage: 'reference' });
    expect(nested.failure).toMatch(/nested too deep/);
  });
});
