import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { identityRoutes, interactionRoutes, policyRoutes } from '@bartizan/contracts';
import { masterKeyFromHex } from '@bartizan/contracts/sealed.ts';
import { allMigrations, migrationState, openKeyFile, readBackup } from '@bartizan/server/operations/index.ts';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { findPostgres } from '../../cli/up/postgres-found.ts';
import { ask, cookieClient, eventually, startInstance, type TestInstance } from '../support/instance.ts';

const BIN = fileURLToPath(new URL('../../cli/bin/bartizan.mjs', import.meta.url));
const RELEASES = fileURLToPath(new URL('./releases', import.meta.url));
const PASSPHRASE = 'a passphrase for tests only';

const State = z.object({
  people: z.array(z.object({ email: z.string(), password: z.string() })),
  key: z.string(),
  demoKey: z.string(),
  policies: z.array(z.string()),
  text: z.string(),
  interactions: z.array(z.object({ id: z.string(), verdict: z.enum(['allow', 'flag', 'redact', 'block']) })),
});

const releases = readdirSync(RELEASES)
  .filter((name) => name.endsWith('.backup'))
  .map((name) => name.replace('.backup', ''));

function cli(args: readonly string[]): string {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(BARTIZAN_|DATABASE_URL|PG|VITEST|NODE_OPTIONS)/.test(name),
    ),
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`bartizan ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

it('there is a state of every release', () => {
  expect(releases).toContain('0.1.0');
});

describe.each(releases)('the state that %s left', (release) => {
  const at = (name: string) => join(RELEASES, `${release}.${name}`);
  const state = State.parse(JSON.parse(readFileSync(at('json'), 'utf8')));
  let dataDir = '';
  let instance: TestInstance;

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'bartizan-upgrade-'));
    chmodSync(dataDir, 0o711);
    const phrase = join(dataDir, 'phrase');
    writeFileSync(phrase, PASSPHRASE);
    cli(['restore', 'keys', at('keys.json'), '--passphrase-file', phrase, '--data-dir', dataDir]);
    cli(['restore', at('backup'), '--data-dir', dataDir]);
    instance = await startInstance({ dataDir });
  }, 240_000);
  afterAll(async () => {
    const found = findPostgres(dataDir);
    await instance?.stop();
    if (found) rmSync(found.home, { recursive: true, force: true });
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function signIn(index: number) {
    const client = cookieClient(instance.console);
    const { email = '', password = '' } = state.people[index] ?? {};
    await client.call(identityRoutes.login, { body: { email, password } });
    return client;
  }

  async function query<Row extends object>(sql: string): Promise<Row[]> {
    const client = new pg.Client(findPostgres(dataDir)?.url ?? '');
    await client.connect();
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  it('was made by migrations that stand as they were, and comes forward to those of today', async () => {
    const keys = await openKeyFile(readFileSync(at('keys.json'), 'utf8'), PASSPHRASE);
    const { start } = await readBackup(at('backup'), masterKeyFromHex(keys['master.key'] ?? ''));
    expect(start.version).toBe(release);
    const then = migrationState(allMigrations, start.migrations);
    expect(then).toMatchObject({ unknown: [], changed: [] });
    const applied = await query<{ id: string; checksum: string }>(
      'select id, checksum from bartizan_migrations',
    );
    expect(migrationState(allMigrations, applied)).toEqual({ pending: [], unknown: [], changed: [] });
    expect(applied.length).toBe(allMigrations.length);
  });

  it('lets everybody sign in, with what they had', async () => {
    expect(instance.setup).toBeNull();
    for (const index of state.people.keys()) {
      const client = await signIn(index);
      const me = await client.call(identityRoutes.me, {});
      expect(me.email).toBe(state.people[index]?.email);
    }
    const { items } = await (await signIn(0)).call(policyRoutes.list, {});
    expect(items.map(({ name }) => name).toSorted()).toEqual(state.policies);
  });

  it('lets applications go on with their keys', async () => {
    expect(instance.key).toBe(state.demoKey);
    for (const key of [state.key, state.demoKey]) {
      await eventually(
        'the key works',
        async () => (await ask({ ...instance, key }, 'Are you open?')).ok,
        30_000,
      );
    }
  });

  it('shows every interaction, and what was said in it', async () => {
    const admin = await signIn(0);
    for (const { id, verdict } of state.interactions) {
      const one = await admin.call(interactionRoutes.get, {
        params: { id },
        purpose: 'looking after an upgrade',
      });
      expect(one.verdict).toBe(verdict);
    }
    const seen = await Promise.all(
      state.interactions.map(({ id }) =>
        admin.call(interactionRoutes.get, { params: { id }, purpose: 'looking after an upgrade' }),
      ),
    );
    expect(JSON.stringify(seen)).toContain(state.text);
  });

  it('has its audit entries of then in the tree', async () => {
    const [head] = await eventually(
      'all entries have a place in the tree',
      async () => {
        const rows = await query<{ entries: string; placed: string }>(
          'select (select count(*) from audit_entries) as entries, (select count(*) from audit_sequence) as placed',
        );
        return rows[0] && rows[0].entries === rows[0].placed && rows;
      },
      60_000,
    );
    expect(Number(head?.entries)).toBeGreaterThan(5);
  });
});
