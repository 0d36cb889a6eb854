import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditMigrations } from '../../audit/index.ts';
import { uuidv7 } from '../../kernel/id.ts';
import type { OpenDatabase } from '../../platform/database/index.ts';
import { withTestDatabase } from '../../platform/database/testing.ts';
import { createFeed, type Feed } from './feed.ts';
import { sinkMigrations } from './migrations.ts';

let open: OpenDatabase;
let feed: Feed;
const SINK = uuidv7(1);

beforeAll(async () => {
  open = await withTestDatabase([...auditMigrations, ...sinkMigrations]);
  feed = createFeed(open.database);
  await Promise.all([feed.prepare(), feed.prepare(), feed.prepare()]);
  await open.pool.query(`insert into sinks values ($1, 'one', '{}', null, false, 0, 0)`, [SINK]);
  await open.pool.query('insert into sink_progress (sink_id, cursor) values ($1, 0)', [SINK]);
});
afterAll(() => open?.close());

/** Stores `ids` in one statement of a transaction that stays open for a while, and ends as told. */
async function write(ids: readonly string[], heldMs: number, commits: boolean): Promise<void> {
  const client = await open.pool.connect();
  try {
    await client.query('begin');
    await client.query(
      `insert into audit_entries (id, at, actor_kind, actor_id, actor_name, action, subject, detail)
       select id, now(), 'system', 's', 's', 'x.tried', 'x:1', '{}' from unnest($1::uuid[]) id`,
      [ids],
    );
    await sleep(heldMs);
    await client.query(commits ? 'commit' : 'rollback');
  } finally {
    client.release();
  }
}

test('a reader that follows sees everything that is committed once and nothing else, whatever commits when', async () => {
  const committed: string[] = [];
  const writes = Array.from({ length: 40 }, (_, index) => {
    const ids = Array.from({ length: 1 + (index % 7) }, () => uuidv7(Date.now()));
    const commits = index % 5 !== 0;
    if (commits) committed.push(...ids);
    return () => write(ids, (index * 13) % 40, commits);
  });
  const seen: string[] = [];
  const positions: number[] = [];
  let cursor = 0;
  async function follow(limit: number): Promise<void> {
    await Promise.all([feed.place(), feed.place()]);
    for (const ref of await feed.read(cursor, limit)) {
      seen.push(ref.id);
      positions.push(ref.position);
      cursor = ref.position + 1;
    }
  }
  const state = { writing: true };
  const writers = [0, 1].map(async (lane) => {
    for (const [index, one] of writes.entries()) if (index % 2 === lane) await one();
  });
  const all = Promise.all(writers).finally(() => {
    state.writing = false;
  });
  while (state.writing) await follow(3);
  await all;
  await expect
    .poll(
      async () => {
        await follow(10);
        return seen.length;
      },
      { timeout: 30_000 },
    )
    .toBe(committed.length);
  expect(new Set(seen)).toEqual(new Set(committed));
  expect(positions).toEqual(positions.map((_, index) => index));
  expect(await feed.lag(cursor)).toEqual({ records: 0, seconds: 0 });
  expect((await feed.lag(0)).records).toBe(committed.length);
});

test('the backlog is bounded, and what falls out of it is counted for the sink that needed it', async () => {
  const end = await feed.end();
  await open.pool.query('update sink_progress set cursor = $1 where sink_id = $2', [end, SINK]);
  expect(await feed.trim(1_000, 60_000)).toBe(0);
  for (let round = 0; round < 5; round += 1) await write([uuidv7(1), uuidv7(2)], 0, true);
  await feed.place();
  expect(await feed.trim(6, 60_000)).toBe(4);
  const { rows } = await open.pool.query('select cursor, lost from sink_progress');
  expect(rows[0]).toEqual({ cursor: end + 4, lost: 4 });
  expect(await feed.read(end + 4, 100)).toHaveLength(6);
  await open.pool.query('update sink_feed set stored_at = stored_at - 120000');
  expect(await feed.trim(1_000, 60_000)).toBe(6);
  expect((await open.pool.query('select count(*) as n from sink_feed')).rows[0].n).toBe(0);
});

test('without a sink nothing is fed', async () => {
  await open.pool.query('delete from sinks');
  await write([uuidv7(1)], 0, true);
  expect((await open.pool.query('select count(*) as n from sink_feed')).rows[0].n).toBe(0);
});
