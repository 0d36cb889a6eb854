import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clean, code, makeTeam, malicious, person, startRegistry, type TestRegistry } from './testing.ts';

let all: TestRegistry;
let server: TestRegistry['server'];
let models: TestRegistry['models'];
let files: TestRegistry['files'];
let ada: TestRegistry['ada'];
let fresh: TestRegistry['fresh'];
let modelWith: TestRegistry['modelWith'];
beforeAll(async () => {
  all = await startRegistry();
  ({ server, models, files, ada, fresh, modelWith } = all);
}, 300_000);
afterAll(() => all?.close());

describe('lists', () => {
  test('page through every model once, in each order', async () => {
    const mark = randomUUID().slice(0, 8);
    const names = ['Beta', 'alpha', 'gamma', 'Delta', 'Émile'].map((name) => `${name} ${mark}`);
    for (const name of names) await models.createModel(ada, { name });
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
    const one = await models.createModel(ada, { name: `${mark}-a%_`, tags: { kind: 'llm=big' } });
    const two = await models.createModel(ada, { name: `${mark}-b`, description: 'For Loans' });
    await models.createVersion(ada, two.id, { files });
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
    const { id } = await models.version(ada, two.id, 1);
    await models.noteScan(id, malicious);
    expect(await find({ verdict: 'malicious' })).toEqual([two.id]);
    expect(await find({ quarantined: 'yes' })).toEqual([two.id]);
    expect(await find({ stage: 'production' })).toEqual([]);
    expect(await models.showModel(ada, two.id)).toMatchObject({
      worstVerdict: 'malicious',
      quarantined: 1,
      unscanned: 0,
      latestVersion: { version: 1, verdict: 'malicious' },
    });
    await models.createVersion(ada, two.id, { files });
    await models.noteScan((await models.version(ada, two.id, 2)).id, clean);
    const { items }: { items: { version: number }[] } = await server.call('models.versions', {
      params: { model: two.id },
      query: { verdict: 'clean' },
    });
    expect(items.map(({ version }) => version)).toEqual([2]);
  });

  test('of a fresh instance are empty', async () => {
    const nobody = person([]);
    expect(
      await models.listModels(
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
    const model = await models.createModel(them, { name: fresh(), teamId: theirs });
    const version = await models.createVersion(them, model.id, { files, alias: 'champion' });
    const { id: mine } = await models.createModel(us, { name: fresh(), teamId: ours });
    await models.createVersion(us, mine, { files });
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
        models.createVersion(us, mine, {
          files,
          base: { kind: 'version', model: named, version: '1' },
        }),
      ).rejects.toThrow(code('not_found'));
    }
    await expect(models.versionById(us, version.id)).rejects.toThrow(code('not_found'));
    expect(await models.versionsById(us, [version.id])).toEqual([]);
    expect(await models.names(us, [model.id, mine])).toEqual(new Map([[mine, expect.any(String)]]));
    const { items }: { items: { id: string }[] } = await server.call('models.list', {
      principal: us,
      query: { limit: '200' },
    });
    expect(items.map(({ id }) => id)).toContain(mine);
    expect(items.map(({ id }) => id)).not.toContain(model.id);
    await expect(models.ensureModel(us, { name: model.name })).rejects.toThrow(code('conflict'));
  });

  test('models go to one’s own teams only, and nobody takes what is everybody’s', async () => {
    const [ours, theirs] = [
      await makeTeam(server.open, fresh('team')),
      await makeTeam(server.open, fresh('team')),
    ];
    const us = person([ours]);
    await expect(models.createModel(us, { name: fresh(), teamId: theirs })).rejects.toThrow(
      code('invalid_input'),
    );
    await expect(models.createModel(ada, { name: fresh(), teamId: randomUUID() })).rejects.toThrow(
      code('invalid_input'),
    );
    const common = await modelWith(0);
    await expect(models.updateModel(us, common.id, { teamId: ours })).rejects.toThrow(code('forbidden'));
    const mine = await models.createModel(us, { name: fresh(), teamId: ours });
    await expect(models.updateModel(us, mine.id, { teamId: theirs })).rejects.toThrow(code('invalid_input'));
    await models.updateModel(ada, mine.id, { teamId: theirs });
    await expect(models.model(us, mine.id)).rejects.toThrow(code('not_found'));
  });

  test('a key of one team registers for that team; a key of endpoints reaches no models at all', async () => {
    const ours = await makeTeam(server.open, fresh('team'));
    const key = { ...person([ours]), kind: 'key' as const };
    expect(await models.createModel(key, { name: fresh() })).toMatchObject({ teamId: ours });
    const bound = { ...person(), kind: 'key' as const, endpoints: new Set([randomUUID()]) };
    const model = await modelWith(1);
    await expect(models.model(bound, model.id)).rejects.toThrow(code('not_found'));
    await expect(models.createModel(bound, { name: fresh() })).rejects.toThrow(code('forbidden'));
    expect(await models.listModels(bound, { limit: 50, order: 'name' })).toEqual({
      items: [],
      next: null,
    });
  });
});
