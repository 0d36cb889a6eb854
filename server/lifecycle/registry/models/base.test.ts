import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StoredVersion } from '../model.ts';
import { MAX_BASE_STEPS } from './base.ts';
import { code, malicious, on, person, startRegistry, type TestRegistry } from './testing.ts';

let all: TestRegistry;
let server: TestRegistry['server'];
let models: TestRegistry['models'];
let files: TestRegistry['files'];
let ada: TestRegistry['ada'];
let fresh: TestRegistry['fresh'];
let version: TestRegistry['version'];
beforeAll(async () => {
  all = await startRegistry();
  ({ server, models, files, ada, fresh, version } = all);
}, 300_000);
afterAll(() => all?.close());

describe('what a version was made from', () => {
  test('can be said later, once; changing it takes more', async () => {
    const base = await version();
    const child = await version();
    const engineer = person('*', ['models.read', 'models.write']);
    const set = (input: ReturnType<typeof on> | null, who = engineer) =>
      models.updateVersion(who, child.modelId, '1', { base: input });
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
      models.updateVersion(ada, of.modelId, '1', { base: on(base) });
    await expect(set(one, one)).rejects.toThrow(code('conflict'));
    await set(two, one);
    await set(three, two);
    await expect(set(one, three)).rejects.toThrow(code('conflict'));
    const [a, b] = [await version(), await version()];
    const results = await Promise.allSettled([set(a, b), set(b, a)]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test('is ready, and not too far down', async () => {
    const { id } = await models.createModel(ada, { name: fresh() });
    await models.createVersion(ada, id, { files: null });
    await expect(
      models.createVersion(ada, id, { files, base: { kind: 'version', model: id, version: '1' } }),
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
    await expect(models.createVersion(ada, root.modelId, { files, base: last })).rejects.toThrow(
      code('conflict'),
    );
    await models.noteScan(root.id, malicious);
    const far = await models.showVersion(ada, root.modelId, String(length));
    expect(far.inherited).toMatchObject([{ versionId: root.id, distance: MAX_BASE_STEPS }]);
    const cut = await models.lineage(ada, root.modelId, String(length), {
      depth: 5,
      limit: 200,
    });
    expect(cut).toMatchObject({ truncated: true });
    expect(cut.nodes).toHaveLength(6);
    // What lies beyond the limits of the drawing is inherited all the same.
    expect(cut.inherited).toHaveLength(1);
    const narrow = await models.lineage(ada, root.modelId, '1', { depth: 100, limit: 10 });
    expect(narrow.truncated).toBe(true);
    expect(narrow.nodes.length).toBeLessThanOrEqual(10);
  });
});
