import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditMigrations } from '../../audit/index.ts';
import { identityMigrations } from '../../identity/index.ts';
import { migrate, type OpenDatabase } from '../../platform/database/index.ts';
import { withTestDatabase } from '../../platform/database/testing.ts';
import { migrations } from '../index.ts';
import { sampleFinding, sampleRecord } from '../testing.ts';
import { addToRollups, readOverview } from './rollups.ts';

const MINUTE = 60_000;
const ALL = [...identityMigrations, ...auditMigrations, ...migrations];
const SINCE_TEAMS = ['0111-endpoints-teams', '0121-interactions-by-team'];

let open: OpenDatabase;
const [kept, gone] = [randomUUID(), randomUUID()];
const at = Math.floor(Date.now() / MINUTE) * MINUTE;

/** A database of before there were teams, with an endpoint, one that was removed, and figures of both. */
beforeAll(async () => {
  open = await withTestDatabase(ALL.filter(({ id }) => !SINCE_TEAMS.includes(id)));
  await open.pool.query(
    `insert into endpoints (id, slug, name, description, enabled, demo, settings, created_at, updated_at)
      values ($1, 'kept', 'kept', '', true, false, '{}', 0, 0)`,
    [kept],
  );
  for (const [id, slug] of [
    [kept, 'kept'],
    [gone, 'gone'],
    ['', 'unknown'],
  ]) {
    await open.pool.query(
      `insert into interaction_rollup_endpoints (step_ms, at, endpoint_id, slug, requests, blocked)
        values ($1, $2, $3, $4, 5, 2)`,
      [MINUTE, at, id, slug],
    );
  }
  await open.pool.query(
    `insert into interaction_rollup_checks (step_ms, at, check_id, count) values ($1, $2, 'text/secrets', 4)`,
    [MINUTE, at],
  );
  await migrate(open.pool, ALL);
});
afterAll(() => open?.close());

test('endpoints that were removed before are still everybody’s', async () => {
  const { rows } = await open.pool.query('select id, team_id, slug from removed_endpoints');
  expect(rows).toEqual([{ id: gone, team_id: null, slug: 'gone' }]);
  expect((await open.pool.query('select team_id from endpoints')).rows).toEqual([{ team_id: null }]);
});

test('figures of before and after add up for those who see only some endpoints', async () => {
  const record = sampleRecord({
    at,
    endpointId: kept,
    endpointSlug: 'kept',
    findings: [sampleFinding(0, 3)],
  });
  await open.database.transaction().execute((tx) => addToRollups(tx, [record, record]));
  const query = { windowMs: 10 * MINUTE, nowMs: at + 1 };
  const some = await readOverview(open.database, {
    ...query,
    sight: { endpoints: new Set([kept]), strays: false },
  });
  expect(some.totals).toMatchObject({ requests: 7, blocked: 2 });
  expect(some.totals.p50Ms).toBeGreaterThan(0);
  // Which endpoint a check had found something on was not counted before.
  expect(some.topChecks).toEqual([{ check: 'text/secrets', count: 2 }]);
  const strays = await readOverview(open.database, {
    ...query,
    sight: { endpoints: new Set(), strays: true },
  });
  expect(strays.totals.requests).toBe(5);
  const all = await readOverview(open.database, { ...query, sight: '*' });
  expect(all.topChecks).toEqual([{ check: 'text/secrets', count: 6 }]);
  expect(all.topEndpoints.map(({ slug }) => slug).toSorted()).toEqual(['gone', 'kept', 'unknown']);
  const none = await readOverview(open.database, {
    ...query,
    sight: { endpoints: new Set(), strays: false },
  });
  expect(none).toMatchObject({ totals: { requests: 0 }, topChecks: [], topEndpoints: [] });
});
