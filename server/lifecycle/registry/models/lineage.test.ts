import { randomUUID } from 'node:crypto';
import type { Lineage, VersionComparison } from '@bartizan/contracts';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../../testing.ts';
import { type FileRef, type StoredVersion } from '../model.ts';
import { MAX_BASE_STEPS } from './base.ts';
import { clean, makeTeam, malicious, person, registryOn, storeFiles } from './testing.ts';

let server: TestServer;
let files: FileRef[];
let registry: ReturnType<typeof registryOn>;
const ada = person();
let made = 0;
const fresh = () => `line ${++made} ${randomUUID().slice(0, 8)}`;
const code = (expected: string) => expect.objectContaining({ code: expected });

beforeAll(async () => {
  server = await startTestServer({ background: false });
  registry = registryOn(server.open);
  files = await storeFiles(server.objects, { 'model.safetensors': 'weights', 'config.json': '{}' });
}, 60_000);
afterAll(() => server?.close());

/** A version of a new model, with content of its own unless some is given. */
async function version(
  input: Partial<Parameters<typeof registry.models.createVersion>[2]> = {},
  actor = ada,
  teamId: string | null = null,
): Promise<StoredVersion> {
  const { id } = await registry.models.createModel(actor, { name: fresh(), teamId });
  const own = await storeFiles(server.objects, { 'model.bin': randomUUID() });
  return await registry.models.createVersion(actor, id, { files: own, ...input });
}
const on = ({ modelId, version: number }: StoredVersion) =>
  ({ kind: 'version', model: modelId, version: String(number) }) as const;
const lineage = (of: StoredVersion, limits = { depth: 20, limit: 200 }, viewer = ada): Promise<Lineage> =>
  registry.models.lineage(viewer, of.modelId, String(of.version), limits);
const node = (of: StoredVersion) => `model-version:${of.id}`;
const edges = ({ edges: all }: Lineage) => all.map(({ from, to, relation }) => [from, relation, to]);

describe('a poisoned foundation', () => {
  test('is visible in everything that was made from it, at any depth', async () => {
    const foundation = await version();
    const tuned = await version({ base: on(foundation) });
    const quantised = await version({ base: on(tuned) });
    const show = () => registry.models.showVersion(ada, quantised.modelId, '1');
    expect((await show()).inherited).toEqual([]);
    await registry.models.noteScan(foundation.id, malicious);
    await registry.models.noteScan(tuned.id, clean);
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
    await registry.models.noteScan(foundation.id, malicious);
    await registry.models.removeModel(ada, foundation.modelId, true);
    expect((await registry.models.showVersion(ada, child.modelId, '1')).inherited).toMatchObject([
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
    await registry.models.noteScan(between.id, malicious);
    await registry.models.noteScan(root.id, { ...malicious, verdict: 'suspicious' });
    const shown = await registry.models.showVersion(us, child.modelId, '1');
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
    await registry.models.noteScan(copy.id, malicious);
    expect((await lineage(one)).inherited).toMatchObject([{ versionId: copy.id, distance: 1 }]);
    expect((await lineage(nameless)).inherited).toEqual([]);
    expect((await registry.models.showVersion(ada, copy.modelId, '1')).children).toBe(2);
  });

  test('do not tell whether another team has that content', async () => {
    const [ours, theirs] = [await makeTeam(server.open, fresh()), await makeTeam(server.open, fresh())];
    const secret = await version({}, ada, theirs);
    await registry.models.noteScan(secret.id, malicious);
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
    await registry.models.updateVersion(ada, one.modelId, '1', {
      base: { kind: 'external', name: 'b', digest: two.digest ?? '' },
    });
    await registry.models.noteScan(two.id, malicious);
    const found = await lineage(one);
    expect(found.nodes).toHaveLength(4);
    expect(found.inherited).toMatchObject([{ versionId: two.id }]);
  });
});

describe('what a version was made from', () => {
  test('can be said later, once; changing it takes more', async () => {
    const base = await version();
    const child = await version();
    const engineer = person('*', ['models.read', 'models.write']);
    const set = (input: ReturnType<typeof on> | null, who = engineer) =>
      registry.models.updateVersion(who, child.modelId, '1', { base: input });
    await set(on(base));
    await expect(set(null)).rejects.toThrow(code('forbidden'));
    await expect(set(on(await version()))).rejects.toThrow(code('forbidden'));
    expect(await set(null, ada)).toMatchObject({ base: null });
    const entries = (await server.audited()).filter(({ subject }) => subject === `version:${child.id}`);
    expect(entries.at(-1)).toMatchObject({
      action: 'models.version-changed',
      detail: { base: null, baseBefore: { kind: 'version', versionId: base.id } },
    });
  });

  test('is never itself, directly or not, also when two say so at once', async () => {
    const [one, two, three] = [await version(), await version(), await version()];
    const set = (of: StoredVersion, base: StoredVersion) =>
      registry.models.updateVersion(ada, of.modelId, '1', { base: on(base) });
    await expect(set(one, one)).rejects.toThrow(code('conflict'));
    await set(two, one);
    await set(three, two);
    await expect(set(one, three)).rejects.toThrow(code('conflict'));
    const [a, b] = [await version(), await version()];
    const results = await Promise.allSettled([set(a, b), set(b, a)]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test('is ready, and not too far down', async () => {
    const { id } = await registry.models.createModel(ada, { name: fresh() });
    await registry.models.createVersion(ada, id, { files: null });
    await expect(
      registry.models.createVersion(ada, id, { files, base: { kind: 'version', model: id, version: '1' } }),
    ).rejects.toThrow(code('conflict'));

    // A chain as long as it may be, made at once.
    const length = MAX_BASE_STEPS + 1;
    const root = await version();
    await sql`with recursive ids as (
        select 2 as n, gen_random_uuid() as id, ${root.id}::uuid as base
        union all select n + 1, gen_random_uuid(), id from ids where n < ${length})
      insert into model_versions (id, model_id, version, digest, status, status_message, stage, description, source,
        file_count, bytes, metrics, base_version_id, created_by, created_at, updated_at)
      select id, ${root.modelId}, n, md5(n::text) || md5(id::text), 'ready', '', 'none', '', '', 0, 0, '[]', base, 'Ada',
        n, n from ids`.execute(server.open.database);
    await sql`update models set last_version = ${length} where id = ${root.modelId}`.execute(
      server.open.database,
    );
    const last = { kind: 'version', model: root.modelId, version: String(length) } as const;
    await expect(registry.models.createVersion(ada, root.modelId, { files, base: last })).rejects.toThrow(
      code('conflict'),
    );
    await registry.models.noteScan(root.id, malicious);
    const far = await registry.models.showVersion(ada, root.modelId, String(length));
    expect(far.inherited).toMatchObject([{ versionId: root.id, distance: MAX_BASE_STEPS }]);
    const cut = await registry.models.lineage(ada, root.modelId, String(length), {
      depth: 5,
      limit: 200,
    });
    expect(cut).toMatchObject({ truncated: true });
    expect(cut.nodes).toHaveLength(6);
    // What lies beyond the limits of the drawing is inherited all the same.
    expect(cut.inherited).toHaveLength(1);
    const narrow = await registry.models.lineage(ada, root.modelId, '1', { depth: 100, limit: 10 });
    expect(narrow.truncated).toBe(true);
    expect(narrow.nodes.length).toBeLessThanOrEqual(10);
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
    await expect(registry.models.setServed(ada, endpointId, [])).rejects.toThrow(code('not_found'));
  } finally {
    await server.open.pool.query('delete from endpoints where id = $1', [endpointId]);
  }
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
  const { id } = await registry.models.createModel(ada, { name: fresh() });
  const one = await registry.models.createVersion(ada, id, {
    files: first,
    tags: { a: '1', b: '2' },
    metrics: [{ key: 'auc', value: 0.8 }],
  });
  const two = await registry.models.createVersion(ada, id, {
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
  expect(await registry.models.compare(ada, sides[0], sides[0])).toMatchObject({
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
