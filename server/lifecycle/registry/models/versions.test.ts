import type { VersionComparison } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '../../../kernel/error.ts';
import { openDatabase } from '../../../platform/database/index.ts';
import { type FileRef, versionDigest } from '../model.ts';
import { code, registryOn, startRegistry, storeFiles, type TestRegistry } from './testing.ts';

let all: TestRegistry;
let server: TestRegistry['server'];
let models: TestRegistry['models'];
let created: TestRegistry['created'];
let files: TestRegistry['files'];
let ada: TestRegistry['ada'];
let fresh: TestRegistry['fresh'];
let modelWith: TestRegistry['modelWith'];
let actions: TestRegistry['actions'];
beforeAll(async () => {
  all = await startRegistry();
  ({ server, models, created, files, ada, fresh, modelWith, actions } = all);
}, 300_000);
afterAll(() => all?.close());

describe('versions', () => {
  test('carry what they are made of, and are found by number, alias and latest', async () => {
    const model = await modelWith(0);
    const version = await models.createVersion(ada, model.name, {
      files: files.toReversed(),
      description: 'first',
      tags: { stage: 'trial' },
      alias: 'champion',
      runId: 'run-1',
      source: 'models:/m-1',
      metrics: [
        { key: 'auc', value: 0.9 },
        { key: 'loss', value: 'NaN' },
      ],
      datasets: [{ name: 'loans', digest: 'abc', context: 'training', source: 's3://loans' }],
    });
    expect(created).toContain(version.id);
    expect(version).toMatchObject({
      version: 1,
      status: 'ready',
      digest: versionDigest(files),
      aliases: ['champion'],
    });
    for (const ref of ['1', 'champion', 'latest']) {
      expect(
        await server.call('models.version', { params: { model: model.name, version: ref } }),
      ).toMatchObject({
        id: version.id,
        version: 1,
        files: { count: 2, bytes: 9 },
        tags: { stage: 'trial' },
        metrics: [
          { key: 'auc', value: 0.9 },
          { key: 'loss', value: 'NaN' },
        ],
        datasets: [{ name: 'loans', digest: 'abc', context: 'training', source: 's3://loans' }],
        scan: { state: null, verdict: null, quarantined: false },
        signatures: { state: 'unsigned' },
        base: null,
        inherited: [],
        may: { write: true, manage: true, reason: '' },
      });
    }
    for (const ref of ['2', 'nobody', '2147483648', '9999999999']) {
      await expect(models.version(ada, model.id, ref)).rejects.toThrow(code('not_found'));
    }
    const page: { items: { path: string }[]; next: string | null } = await server.call('models.files', {
      params: { model: model.id, version: 'latest' },
      query: { limit: '1' },
    });
    expect(page.items.map(({ path }) => path)).toEqual(['config.json']);
    const rest: typeof page = await server.call('models.files', {
      params: { model: model.id, version: 'latest' },
      query: { limit: '1', cursor: page.next },
    });
    expect(rest).toMatchObject({ items: [{ path: 'model.safetensors', size: 7, format: '' }], next: null });
  });

  test('of one model get different numbers from two servers that race', async () => {
    const model = await modelWith(0);
    const other = openDatabase(server.open.url, { maxConnections: 5 });
    try {
      const beside = registryOn(other).models;
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 ? models : beside).createVersion(ada, model.id, { files }),
        ),
      );
      expect(all.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
    } finally {
      await other.close();
    }
  });

  test('never get the number of one that was removed', async () => {
    const model = await modelWith(2);
    await server.call('models.removeVersion', { params: { model: model.id, version: '2' } });
    await expect(models.version(ada, model.id, 2)).rejects.toThrow(code('not_found'));
    expect(await models.createVersion(ada, model.id, { files })).toMatchObject({ version: 3 });
    const { rows } = await server.open.pool.query(
      'select count(*) as n from model_version_files f join model_versions v on v.id = f.version_id where v.model_id = $1 and v.version = 2',
      [model.id],
    );
    expect(rows[0]?.n).toBe(0);
  });

  test('need content that lies in the store, of the size that is said', async () => {
    const model = await modelWith(0);
    const [file] = files as [FileRef];
    for (const wrong of [
      { ...file, sha256: 'f'.repeat(64) },
      { ...file, size: file.size + 1 },
    ]) {
      await expect(models.createVersion(ada, model.id, { files: [wrong] })).rejects.toThrow(
        code('invalid_input'),
      );
    }
    await expect(models.createVersion(ada, model.id, { files: [] })).rejects.toThrow(code('invalid_input'));
    // Nothing of the attempts is left, not even a number.
    expect(await models.createVersion(ada, model.id, { files })).toMatchObject({ version: 1 });
    expect((await models.showModel(ada, model.id)).versions).toBe(1);
  });

  test('can be pending, and get their files once and for good', async () => {
    const model = await modelWith(0);
    const pending = await models.createVersion(ada, model.id, { files: null });
    expect(pending).toMatchObject({ status: 'pending', digest: null, fileCount: 0 });
    expect(created).not.toContain(pending.id);
    await expect(models.setAlias(ada, model.id, 'champion', 1)).rejects.toThrow(code('conflict'));
    await expect(models.version(ada, model.id, 'latest')).rejects.toThrow(code('not_found'));
    const outcomes = await Promise.allSettled([
      models.finishVersion(ada, pending.id, files),
      models.finishVersion(ada, pending.id, files.slice(1)),
    ]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(created.filter((id) => id === pending.id)).toHaveLength(1);
    const done = await models.versionById(ada, pending.id);
    expect(versionDigest(await models.files(pending.id))).toBe(done.digest);
    await expect(models.failVersion(ada, pending.id, 'too late')).rejects.toThrow(code('conflict'));
    const failed = await models.createVersion(ada, model.id, { files: null });
    await models.failVersion(ada, failed.id, 'the upload broke off');
    expect(await models.versionById(ada, failed.id)).toMatchObject({
      status: 'failed',
      statusMessage: 'the upload broke off',
      digest: null,
    });
  });

  test('inside a caller’s transaction appear with it or not at all, and are announced by the caller', async () => {
    const model = await modelWith(0);
    let id = '';
    await expect(
      server.open.database.transaction().execute(async (tx) => {
        id = (await models.createVersion(ada, model.id, { files }, tx)).id;
        throw new AppError('conflict', 'something else went wrong');
      }),
    ).rejects.toThrow(code('conflict'));
    await expect(models.versionById(ada, id)).rejects.toThrow(code('not_found'));
    expect(await actions(`version:${id}`)).toEqual([]);
    const version = await server.open.database
      .transaction()
      .execute((tx) => models.createVersion(ada, model.id, { files }, tx));
    expect(created).not.toContain(version.id);
    models.announce(version);
    expect(created).toContain(version.id);
  });

  test('change description and tags, never files', async () => {
    const model = await modelWith(1);
    const params = { model: model.id, version: '1' };
    await server.call('models.updateVersion', { params, body: { description: 'better' } });
    const tagged = await server.call('models.tagVersion', {
      params,
      body: { set: { a: '1', b: '2' }, remove: [] },
    });
    expect(tagged).toMatchObject({
      description: 'better',
      tags: { a: '1', b: '2' },
      digest: versionDigest(files),
    });
    await server.call('models.tagVersion', { params, body: { remove: ['a'] } });
    expect(await server.call('models.version', { params })).toMatchObject({ tags: { b: '2' } });
    expect(await actions(`version:${(tagged as { id: string }).id}`)).toEqual([
      'models.version-added',
      'models.version-changed',
      'models.version-tagged',
      'models.version-tagged',
    ]);
  });
});

test('two versions side by side', async () => {
  const first = await storeFiles(server.objects, { a: '1', b: '2', same: '3' });
  const second = await storeFiles(server.objects, { b: 'other', c: '4', same: '3' });
  const old = {
    id: '1',
    check: 'artifacts/pickle',
    severity: 'high',
    message: 'calls os.system',
    path: 'b',
  } as const;
  const kept = { ...old, id: '2', path: 'same' };
  const fresher = { ...old, id: '3', message: 'calls eval' };
  const { id } = await models.createModel(ada, { name: fresh() });
  const one = await models.createVersion(ada, id, {
    files: first,
    tags: { a: '1', b: '2' },
    metrics: [{ key: 'auc', value: 0.8 }],
  });
  const two = await models.createVersion(ada, id, {
    files: second,
    tags: { b: '2', c: '3' },
    metrics: [
      { key: 'auc', value: 0.9 },
      { key: 'f1', value: 'NaN' },
    ],
  });
  const judged = registryOn(server.open, {
    scans: {
      files: async () => new Map([['c', { format: 'pickle', verdict: 'malicious' as const }]]),
      findings: async (versionId) => (versionId === one.id ? [old, kept] : [fresher, { ...kept, id: '9' }]),
    },
  });
  const sides = [
    { model: id, ref: '1' },
    { model: id, ref: String(two.version) },
  ] as const;
  const found: VersionComparison = await judged.models.compare(ada, ...sides);
  expect(found).toMatchObject({
    sameContent: false,
    files: {
      same: 1,
      counts: { added: 1, removed: 1, changed: 1 },
      added: [{ path: 'c' }],
      removed: [{ path: 'a' }],
      changed: [{ path: 'b', from: { size: 1 }, to: { size: 5 } }],
    },
    metrics: [
      { key: 'auc', from: 0.8, to: 0.9 },
      { key: 'f1', from: null, to: 'NaN' },
    ],
    tags: [
      { key: 'a', from: '1', to: null },
      { key: 'c', from: null, to: '3' },
    ],
    findings: { same: 1, counts: { added: 1, removed: 1 }, added: [fresher], removed: [old] },
  });
  expect(await models.compare(ada, sides[0], sides[0])).toMatchObject({
    sameContent: true,
    findings: null,
  });
  const page = await judged.models.listFiles(ada, id, '2', { limit: 10 });
  expect(page.items.map(({ path, format, verdict }) => [path, format, verdict])).toEqual([
    ['b', '', null],
    ['c', 'pickle', 'malicious'],
    ['same', '', null],
  ]);
});
