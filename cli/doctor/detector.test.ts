import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allMigrations } from '@bartizan/server/operations/index.ts';
import type { OpenDatabase } from '@bartizan/server/platform/database/index.ts';
import { withTestDatabase } from '@bartizan/server/platform/database/testing.ts';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { detectorChecks } from './checks/detector.ts';
import { examine } from './run.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const OLD = 'a'.repeat(64);
const NEW = 'b'.repeat(64);
let open: OpenDatabase;
let dataDir = '';
beforeAll(async () => {
  open = await withTestDatabase(allMigrations);
  dataDir = mkdtempSync(join(tmpdir(), 'bartizan-doctor-'));
});
afterAll(async () => {
  await open?.close();
  rmSync(dataDir, { recursive: true, force: true });
});
beforeEach(() => open.pool.query('delete from gateways'));

const look = async () =>
  (await examine({ env: {}, dataDir, databaseUrl: open.url, checks: detectorChecks }))[0];

async function gateway(host: string, detector: object, seenAt = Date.now()): Promise<void> {
  const about = { gateway: host, host, version: '1', startedAt: 1, workers: 1, limits: 'local', detector };
  await open.pool.query(
    'insert into gateways (id, snapshot_version, backlog, last_seen_at, about) values ($1, $2, 0, $3, $4)',
    [host, 'v', seenAt, JSON.stringify(about)],
  );
}
const switchTo = (number: number, model: string, sha256: string, at: number) =>
  open.pool.query(
    `insert into detector_switches (id, number, model, sha256, built_in, before, override, by_id, by_name, at)
     values (gen_random_uuid(), $1, $2, $3, false, 'rules', '', '', '', $4)`,
    [number, model, sha256, at],
  );

it('is content with gateways that run their own as long as nobody switched', async () => {
  expect(await look()).toMatchObject({ id: 'detector.gateways', status: 'skipped' });
  await gateway('one', { model: 'rules', sha256: null, failed: null });
  expect(await look()).toMatchObject({ status: 'ok' });
  await gateway('two', { model: 'small@1', sha256: OLD, failed: null });
  expect(await look()).toMatchObject({
    status: 'warn',
    found: expect.stringContaining('two still runs small@1'),
  });
});

it('names gateways whose switch failed, and those that still run another digest', async () => {
  // The clock of the first was ahead: what counts is the order.
  await switchTo(1, 'small@1', OLD, 9_000);
  await switchTo(2, 'small@2', NEW, 1_000);
  await gateway('right', { model: 'small@2', sha256: NEW, failed: null });
  await gateway('silent', { model: 'small@1', sha256: OLD, failed: null }, 1);
  expect(await look()).toMatchObject({ status: 'ok', found: expect.stringContaining('small@2 is live') });
  await gateway('late', { model: 'small@2', sha256: OLD, failed: null });
  await gateway('broken', { model: 'rules', sha256: null, failed: 'small@2: no space left' });
  const { status, found } = (await look()) ?? {};
  expect(status).toBe('warn');
  expect(found).toContain('late still runs small@2 (aaaaaaaaaaaa)');
  expect(found).toContain('broken could not switch and runs rules: small@2: no space left');
  expect(found).not.toContain('right');
  expect(found).not.toContain('silent');
});
