import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { OpenDatabase } from '../../../platform/database/index.ts';
import {
  caller,
  makeTeam,
  makeVersion,
  openScanDatabase,
  type ScanServer,
  type ServerOptions,
  scanServer,
} from './testing.ts';
import { createTurns } from './turns.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 120_000 });

const MIB = 2 ** 20;
let open: OpenDatabase;
let folder: string;
const ends: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  open = await openScanDatabase();
  folder = mkdtempSync(join(tmpdir(), 'scan-turns-'));
});
afterAll(async () => {
  await open?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await sql`delete from version_scans`.execute(open.database);
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function server(options: ServerOptions = {}): Promise<ScanServer> {
  const one = await scanServer(open, folder, options);
  ends.push(() => one.close());
  return one;
}

let made = 0;
async function version(one: ScanServer, teamId: string, bytes = 1): Promise<string> {
  made += 1;
  const { id } = await makeVersion(open, one, { files: { f: Buffer.from(`turns ${made}`) }, teamId });
  await sql`update model_versions set bytes = ${bytes} where id = ${id}`.execute(open.database);
  return id;
}

const turns = () => createTurns(open.database, () => Date.now());

async function due(): Promise<readonly string[]> {
  const ids = (await turns().versions()).map(({ id }) => id);
  const { rows } = await sql<{ id: string; versionId: string }>`select id, version_id as "versionId"
    from version_scans where id = any(${ids}::uuid[])`.execute(open.database);
  return ids.map((id) => rows.find((row) => row.id === id)?.versionId ?? '');
}

test('each team has its turn, small versions first; what was asked for again has no precedence', async () => {
  const idle = await server({ background: false });
  const [many, few] = [await makeTeam(open), await makeTeam(open)];
  const large = await version(idle, many, 900 * MIB);
  const others = [];
  for (let n = 0; n < 8; n += 1) others.push(await version(idle, many, 2 * MIB));
  const own = await version(idle, few, 500 * MIB);
  const order = await due();
  // Two of each team at most are on their way.
  expect(order).toEqual([others[0], own, others[1]]);
  // Who asks again gets nothing before the other team's new version.
  await sql`update version_scans set reason = 'requested' where version_id = ${others[0] ?? ''}`.execute(
    open.database,
  );
  expect(await due()).toEqual(order);
  // What has had its share waits for those who have not, however small it is.
  await sql`update version_scans set state = 'done', started_at = ${Date.now() - 60_000}, ended_at = ${Date.now()}
    where version_id = ${others[0] ?? ''}`.execute(open.database);
  expect((await due())[0]).toBe(own);
  // After an hour a large one is no longer passed by.
  await sql`update version_scans set queued_at = 1 where version_id = ${large}`.execute(open.database);
  expect((await due()).indexOf(large)).toBe(1);
  // What is in the queue stays there, whatever comes after.
  await turns().sent((await turns().versions()).map(({ id }) => id));
  const before = new Set(await due());
  await version(idle, many, 1);
  expect(new Set(await due())).toEqual(before);
});

test('files of runs: two batches of each owner are on their way', async () => {
  await sql`delete from content_scan_requests`.execute(open.database);
  const runs: string[] = [];
  for (const [name, count] of [
    ['many', 5],
    ['few', 1],
  ] as const) {
    const teamId = await makeTeam(open);
    const made = await sql<{
      id: string;
    }>`insert into experiments (id, name, team_id, created_by, created_at, updated_at)
      values (gen_random_uuid(), ${name}, ${teamId}, 'Ada', 0, 0) returning id`.execute(open.database);
    for (let n = 0; n < count; n += 1) {
      const { rows } = await sql<{ id: string }>`insert into runs
          (id, experiment_id, name, user_name, status, started_at, created_by)
        values (gen_random_uuid(), ${made.rows[0]?.id}, '', '', 'running', 0, 'Ada') returning id`.execute(
        open.database,
      );
      runs.push(`run:${rows[0]?.id}`);
    }
  }
  for (const [at, batch] of runs.entries()) {
    await sql`insert into content_scan_requests (sha256, size, batch, requested_at)
      values (${`turn ${at}`}, 1, ${batch}, ${at})`.execute(open.database);
  }
  expect((await turns().batches()).map(({ id }) => id)).toEqual([runs[0], runs[5], runs[1]]);
  await sql`delete from content_scan_requests`.execute(open.database);
});

test('a team that sends much does not keep another waiting', async () => {
  const idle = await server({ background: false });
  const [many, few] = [await makeTeam(open), await makeTeam(open)];
  const all = [];
  for (let n = 0; n < 7; n += 1) all.push(await version(idle, many));
  const own = await version(idle, few);
  const one = await server();
  const ada = caller();
  for (const id of [...all, own]) {
    await expect
      .poll(async () => (await one.scans.version(ada, id)).state, { timeout: 60_000, interval: 100 })
      .toBe('done');
  }
  const { rows } = await sql<{ versionId: string }>`select version_id as "versionId" from version_scans
    order by started_at`.execute(open.database);
  expect(rows).toHaveLength(8);
  expect(rows.findIndex(({ versionId }) => versionId === own)).toBeLessThan(4);
  expect(one.problems).toEqual([]);
});
