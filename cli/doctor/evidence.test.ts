import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { masterKeyFromHex } from '@bartizan/contracts/sealed.ts';
import { createAuditTrail, SYSTEM } from '@bartizan/server/audit/index.ts';
import { allMigrations } from '@bartizan/server/operations/index.ts';
import type { OpenDatabase } from '@bartizan/server/platform/database/index.ts';
import { withTestDatabase } from '@bartizan/server/platform/database/testing.ts';
import { createJobs, defineQueue, JOBS_SCHEMA } from '@bartizan/server/platform/jobs/index.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { evidenceChecks } from './checks/evidence.ts';
import { examine } from './run.ts';
import type { Finding } from './types.ts';

const DAY_MS = 86_400_000;
let open: OpenDatabase;
let dataDir = '';
beforeEach(async () => {
  open = await withTestDatabase(allMigrations);
  dataDir = mkdtempSync(join(tmpdir(), 'bartizan-evidence-'));
});
afterEach(async () => {
  await open?.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function look(id: string, inDays = 0): Promise<Finding> {
  const findings = await examine({
    env: {},
    dataDir,
    databaseUrl: open.url,
    nowMs: () => Date.now() + inDays * DAY_MS,
    checks: evidenceChecks,
  });
  const found = findings.find((one) => one.id === id);
  if (!found) throw new Error(`no check ${id}`);
  return found;
}

const trailOf = (masterKey: ReturnType<typeof masterKeyFromHex>) =>
  createAuditTrail({
    database: open.database,
    databaseUrl: open.url,
    serverId: randomUUID(),
    background: true,
    masterKey,
    dataDir,
    clock: { now: () => Date.now() },
    warn: () => undefined,
  });

describe('the doctor on sinks', () => {
  it('tells those that are further behind than they may be, and that they are paused', async () => {
    expect((await look('sinks.lag')).found).toBe('there is no sink');
    const add = async (name: string, cursor: number, paused: boolean) => {
      const id = randomUUID();
      await open.pool.query(
        `insert into sinks (id, name, settings, paused, created_at, updated_at) values ($1, $2, $3, $4, 1, 1)`,
        [id, name, { alarmAfterSeconds: 900 }, paused],
      );
      await open.pool.query('insert into sink_progress (sink_id, cursor) values ($1, $2)', [id, cursor]);
    };
    const store = (first: number | null, minutesAgo: number) =>
      open.pool.query(
        `insert into sink_feed (first_position, records, source, ids, ats, stored_at)
         values ($1, 1, 'audit', array[gen_random_uuid()], array[1], $2)`,
        [first, Date.now() - minutesAgo * 60_000],
      );
    await store(0, 200);
    await add('quick', 1, false);
    expect(await look('sinks.lag')).toMatchObject({ status: 'ok', found: '1 sink(s), none is behind' });
    await add('asleep', 0, true);
    expect(await look('sinks.lag')).toMatchObject({
      status: 'warn',
      found: '"asleep" by 200 minutes (paused)',
    });
    // What has no place yet counts for all.
    await open.pool.query("delete from sinks where name = 'asleep'");
    await store(null, 5);
    expect((await look('sinks.lag')).status).toBe('ok');
    await open.pool.query('update sink_feed set stored_at = stored_at - 3600000');
    expect((await look('sinks.lag')).found).toBe('"quick" by 65 minutes');
  });
});

describe('the doctor on the audit log', () => {
  it('tells what a server found altered, until somebody acknowledged it', async () => {
    const masterKey = masterKeyFromHex(randomBytes(32).toString('hex'));
    const first = trailOf(masterKey);
    await first.start();
    await first.log.record({ actor: SYSTEM, action: 'tests.happened', subject: 'test:1', detail: {} });
    await expect.poll(async () => (await first.status()).waiting.entries, { timeout: 20_000 }).toBe(0);
    await first.stop();
    expect((await look('audit.breaks')).status).toBe('ok');

    await open.pool.query('update audit_tree set size = size - 1');
    const second = trailOf(masterKey);
    await second.start();
    try {
      await expect.poll(async () => (await look('audit.breaks')).status, { timeout: 20_000 }).toBe('fail');
      expect((await look('audit.breaks')).found).toContain('1 thing(s) found');
      for (const { id } of (await second.status()).breaks) {
        await second.acknowledge(id, 'altered by a test', SYSTEM);
      }
      expect((await look('audit.breaks')).status).toBe('ok');
    } finally {
      await second.stop();
    }
  });

  it('believes the file of the server where the entries are gone', async () => {
    mkdirSync(join(dataDir, 'audit'));
    const file = join(dataDir, 'audit', 'breaks.json');
    writeFileSync(file, JSON.stringify([{ message: 'It was rolled back.', acknowledgedAt: null }]));
    expect(await look('audit.breaks')).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('It was rolled back.'),
    });
    writeFileSync(file, JSON.stringify([{ message: 'It was rolled back.', acknowledgedAt: 5 }]));
    expect((await look('audit.breaks')).status).toBe('ok');
    for (const text of ['{', '{}', '"x"']) {
      writeFileSync(file, text);
      expect((await look('audit.breaks')).status).toBe('fail');
    }
  });

  it('tells that the last verification failed, and what it found', async () => {
    const trail = trailOf(masterKeyFromHex(randomBytes(32).toString('hex')));
    await trail.start();
    try {
      await trail.log.record({ actor: SYSTEM, action: 'tests.happened', subject: 'test:1', detail: {} });
      await expect.poll(async () => (await trail.status()).waiting.entries, { timeout: 20_000 }).toBe(0);
      const held = await open.pool.connect();
      await held.query('begin');
      await held.query('set local session_replication_role = replica');
      await held.query("update audit_entries set actor_name = 'Mallory' where action = 'tests.happened'");
      await held.query('commit');
      held.release();
      trail.verification.start();
      expect(await trail.verification.settled()).toMatchObject({ state: 'failed' });
      await expect.poll(async () => (await look('audit.breaks')).status, { timeout: 20_000 }).toBe('fail');
      expect((await look('audit.breaks')).found).toMatch(/^broken: .*verification failed/);
      expect(await look('audit.verification')).toMatchObject({
        status: 'fail',
        found: 'broken: the last verification failed',
      });
    } finally {
      await trail.stop();
    }
  });

  it('tells one that nobody has verified for long', async () => {
    expect((await look('audit.verification')).status).toBe('skipped');
    const { log } = trailOf(masterKeyFromHex(randomBytes(32).toString('hex')));
    await log.record({ actor: SYSTEM, action: 'tests.happened', subject: 'test:1', detail: {} });
    expect((await look('audit.verification')).status).toBe('ok');
    expect(await look('audit.verification', 31)).toMatchObject({
      status: 'warn',
      found: 'never verified, though it began 31 days ago',
    });
    const ended = { actor: SYSTEM, action: 'audit.verification-ended', subject: 'audit:log' };
    await log.record({ ...ended, detail: { state: 'passed' } });
    expect((await look('audit.verification', 30)).status).toBe('ok');
    expect(await look('audit.verification', 45)).toMatchObject({
      status: 'warn',
      found: 'last verified 45 days ago',
    });
  });
});

describe('the doctor on jobs', () => {
  it('tells work that nobody takes, and work whose server is gone', async () => {
    expect((await look('jobs.stuck')).status).toBe('skipped');
    const queue = defineQueue({
      name: 'counted',
      payload: z.object({}),
      retries: { limit: 1, delaySeconds: 1, maxDelaySeconds: 1 },
      deadlineSeconds: 60,
      concurrency: 1,
      lookEverySeconds: 1,
    });
    const jobs = createJobs({
      pool: open.pool,
      background: false,
      queues: [queue],
      now: () => Date.now(),
      onError: (error) => {
        throw error;
      },
    });
    await jobs.start();
    try {
      await jobs.send(queue, {}, { key: 'a' });
      expect(await look('jobs.stuck')).toMatchObject({ status: 'ok', found: '1 waiting, 0 running' });
      await open.pool.query(`update ${JOBS_SCHEMA}.job set start_after = now() - interval '20 minutes'`);
      expect(await look('jobs.stuck')).toMatchObject({
        status: 'warn',
        found: 'counted waits for 20 minutes',
      });
      await open.pool.query(
        `update ${JOBS_SCHEMA}.job set state = 'active', started_on = now() - interval '5 minutes'`,
      );
      expect((await look('jobs.stuck')).found).toBe('1 of counted lost their server');
    } finally {
      await jobs.stop();
    }
  });
});
