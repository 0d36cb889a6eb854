import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Verification } from '@bartizan/contracts';
import { type MasterKey, masterKeyFromHex } from '@bartizan/contracts/sealed.ts';
import { type OpenDatabase, openDatabase } from '../platform/database/index.ts';
import { withTestDatabase } from '../platform/database/testing.ts';
import { leadershipMigrations } from '../platform/leadership/index.ts';
import { type AuditTrail, type AuditTrailDeps, createAuditTrail, SYSTEM } from './index.ts';
import { auditMigrations } from './migrations.ts';

export const entryOf = (n: number) => ({
  actor: SYSTEM,
  action: 'tests.counted',
  subject: `number:${n}`,
  detail: { n, words: ['a', 'b'], nested: { z: 1.5, a: null } },
});

export interface Restart {
  readonly fresh?: boolean;
  readonly back?: string;
  readonly meanwhile?: () => Promise<void>;
}

/** Servers of one instance with an audit log, on a database of their own. For tests only. */
export interface TestTrail {
  readonly open: OpenDatabase;
  readonly trail: AuditTrail;
  readonly masterKey: MasterKey;
  readonly dataDir: string;
  readonly warnings: string[];
  /** Kinds of what servers told of. */
  readonly told: string[];
  /** Stops the server and starts it again: with the same folder, a `fresh` one, or one that was there `before`. */
  readonly restart: (options?: Restart) => Promise<void>;
  /** Another server of the instance. */
  readonly beside: () => Promise<AuditTrail>;
  readonly settled: (size?: number) => Promise<number>;
  /** Runs SQL as an administrator of the database does: with triggers off. */
  readonly attack: (sql: string, values?: unknown[]) => Promise<void>;
  readonly verify: () => Promise<Verification>;
  readonly close: () => Promise<void>;
}

export async function startTestTrail({ rounds }: Pick<AuditTrailDeps, 'rounds'> = {}): Promise<TestTrail> {
  const open = await withTestDatabase([...auditMigrations, ...leadershipMigrations]);
  const masterKey = masterKeyFromHex(randomBytes(32).toString('hex'));
  const dirs: string[] = [];
  const others: { trail: AuditTrail; open: OpenDatabase }[] = [];
  const warnings: string[] = [];
  const told: string[] = [];
  const newDir = () => {
    dirs.push(mkdtempSync(join(tmpdir(), 'audit-')));
    return dirs.at(-1) ?? '';
  };
  let dataDir = newDir();
  const make = (on: OpenDatabase, dir: string) =>
    createAuditTrail({
      database: on.database,
      databaseUrl: on.url,
      serverId: randomUUID(),
      background: true,
      masterKey,
      dataDir: dir,
      clock: { now: () => Date.now() },
      warn: (message, error) => void warnings.push(`${message} ${error ?? ''}`),
      onBreak: async ({ kind }) => void told.push(kind),
      ...(rounds ? { rounds } : {}),
    });
  let trail = make(open, dataDir);
  await trail.start();

  return {
    open,
    masterKey,
    warnings,
    told,
    get trail() {
      return trail;
    },
    get dataDir() {
      return dataDir;
    },
    async restart({ fresh = false, back, meanwhile } = {}) {
      await trail.stop();
      await meanwhile?.();
      if (fresh) dataDir = newDir();
      if (back !== undefined) dataDir = back;
      trail = make(open, dataDir);
      await trail.start();
    },
    async beside() {
      const second = openDatabase(open.url, { maxConnections: 4 });
      const other = make(second, newDir());
      others.push({ trail: other, open: second });
      await other.start();
      return other;
    },
    async settled(size) {
      const deadline = Date.now() + 30_000;
      while (Date.now() < deadline) {
        const now = await trail.status();
        if (now.waiting.entries === 0 && now.size >= (size ?? 1)) return now.size;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      throw new Error(`the log does not settle: ${JSON.stringify(await trail.status())}`);
    },
    async attack(statement, values = []) {
      const client = await open.pool.connect();
      try {
        await client.query('begin');
        await client.query('set local session_replication_role = replica');
        await client.query(statement, values);
        await client.query('commit');
      } finally {
        client.release();
      }
    },
    async verify() {
      trail.verification.start();
      const result = await trail.verification.settled();
      if (result === null) throw new Error('no verification');
      return result;
    },
    async close() {
      await trail.stop();
      for (const other of others) {
        await other.trail.stop();
        await other.open.close();
      }
      await open.close();
      for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
    },
  };
}
