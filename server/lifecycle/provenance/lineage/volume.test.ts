import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestServer, type TestServer } from '../../testing.ts';
import { graphOf, search, trace } from './testing.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

/** Under a second where nothing else runs; machines of tests are busy. */
const BOUND_MS = 5_000;
const WIDE = 2_500;

let server: TestServer;
const [dataset, source, root] = [randomUUID(), randomUUID(), randomUUID()];

/** A version, 2,500 made from it in a batch each, as many runs that read them, and what those wrote: over 10,000 things. */
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
  const { pool } = server.open;
  const version = `id, dataset_id, number, state, storage, format, options, bytes, file_count, measured_by, parent_id,
    source_id, source_name, batch, reason, allow_same, acting, created_at, rows, origins`;
  await pool.query(
    `insert into data_datasets (id, name, name_key, description, license, consent, homepage, created_by_id, created_by,
      created_at, updated_at) values ('${dataset}', 'wide', 'wide', '', '', '', '', 'x', 'x', 1, 1)`,
  );
  await pool.query(
    `insert into data_sources (id, name, name_key, owner, method, url, license, consent, contact, description, trust,
      created_by_id, created_by, created_at)
     values ('${source}', 'Feed', 'feed', 'x', 'api', '', '', '', '', '', 'trusted', 'x', 'x', 1)`,
  );
  const rest = `'ready', 'value', 'csv', '{}', 1, 1, 'server'`;
  await pool.query(
    `insert into data_versions (${version}) values ('${root}', '${dataset}', 1, ${rest}, null, null, null, null, '',
      false, '{}', 1, 10, '[{"version":"${root}","rows":10}]')`,
  );
  await pool.query(
    `insert into data_versions (${version}) select v.id, '${dataset}', n + 1, ${rest}, '${root}', '${source}', 'Feed',
      'batch ' || n, '', false, '{}', n, 10, jsonb_build_array(jsonb_build_object('version', v.id, 'rows', 10))
     from generate_series(1, ${WIDE}) n cross join lateral (select gen_random_uuid() as id where n > 0) v`,
  );
  await pool.query(
    `insert into data_lineage_nodes (id, kind, team_id, digest, namespace, name, version, at)
      select gen_random_uuid(), 'external-dataset', null, side || n, side, case side when 'in' then 'wide' else 't' || n end,
        n::text, n from generate_series(2, ${WIDE + 1}) n cross join (values ('in'), ('out')) s(side)`,
  );
  await pool.query(
    `insert into data_lineage_claims (node_id, name_key, number, root)
      select id, 'wide', version::int, null from data_lineage_nodes where namespace = 'in'`,
  );
  await pool.query(
    `insert into data_lineage_runs (id, run_id, team_id, label, state, state_at, at)
      select g.id, g.id, null, n::text, 'COMPLETE', n, n from generate_series(2, ${WIDE + 1}) n
      cross join lateral (select gen_random_uuid() as id where n > 0) g`,
  );
  await pool.query(
    `insert into data_lineage_edges (from_id, to_id, relation, team_id)
      select 'external-dataset:' || d.id, 'run:' || r.id, 'read', null::uuid
        from data_lineage_nodes d join data_lineage_runs r on r.label = d.version where d.namespace = 'in'
      union all select 'run:' || r.id, 'external-dataset:' || d.id, 'wrote', null
        from data_lineage_nodes d join data_lineage_runs r on r.label = d.version where d.namespace = 'out'`,
  );
  await pool.query('analyze');
});
afterAll(() => server?.close());

async function timed<T>(what: string, run: () => Promise<T>): Promise<T> {
  await run();
  const begin = performance.now();
  const result = await run();
  const ms = performance.now() - begin;
  process.stdout.write(`${what}: ${ms.toFixed(0)} ms\n`);
  expect(ms).toBeLessThan(BOUND_MS);
  return result;
}

test('ten thousand things are drawn in a bounded time, from either end and all together', async () => {
  const wide = await timed('around a version', () =>
    graphOf(server, { node: `dataset-version:${root}`, limit: 10_000 }),
  );
  expect(wide.nodes).toHaveLength(1 + 3 * WIDE);
  expect(wide.edges).toHaveLength(3 * WIDE);
  expect(wide.truncated).toBe(false);
  const feed = await timed('around a source', () =>
    graphOf(server, { node: `source:${source}`, limit: 10_000 }),
  );
  expect(feed.nodes.length).toBe(10_000);
  expect(feed.truncated).toBe(true);
  const all = await timed('all together', () => graphOf(server, { limit: 10_000 }));
  // The newest 10,000 of 12,502 rows are five for each of 2,000 batches; names that mean versions are those versions.
  expect(all.nodes).toHaveLength(8_000);
  expect(all.edges).toHaveLength(6_000);
  expect(all.truncated).toBe(true);
  expect(all.nodes.some(({ label }) => label.startsWith('in/'))).toBe(false);
  expect(new Set(all.nodes.map(({ id }) => id)).size).toBe(all.nodes.length);
});

test('they are searched and traced in a bounded time', async () => {
  expect((await timed('search', () => search(server, 'wide'))).length).toBe(20);
  const found = await timed('trace', () => trace(server, 'source:Feed'));
  expect(found.reached.runs).toHaveLength(100);
  expect(found.truncated).toBe(true);
});
