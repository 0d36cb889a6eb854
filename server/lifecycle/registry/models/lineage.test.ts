import { randomUUID } from 'node:crypto';
import type { Lineage } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StoredVersion } from '../model.ts';
import {
  clean,
  code,
  makeTeam,
  malicious,
  on,
  person,
  registryOn,
  startRegistry,
  type TestRegistry,
} from './testing.ts';

let all: TestRegistry;
let server: TestRegistry['server'];
let models: TestRegistry['models'];
let ada: TestRegistry['ada'];
let fresh: TestRegistry['fresh'];
let version: TestRegistry['version'];
beforeAll(async () => {
  all = await startRegistry();
  ({ server, models, ada, fresh, version } = all);
}, 300_000);
afterAll(() => all?.close());

const lineage = (of: StoredVersion, limits = { depth: 20, limit: 200 }, viewer = ada): Promise<Lineage> =>
  models.lineage(viewer, of.modelId, String(of.version), limits);
const node = (of: StoredVersion) => `model-version:${of.id}`;
const edges = ({ edges: found }: Lineage) => found.map(({ from, to, relation }) => [from, relation, to]);

describe('a poisoned foundation', () => {
  test('is visible in everything that was made from it, at any depth', async () => {
    const foundation = await version();
    const tuned = await version({ base: on(foundation) });
    const quantised = await version({ base: on(tuned) });
    const show = () => models.showVersion(ada, quantised.modelId, '1');
    expect((await show()).inherited).toEqual([]);
    await models.noteScan(foundation.id, malicious);
    await models.noteScan(tuned.id, clean);
    expect(await show()).toMatchObject({
      base: { kind: 'version', versionId: tuned.id, verdict: 'clean', quarantined: false },
      inherited: [
        {
          versionId: foundation.id,
          modelName: foundation.modelName,
          version: 1,
          distance: 2,
          verdict: 'malicious',
          quarantined: true,
          severities: { critical: 2 },
        },
      ],
    });
    const found = await lineage(quantised);
    expect(found.inherited).toHaveLength(1);
    expect(edges(found)).toEqual(
      expect.arrayContaining([
        [node(quantised), 'based-on', node(tuned)],
        [node(tuned), 'based-on', node(foundation)],
      ]),
    );
    const below = await lineage(foundation);
    expect(below.nodes.map(({ id, distance }) => [id, distance])).toEqual([
      [node(foundation), 0],
      [node(tuned), 1],
      [node(quantised), 2],
    ]);
    expect(below.inherited).toEqual([]);
  });

  test('is not hidden by its removal', async () => {
    const foundation = await version();
    const child = await version({ base: on(foundation) });
    await models.noteScan(foundation.id, malicious);
    await models.removeModel(ada, foundation.modelId, true);
    expect((await models.showVersion(ada, child.modelId, '1')).inherited).toMatchObject([
      { versionId: foundation.id, removed: true, verdict: 'malicious' },
    ]);
    expect((await lineage(child)).nodes.find(({ id }) => id === node(foundation))).toMatchObject({
      removed: true,
    });
  });

  test('of another team is told of without its name, and walked over', async () => {
    const [ours, theirs] = [await makeTeam(server.open, fresh()), await makeTeam(server.open, fresh())];
    const us = person([ours]);
    const root = await version();
    const between = await version({ base: on(root) }, ada, theirs);
    const child = await version({ base: on(between) }, ada, ours);
    await models.noteScan(between.id, malicious);
    await models.noteScan(root.id, { ...malicious, verdict: 'suspicious' });
    const shown = await models.showVersion(us, child.modelId, '1');
    expect(shown.base).toEqual({
      kind: 'version',
      versionId: null,
      modelId: null,
      modelName: '',
      version: 0,
      removed: false,
      verdict: 'malicious',
      quarantined: true,
    });
    expect(shown.inherited).toMatchObject([
      { versionId: null, modelName: '', version: 0, distance: 1 },
      { versionId: root.id, distance: 2 },
    ]);
    const found = await lineage(child, undefined, us);
    const text = JSON.stringify({ found, shown });
    for (const secret of [between.id, between.modelId, between.modelName]) expect(text).not.toContain(secret);
    expect(found.nodes.filter(({ hidden }) => hidden)).toHaveLength(1);
    // Downwards nothing of them is shown but that there is something.
    const down = await lineage(root, undefined, us);
    expect(down).toMatchObject({ hidden: 1 });
    expect(JSON.stringify(down)).not.toContain(between.id);
  });
});

describe('bases from elsewhere', () => {
  test('are one node where they are named the same, and linked to what has their digest', async () => {
    const copy = await version();
    const digest = copy.digest ?? '';
    const base = { kind: 'external', name: 'hf:org/base', digest } as const;
    const one = await version({ base });
    const two = await version({ base });
    const nameless = await version({ base: { kind: 'external', name: 'hf:org/base' } });
    const below = await lineage(copy);
    const external = below.nodes.filter(({ kind }) => kind === 'external-base');
    expect(external).toMatchObject([{ label: 'hf:org/base', digest }]);
    const id = external[0]?.id ?? '';
    expect(edges(below)).toEqual(
      expect.arrayContaining([
        [id, 'same-content', node(copy)],
        [node(one), 'based-on', id],
        [node(two), 'based-on', id],
      ]),
    );
    expect(JSON.stringify(below)).not.toContain(nameless.id);
    await models.noteScan(copy.id, malicious);
    expect((await lineage(one)).inherited).toMatchObject([{ versionId: copy.id, distance: 1 }]);
    expect((await lineage(nameless)).inherited).toEqual([]);
    expect((await models.showVersion(ada, copy.modelId, '1')).children).toBe(2);
  });

  test('do not tell whether another team has that content', async () => {
    const [ours, theirs] = [await makeTeam(server.open, fresh()), await makeTeam(server.open, fresh())];
    const secret = await version({}, ada, theirs);
    await models.noteScan(secret.id, malicious);
    const us = person([ours]);
    const probe = await version(
      { base: { kind: 'external', name: 'hf:guess', digest: secret.digest ?? '' } },
      us,
      ours,
    );
    const found = await lineage(probe, undefined, us);
    expect(found.nodes).toHaveLength(2);
    expect(found.inherited).toEqual([]);
  });

  test('whose digests make a ring are walked once', async () => {
    const one = await version();
    const two = await version({ base: { kind: 'external', name: 'a', digest: one.digest ?? '' } });
    await models.updateVersion(ada, one.modelId, '1', {
      base: { kind: 'external', name: 'b', digest: two.digest ?? '' },
    });
    await models.noteScan(two.id, malicious);
    const found = await lineage(one);
    expect(found.nodes).toHaveLength(4);
    expect(found.inherited).toMatchObject([{ versionId: two.id }]);
  });
});

test('lineage shows runs, datasets, endpoints and systems as far as they are there for the viewer', async () => {
  const endpointId = randomUUID();
  const base = await version({
    runId: 'run-a',
    datasets: [{ name: 'd', digest: '1', context: '', source: '' }],
  });
  const child = await version({
    base: on(base),
    runId: 'run-b',
    datasets: [{ name: 'd', digest: '1', context: 'training', source: '' }],
    alias: 'live',
  });
  const wide = registryOn(server.open, {
    runs: { names: async (_, ids) => new Map(ids.filter((id) => id === 'run-b').map((id) => [id, 'a run'])) },
    endpoints: { names: async (_, ids) => new Map(ids.map((id) => [id, 'chat'])) },
    systems: { using: async (_, ids) => ids.map((modelId) => ({ id: 'system-1', name: 'Loans', modelId })) },
  });
  await server.open.pool.query(
    `insert into endpoints (id, slug, name, description, enabled, policy_id, demo, settings, created_at, updated_at)
     values ($1, $2, 'chat', '', true, null, false, '{}', 1, 1)`,
    [endpointId, `e-${endpointId.slice(0, 8)}`],
  );
  try {
    await wide.models.setServed(ada, endpointId, [{ modelId: child.modelId, version: 'live' }]);
    expect(await wide.models.servedBy(ada, endpointId)).toMatchObject([
      {
        modelId: child.modelId,
        version: 'live',
        modelName: child.modelName,
        resolved: { versionId: child.id },
      },
    ]);
    const found = await wide.models.lineage(ada, child.modelId, '1', { depth: 20, limit: 200 });
    const dataset = `dataset:${JSON.stringify(['d', '1'])}`;
    expect(edges(found)).toEqual(
      expect.arrayContaining([
        [node(child), 'made-by', 'run:run-b'],
        [node(child), 'used', dataset],
        [node(base), 'used', dataset],
        [`endpoint:${endpointId}`, 'serves', node(child)],
        ['system:system-1', 'uses', node(child)],
      ]),
    );
    expect(JSON.stringify(found)).not.toContain('run-a');
    expect(await wide.models.showModel(ada, child.modelId)).toMatchObject({
      endpoints: [{ id: endpointId, name: 'chat', version: 'live' }],
    });
    await expect(wide.models.removeModel(ada, child.modelId, false)).rejects.toThrow(code('conflict'));
    await expect(models.setServed(ada, endpointId, [])).rejects.toThrow(code('not_found'));
  } finally {
    await server.open.pool.query('delete from endpoints where id = $1', [endpointId]);
  }
});
