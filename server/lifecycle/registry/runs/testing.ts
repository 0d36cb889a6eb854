import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { masterKeyFromHex } from '@bartizan/contracts/sealed.ts';
import { auditMigrations, createAuditLog } from '../../../audit/index.ts';
import { identityMigrations } from '../../../identity/index.ts';
import { AppError } from '../../../kernel/error.ts';
import { createEvents } from '../../../kernel/events.ts';
import { withTestDatabase } from '../../../platform/database/testing.ts';
import { createFolderObjects, objectMigrations, recordObjects } from '../../../platform/objects/index.ts';
import type { LifecycleEvents } from '../../ports.ts';
import { createTracking, runMigrations } from './index.ts';
import type { RegistryCaller } from './model.ts';

/** Of the tests' servers. */
export const MAX_UPLOAD_BYTES = 1024 * 1024;

export const ADA: RegistryCaller = { kind: 'person', id: randomUUID(), name: 'Ada', teams: '*' };

export const memberOf = (...teams: string[]): RegistryCaller => ({
  kind: 'person',
  id: randomUUID(),
  name: 'Member',
  teams: new Set(teams),
});
export const keyOf = (...teams: string[]): RegistryCaller => ({
  ...memberOf(...teams),
  kind: 'key',
  name: 'Key',
});

/** Experiments, runs and their files on a database and a folder of their own. For tests only. */
export async function startTracking() {
  const dir = mkdtempSync(join(tmpdir(), 'tracking-'));
  const open = await withTestDatabase([
    ...identityMigrations,
    ...auditMigrations,
    ...objectMigrations,
    ...runMigrations,
  ]);
  const { database } = open;
  let now = 1_700_000_000_000;
  const clock = { now: () => now++ };
  const failures: unknown[] = [];
  const events = createEvents<LifecycleEvents>((_, error) => void failures.push(error));
  const refused = new Set<string>();
  const tracking = createTracking({
    database,
    config: { maxUploadBytes: MAX_UPLOAD_BYTES },
    audit: createAuditLog({ database, clock }),
    clock,
    events,
    objects: recordObjects({ objects: createFolderObjects(dir), database, now: clock.now }),
    masterKey: masterKeyFromHex('33'.repeat(32)),
    gate: {
      async demandContent({ sha256 }) {
        if (refused.has(sha256)) throw new AppError('forbidden', 'the file is malicious');
        return { allowed: true, because: 'clean', message: '' };
      },
    },
  });

  return Object.freeze({
    ...tracking,
    database,
    pool: open.pool,
    events,
    /** Content that the gate refuses. */
    refused,
    async team(): Promise<string> {
      const id = randomUUID();
      await open.pool.query(
        `insert into teams (id, name, description, created_at) values ($1, $2, '', now())`,
        [id, `team ${id}`],
      );
      return id;
    },
    /** Lets time pass, in ms. */
    later: (ms: number) => void (now += ms),
    audited: async (): Promise<{ action: string; subject: string; detail: Record<string, unknown> }[]> =>
      (await open.pool.query('select action, subject, detail from audit_entries order by id')).rows,
    async close() {
      await open.close();
      rmSync(dir, { recursive: true, force: true });
      if (failures.length > 0) throw new Error('a subscriber failed', { cause: failures[0] });
    },
  });
}
export type TestTracking = Awaited<ReturnType<typeof startTracking>>;
