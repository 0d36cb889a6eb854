import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '../../../kernel/error.ts';
import { openDatabase } from '../../../platform/database/index.ts';
import { startTestServer, type TestServer } from '../../testing.ts';
import { type FileRef, versionDigest } from '../model.ts';
import { clean, makeTeam, malicious, person, registryOn, storeFiles } from './testing.ts';

let server: TestServer;
let files: FileRef[];
let registry: ReturnType<typeof registryOn>;
const ada = person();
let made = 0;
/** A name that no other test uses. */
const fresh = (what = 'model') => `${what} ${++made} ${randomUUID().slice(0, 8)}`;

beforeAll(async () => {
  server = await startTestServer({ background: false });
  registry = registryOn(server.open);
  files = await storeFiles(server.objects, { 'model.safetensors': 'weights', 'config.json': '{}' });
}, 60_000);
afterAll(() => server?.close());

const code = (expected: string) => expect.objectContaining({ code: expected });
const actions = async (subject: string) =>
  (await server.audited()).filter((entry) => entry.subject === subject).map(({ action }) => action);

async function modelWith(versions: number, name = fresh()) {
  const { models } = registry;
  const model = await models.createModel(ada, { name });
  for (let n = 0; n < versions; n++) await models.createVersion(ada, model.id, { files });
  return model;
}

describe('models', () => {
  test('are registered once, changed, tagged and removed, and all of that is audited', async () => {
    const name = fresh();
    const model: { id: string } = await server.call('models.create', {
      body: { name, description: 'of loans', tags: { task: 'scoring' } },
    });
    await expect(server.call('models.create', { body: { name } })).rejects.toThrow(code('conflict'));
    await server.call('models.tag', {
      params: { model: name },
      body: { set: { owner: 'ada' }, remove: ['task'] },
    });
    const renamed = fresh('renamed');
    const changed: { tags: object; description: string } = await server.call('models.update', {
      params: { model: model.id },
      body: { name: renamed },
    });
    expect(changed).toMatchObject({
      name: renamed,
      description: 'of loans',
      tags: { owner: 'ada' },
      versions: 0,
    });
    await expect(server.call('models.get', { params: { model: name } })).rejects.toThrow(code('not_found'));
    await server.call('models.remove', { params: { model: renamed } });
    await expect(server.call('models.get', { params: { model: model.id } })).rejects.toThrow(
      code('not_found'),
    );
    expect(await actions(`model:${model.id}`)).toEqual([
      'models.registered',
      'models.tagged',
      'models.changed',
      'models.removed',
    ]);
    // The name is free again.
    await expect(server.call('models.create', { body: { name: renamed } })).resolves.toMatchObject({
      name: renamed,
    });
  });

  test('of one name are one, however many ask at once', async () => {
    const name = fresh();
    const there = await Promise.all(
      Array.from({ length: 6 }, () => registry.models.ensureModel(ada, { name })),
    );
    expect(new Set(there.map(({ model }) => model.id)).size).toBe(1);
    expect(there.filter(({ created }) => created)).toHaveLength(1);
    const raced = fresh();
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, () => registry.models.createModel(ada, { name: raced })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict' });
    }
  });

  test.each([['a/b'], ['a:b'], [''], ['..'], ['a\u0007'], [randomUUID()], ['x'.repeat(257)]])(
    'cannot be named %j',
    async (name) => {
      await expect(registry.models.createModel(ada, { name })).rejects.toThrow(code('invalid_input'));
      await expect(server.call('models.create', { body: { name } })).rejects.toThrow();
    },
  );

  test('keep text that the database cannot hold out', async () => {
    const { models } = registry;
    const model = await modelWith(1);
    await expect(models.createModel(ada, { name: fresh(), description: 'a\0b' })).rejects.toThrow(
      code('invalid_input'),
    );
    await expect(models.tagModel(ada, model.id, { set: { a: '\ud800' }, remove: [] })).rejects.toThrow(
      code('invalid_input'),
    );
    await expect(models.model(ada, 'a\0b')).rejects.toThrow(code('not_found'));
    await expect(models.version(ada, model.id, 'a\0b')).rejects.toThrow(code('not_found'));
    await expect(models.createVersion(ada, model.id, { files, source: 'a\0b' })).rejects.toThrow(
      code('invalid_input'),
    );
  });
});

describe('versions', () => {
  test('carry what they are made of, and are found by number, alias and latest', async () => {
    const model = await modelWith(0);
    const version = await registry.models.createVersion(ada, model.name, {
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
    expect(registry.created).toContain(version.id);
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
      await expect(registry.models.version(ada, model.id, ref)).rejects.toThrow(code('not_found'));
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
      const beside = registryOn(other);
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 ? registry : beside).models.createVersion(ada, model.id, { files }),
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
    await expect(registry.models.version(ada, model.id, 2)).rejects.toThrow(code('not_found'));
    expect(await registry.models.createVersion(ada, model.id, { files })).toMatchObject({ version: 3 });
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
      await expect(registry.models.createVersion(ada, model.id, { files: [wrong] })).rejects.toThrow(
        code('invalid_input'),
      );
    }
    await expect(registry.models.createVersion(ada, model.id, { files: [] })).rejects.toThrow(
      code('invalid_input'),
    );
    // Nothing of the attempts is left, not even a number.
    expect(await registry.models.createVersion(ada, model.id, { files })).toMatchObject({ version: 1 });
    expect((await registry.models.showModel(ada, model.id)).versions).toBe(1);
  });

  test('can be pending, and get their files once and for good', async () => {
    const { models, created } = registry;
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
    const { models, created } = registry;
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

describe('stages and aliases', () => {
  test('an alias names one version, and moves', async () => {
    const model = await modelWith(2);
    const params = { model: model.id, alias: 'champion' };
    await server.call('models.setAlias', { params, body: { version: 1 } });
    await server.call('models.setAlias', { params, body: { version: 2 } });
    expect(await server.call('models.get', { params: { model: model.id } })).toMatchObject({
      aliases: [{ alias: 'champion', version: 2 }],
    });
    await server.call('models.removeAlias', { params });
    await expect(server.call('models.removeAlias', { params })).rejects.toThrow(code('not_found'));
    for (const alias of ['latest', 'v1', '7', 'a b']) {
      await expect(registry.models.setAlias(ada, model.id, alias, 1)).rejects.toThrow(code('invalid_input'));
    }
  });

  test('moving to production archives the others where that is asked for', async () => {
    const model = await modelWith(3);
    const move = (version: string, body: object) =>
      server.call('models.stage', { params: { model: model.id, version }, body });
    await move('1', { stage: 'production' });
    await move('2', { stage: 'production' });
    await move('3', { stage: 'production', archiveExisting: true });
    const { items }: { items: { version: number; stage: string }[] } = await server.call('models.versions', {
      params: { model: model.id },
    });
    expect(items.map(({ version, stage }) => [version, stage])).toEqual([
      [3, 'production'],
      [2, 'archived'],
      [1, 'archived'],
    ]);
    await expect(move('1', { stage: 'none', archiveExisting: true })).rejects.toThrow(code('invalid_input'));
  });

  test('two servers that move at once leave one version in the stage', async () => {
    const model = await modelWith(6);
    await Promise.all(
      [1, 2, 3, 4, 5, 6].map((version) =>
        registry.models.setStage(ada, model.id, version, { stage: 'production', archiveExisting: true }),
      ),
    );
    expect((await registry.models.showModel(ada, model.id)).production).toHaveLength(1);
  });

  test('what is in production is not removed, unless forced', async () => {
    const model = await modelWith(2);
    await registry.models.setStage(ada, model.id, 1, { stage: 'production', archiveExisting: false });
    await registry.models.setAlias(ada, model.id, 'production', 2);
    for (const version of ['1', '2']) {
      await expect(
        server.call('models.removeVersion', { params: { model: model.id, version } }),
      ).rejects.toThrow(code('conflict'));
    }
    await expect(server.call('models.remove', { params: { model: model.id } })).rejects.toThrow(
      code('conflict'),
    );
    await server.call('models.removeVersion', {
      params: { model: model.id, version: '1' },
      query: { force: 'true' },
    });
    await server.call('models.remove', { params: { model: model.id }, query: { force: 'true' } });
    await expect(registry.models.model(ada, model.id)).rejects.toThrow(code('not_found'));
  });

  test('a rule of another part refuses alias and stage, and nothing of it stays', async () => {
    const strict = registryOn(server.open, {
      demandPromotable: async ({ to }) => {
        if ('alias' in to ? to.alias === 'champion' : to.stage === 'production') {
          throw new AppError('conflict', 'it is not signed');
        }
      },
    });
    const model = await modelWith(1);
    await expect(strict.models.setAlias(ada, model.id, 'champion', 1)).rejects.toThrow('it is not signed');
    await expect(
      strict.models.setStage(ada, model.id, 1, { stage: 'production', archiveExisting: false }),
    ).rejects.toThrow('it is not signed');
    await expect(strict.models.createVersion(ada, model.id, { files, alias: 'champion' })).rejects.toThrow(
      'it is not signed',
    );
    expect(await strict.models.showModel(ada, model.id)).toMatchObject({
      versions: 1,
      aliases: [],
      production: [],
    });
  });
});

describe('lists', () => {
  test('page through every model once, in each order', async () => {
    const mark = randomUUID().slice(0, 8);
    const names = ['Beta', 'alpha', 'gamma', 'Delta', 'Émile'].map((name) => `${name} ${mark}`);
    for (const name of names) await registry.models.createModel(ada, { name });
    for (const [order, direction] of [
      ['name', 'asc'],
      ['name', 'desc'],
      ['updated', 'desc'],
      ['created', 'asc'],
    ] as const) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page: { items: { name: string }[]; next: string | null } = await server.call('models.list', {
          query: { q: mark, order, direction, limit: '2', ...(cursor ? { cursor } : {}) },
        });
        seen.push(...page.items.map(({ name }) => name));
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      expect(seen.toSorted()).toEqual(names.toSorted());
      if (order === 'created') expect(seen).toEqual(names);
    }
    await expect(server.call('models.list', { query: { cursor: 'nonsense' } })).rejects.toThrow(
      code('invalid_input'),
    );
    const forged = Buffer.from(JSON.stringify(['x', "'; drop table models"])).toString('base64url');
    await expect(server.call('models.list', { query: { cursor: forged } })).rejects.toThrow(
      code('invalid_input'),
    );
  });

  test('find by name, prefix, words, tag, team, verdict and stage', async () => {
    const mark = randomUUID().slice(0, 8);
    const one = await registry.models.createModel(ada, { name: `${mark}-a%_`, tags: { kind: 'llm=big' } });
    const two = await registry.models.createModel(ada, { name: `${mark}-b`, description: 'For Loans' });
    await registry.models.createVersion(ada, two.id, { files });
    const find = async (query: object): Promise<string[]> => {
      const { items }: { items: { id: string }[] } = await server.call('models.list', {
        query: { prefix: mark, ...query },
      });
      return items.map(({ id }) => id);
    };
    expect(await find({})).toEqual([one.id, two.id]);
    expect(await find({ name: `${mark}-a%_` })).toEqual([one.id]);
    expect(await find({ q: '%_' })).toEqual([one.id]);
    expect(await find({ q: 'for loans' })).toEqual([two.id]);
    expect(await find({ tag: 'kind' })).toEqual([one.id]);
    expect(await find({ tag: 'kind=llm=big' })).toEqual([one.id]);
    expect(await find({ tag: 'kind=llm' })).toEqual([]);
    expect(await find({ team: 'none' })).toEqual([one.id, two.id]);
    expect(await find({ team: randomUUID() })).toEqual([]);
    expect(await find({ verdict: 'none' })).toEqual([two.id]);
    const { id } = await registry.models.version(ada, two.id, 1);
    await registry.models.noteScan(id, malicious);
    expect(await find({ verdict: 'malicious' })).toEqual([two.id]);
    expect(await find({ quarantined: 'yes' })).toEqual([two.id]);
    expect(await find({ stage: 'production' })).toEqual([]);
    expect(await registry.models.showModel(ada, two.id)).toMatchObject({
      worstVerdict: 'malicious',
      quarantined: 1,
      unscanned: 0,
      latestVersion: { version: 1, verdict: 'malicious' },
    });
    await registry.models.createVersion(ada, two.id, { files });
    await registry.models.noteScan((await registry.models.version(ada, two.id, 2)).id, clean);
    const { items }: { items: { version: number }[] } = await server.call('models.versions', {
      params: { model: two.id },
      query: { verdict: 'clean' },
    });
    expect(items.map(({ version }) => version)).toEqual([2]);
  });

  test('of a fresh instance are empty', async () => {
    const nobody = person([]);
    expect(
      await registry.models.listModels(
        { ...nobody, endpoints: new Set() },
        {
          limit: 50,
          order: 'name',
        },
      ),
    ).toEqual({ items: [], next: null });
  });
});

describe('teams', () => {
  test('what is another team’s is answered as what is not there, whatever is asked', async () => {
    const [ours, theirs] = [
      await makeTeam(server.open, fresh('team')),
      await makeTeam(server.open, fresh('team')),
    ];
    const us = person([ours]);
    const them = person([theirs]);
    const model = await registry.models.createModel(them, { name: fresh(), teamId: theirs });
    const version = await registry.models.createVersion(them, model.id, { files, alias: 'champion' });
    const { id: mine } = await registry.models.createModel(us, { name: fresh(), teamId: ours });
    await registry.models.createVersion(us, mine, { files });
    for (const named of [model.id, model.name]) {
      const params = { model: named, version: '1', alias: 'champion' };
      for (const [route, input] of [
        ['models.get', {}],
        ['models.update', { body: { description: 'mine now' } }],
        ['models.tag', { body: { set: { a: 'b' } } }],
        ['models.remove', {}],
        ['models.setAlias', { body: { version: 1 } }],
        ['models.removeAlias', {}],
        ['models.versions', {}],
        ['models.version', {}],
        ['models.updateVersion', { body: { description: 'mine now' } }],
        ['models.tagVersion', { body: { set: { a: 'b' } } }],
        ['models.stage', { body: { stage: 'production' } }],
        ['models.removeVersion', {}],
        ['models.files', {}],
        ['models.lineage', {}],
        ['models.compare', { query: { from: '1', to: '1' } }],
      ] as const) {
        await expect(server.call(route, { params, principal: us, ...input }), route).rejects.toThrow(
          code('not_found'),
        );
      }
      await expect(
        server.call('models.compare', {
          params: { model: mine },
          query: { from: '1', to: '1', toModel: named },
          principal: us,
        }),
      ).rejects.toThrow(code('not_found'));
      await expect(
        registry.models.createVersion(us, mine, {
          files,
          base: { kind: 'version', model: named, version: '1' },
        }),
      ).rejects.toThrow(code('not_found'));
    }
    await expect(registry.models.versionById(us, version.id)).rejects.toThrow(code('not_found'));
    expect(await registry.models.versionsById(us, [version.id])).toEqual([]);
    expect(await registry.models.names(us, [model.id, mine])).toEqual(new Map([[mine, expect.any(String)]]));
    const { items }: { items: { id: string }[] } = await server.call('models.list', {
      principal: us,
      query: { limit: '200' },
    });
    expect(items.map(({ id }) => id)).toContain(mine);
    expect(items.map(({ id }) => id)).not.toContain(model.id);
    await expect(registry.models.ensureModel(us, { name: model.name })).rejects.toThrow(code('conflict'));
  });

  test('models go to one’s own teams only, and nobody takes what is everybody’s', async () => {
    const [ours, theirs] = [
      await makeTeam(server.open, fresh('team')),
      await makeTeam(server.open, fresh('team')),
    ];
    const us = person([ours]);
    await expect(registry.models.createModel(us, { name: fresh(), teamId: theirs })).rejects.toThrow(
      code('invalid_input'),
    );
    await expect(registry.models.createModel(ada, { name: fresh(), teamId: randomUUID() })).rejects.toThrow(
      code('invalid_input'),
    );
    const common = await modelWith(0);
    await expect(registry.models.updateModel(us, common.id, { teamId: ours })).rejects.toThrow(
      code('forbidden'),
    );
    const mine = await registry.models.createModel(us, { name: fresh(), teamId: ours });
    await expect(registry.models.updateModel(us, mine.id, { teamId: theirs })).rejects.toThrow(
      code('invalid_input'),
    );
    await registry.models.updateModel(ada, mine.id, { teamId: theirs });
    await expect(registry.models.model(us, mine.id)).rejects.toThrow(code('not_found'));
  });

  test('a key of one team registers for that team; a key of endpoints reaches no models at all', async () => {
    const ours = await makeTeam(server.open, fresh('team'));
    const key = { ...person([ours]), kind: 'key' as const };
    expect(await registry.models.createModel(key, { name: fresh() })).toMatchObject({ teamId: ours });
    const bound = { ...person(), kind: 'key' as const, endpoints: new Set([randomUUID()]) };
    const model = await modelWith(1);
    await expect(registry.models.model(bound, model.id)).rejects.toThrow(code('not_found'));
    await expect(registry.models.createModel(bound, { name: fresh() })).rejects.toThrow(code('forbidden'));
    expect(await registry.models.listModels(bound, { limit: 50, order: 'name' })).toEqual({
      items: [],
      next: null,
    });
  });
});
