import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '../../../kernel/error.ts';
import { openDatabase } from '../../../platform/database/index.ts';
import { cuttable } from '../../../platform/database/testing.ts';
import { versionDigest } from '../model.ts';
import { code, registryOn, startRegistry, type TestRegistry } from './testing.ts';

let all: TestRegistry;
let server: TestRegistry['server'];
let models: TestRegistry['models'];
let files: TestRegistry['files'];
let ada: TestRegistry['ada'];
let fresh: TestRegistry['fresh'];
let modelWith: TestRegistry['modelWith'];
let actions: TestRegistry['actions'];
beforeAll(async () => {
  all = await startRegistry();
  ({ server, models, files, ada, fresh, modelWith, actions } = all);
}, 300_000);
afterAll(() => all?.close());

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
    const there = await Promise.all(Array.from({ length: 6 }, () => models.ensureModel(ada, { name })));
    expect(new Set(there.map(({ model }) => model.id)).size).toBe(1);
    expect(there.filter(({ created }) => created)).toHaveLength(1);
    const raced = fresh();
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, () => models.createModel(ada, { name: raced })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict' });
    }
  });

  test.each([['a/b'], ['a:b'], [''], ['..'], ['a\u0007'], [randomUUID()], ['x'.repeat(257)]])(
    'cannot be named %j',
    async (name) => {
      await expect(models.createModel(ada, { name })).rejects.toThrow(code('invalid_input'));
      await expect(server.call('models.create', { body: { name } })).rejects.toThrow();
    },
  );

  test('keep text that the database cannot hold out', async () => {
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
      await expect(models.setAlias(ada, model.id, alias, 1)).rejects.toThrow(code('invalid_input'));
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
        models.setStage(ada, model.id, version, { stage: 'production', archiveExisting: true }),
      ),
    );
    expect((await models.showModel(ada, model.id)).production).toHaveLength(1);
  });

  test('what is in production is not removed, unless forced', async () => {
    const model = await modelWith(2);
    await models.setStage(ada, model.id, 1, { stage: 'production', archiveExisting: false });
    await models.setAlias(ada, model.id, 'production', 2);
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
    await expect(models.model(ada, model.id)).rejects.toThrow(code('not_found'));
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

test('a database that goes away leaves whole versions or none, and no number is lost', async () => {
  const model = await modelWith(0);
  const line = await cuttable(server.open.url);
  const open = openDatabase(line.url, { maxConnections: 4 });
  try {
    const shaky = registryOn(open);
    let answered = 0;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 16 }, async () => {
        const version = await shaky.models.createVersion(ada, model.id, { files, tags: { a: '1' } });
        if (++answered === 3) line.cut();
        return version.id;
      }),
    );
    const done = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(done.length).toBeGreaterThanOrEqual(3);
    expect(done.length).toBeLessThan(16);
    expect(shaky.created.toSorted()).toEqual(done.toSorted());
    line.heal();
    const again = () =>
      shaky.models.createVersion(ada, model.id, { files }).then(
        ({ id }) => id,
        () => '',
      );
    await expect.poll(again, { timeout: 30_000, interval: 100 }).not.toBe('');

    const { items } = await models.listVersions(ada, model.id, { limit: 50 });
    expect(items.map(({ version }) => version)).toEqual(items.map((_, index) => items.length - index));
    expect(items.map(({ id }) => id)).toEqual(expect.arrayContaining(done));
    for (const { id, digest, status } of items) {
      expect([status, versionDigest(await models.files(id))]).toEqual(['ready', digest]);
      expect((await actions(`version:${id}`))[0]).toBe('models.version-added');
    }
  } finally {
    await open.close();
    line.server.close();
  }
}, 300_000);
