import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { AppError } from '../../../kernel/error.ts';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { graphOf, trace } from './testing.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

/** Events, and inputs of each: as many as one event may name. */
const [EVENTS, INPUTS] = [12, 5_000];
const AT_ONCE = 40;
/** Of another route while traces are asked for; a hundredth where nothing else runs. */
const BOUND_MS = 3_000;
/** Of one trace; about one second where nothing else runs. */
const TRACE_MS = 8_000;

let server: TestServer;
const dataset = randomUUID();

/** One version that twelve runs wrote, each from five thousand names. */
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
  const { pool } = server.open;
  const version = randomUUID();
  await pool.query(
    `insert into data_datasets (id, name, name_key, description, license, consent, homepage, created_by_id, created_by,
      created_at, updated_at) values ('${dataset}', 'kk', 'kk', '', '', '', '', 'x', 'x', 1, 1)`,
  );
  await pool.query(
    `insert into data_versions (id, dataset_id, number, state, storage, format, options, bytes, file_count, measured_by,
      reason, allow_same, acting, created_at, rows, origins)
     values ('${version}', '${dataset}', 1, 'ready', 'value', 'csv', '{}', 1, 1, 'server', '', false, '{}', 1, 10,
      '[{"version":"${version}","rows":10}]')`,
  );
  await pool.query(
    `insert into data_lineage_nodes (id, kind, team_id, digest, namespace, name, version, at)
      select gen_random_uuid(), 'external-dataset', null::uuid, 'in' || n, 'in', 'kk', n::text, n
        from generate_series(1, ${EVENTS * INPUTS}) n
      union all select gen_random_uuid(), 'external-dataset', null::uuid, 'out', 'out', 'kk', '1', 1`,
  );
  await pool.query(
    `insert into data_lineage_claims (node_id, name_key, number, root)
      select id, 'kk', case namespace when 'out' then 1 else version::int + 1 end, null from data_lineage_nodes`,
  );
  await pool.query(
    `insert into data_lineage_runs (id, run_id, team_id, label, state, state_at, at)
      select g.id, g.id, null, n::text, 'COMPLETE', n, n from generate_series(0, ${EVENTS - 1}) n
      cross join lateral (select gen_random_uuid() as id where n > -1) g`,
  );
  await pool.query(
    `insert into data_lineage_edges (from_id, to_id, relation, team_id)
      select 'external-dataset:' || d.id, 'run:' || r.id, 'read', null::uuid
        from data_lineage_nodes d join data_lineage_runs r on r.label::int = (d.version::int - 1) / ${INPUTS}
        where d.namespace = 'in'
      union all select 'run:' || r.id, 'external-dataset:' || d.id, 'wrote', null
        from data_lineage_nodes d cross join data_lineage_runs r where d.namespace = 'out'`,
  );
  await pool.query('analyze');
});
afterAll(() => server?.close());

const timed = async <T>(run: () => Promise<T>): Promise<{ ms: number; result: T }> => {
  const begin = performance.now();
  const result = await run();
  return { ms: performance.now() - begin, result };
};

test('a trace of far more than it follows is cut, and says so', async () => {
  await trace(server, 'kk@1');
  const { ms, result } = await timed(() => trace(server, 'kk@1'));
  process.stdout.write(`one trace: ${ms.toFixed(0)} ms\n`);
  expect(result.truncated).toBe(true);
  expect(ms).toBeLessThan(TRACE_MS);
});

test('many traces at once of one caller are told to wait, and hold up nobody else', async () => {
  const caller = principalWith();
  const asked = Array.from({ length: AT_ONCE }, () =>
    trace(server, 'kk@1', caller).then(
      () => 'told',
      (error: unknown) => error,
    ),
  );
  const others: number[] = [];
  for (let turn = 0; turn < 5; turn += 1)
    others.push((await timed(() => server.call('dataSources.list', { query: {} }))).ms);
  const graph = await timed(() => graphOf(server, { limit: 10 }, principalWith()));
  const { ms, result } = await timed(() => Promise.all(asked));
  process.stdout.write(
    `others: ${others.map((one) => one.toFixed(0)).join(', ')} ms; graph ${graph.ms.toFixed(0)} ms; all: ${ms.toFixed(0)} ms\n`,
  );
  expect(Math.max(...others)).toBeLessThan(BOUND_MS);
  expect(graph.result.nodes.length).toBeGreaterThan(0);
  expect(result.filter((one) => one === 'told').length).toBeGreaterThan(0);
  const refused = result.filter((one) => one !== 'told');
  expect(refused.length).toBeGreaterThan(AT_ONCE / 2);
  for (const error of refused) {
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: 'too_many_requests' });
    expect((error as AppError).retryAfterMs).toBeGreaterThan(0);
  }
  // Once they are through there is room again.
  expect((await trace(server, 'kk@1', caller)).truncated).toBe(true);
});
