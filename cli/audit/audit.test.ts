import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditRoutes } from '@bartizan/contracts';
import { createClient } from '@bartizan/contracts/client.ts';
import { MAX_LINE } from '@bartizan/contracts/tlog/export.ts';
import { createCosigner, createSigner } from '@bartizan/contracts/tlog/note.ts';
import { verifyExport } from '@bartizan/contracts/tlog/verify-export.ts';
import { loadConfig, type RunningServer, startServer } from '@bartizan/server/index.ts';
import type { OpenDatabase } from '@bartizan/server/platform/database/index.ts';
import { withTestDatabase } from '@bartizan/server/platform/database/testing.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { EXIT } from '../exit.ts';
import { createProgram } from '../main.ts';
import { linesOf } from './lines.ts';

let open: OpenDatabase;
let server: RunningServer;
let dir: string;
let secret: string;
const printed: string[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cli-audit-'));
  open = await withTestDatabase();
  server = await startServer(
    loadConfig({
      DATABASE_URL: open.url,
      BARTIZAN_DATA_DIR: join(dir, 'data'),
      BARTIZAN_PORT: '0',
      BARTIZAN_MASTER_KEY: randomBytes(32).toString('hex'),
      BARTIZAN_INTERNAL_TOKEN: randomBytes(32).toString('hex'),
      BARTIZAN_LOG_LEVEL: 'silent',
    }),
  );
  const token = new URL(server.setupUrl ?? '').searchParams.get('token');
  const post = (path: string, body: object, cookie = '') =>
    fetch(`${server.url}/api/v1${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie },
      body: JSON.stringify(body),
    });
  const ada = { token, name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
  const setup = await post('/auth/setup', ada);
  const cookie = setup.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  const made = await post(
    '/keys',
    { name: 'auditor', scopes: ['audit.read', 'audit.manage'], endpoints: '*', expiresAt: null },
    cookie,
  );
  secret = ((await made.json()) as { secret: string }).secret;
}, 300_000);
afterAll(async () => {
  await server?.close();
  await open?.close();
  rmSync(dir, { recursive: true, force: true });
});

beforeEach(() => {
  printed.length = 0;
  process.exitCode = undefined;
  vi.stubEnv('BARTIZAN_URL', server.url);
  vi.stubEnv('BARTIZAN_API_KEY', secret);
  vi.stubEnv('BARTIZAN_CONFIG', join(dir, 'config', 'session.json'));
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
});

const client = () =>
  createClient({ baseUrl: server.url, headers: () => ({ authorization: `Bearer ${secret}` }) });
const bartizan = async (...args: string[]) => {
  printed.length = 0;
  process.exitCode = undefined;
  await createProgram().parseAsync(['node', 'bartizan', 'audit', ...args]);
  return { out: printed.join(''), code: process.exitCode ?? 0 };
};
const attack = async (sql: string) => {
  const held = await open.pool.connect();
  await held.query('begin');
  await held.query('set local session_replication_role = replica');
  await held.query(sql);
  await held.query('commit');
  held.release();
};
/** Entries by the way that everybody has: an export is one. */
async function more(count: number): Promise<void> {
  const { size } = await client().call(auditRoutes.status, {});
  for (let n = 0; n < count; n += 1) await (await client().stream(auditRoutes.export, {})).text();
  await expect
    .poll(async () => (await client().call(auditRoutes.status, {})).size, { timeout: 30_000 })
    .toBeGreaterThanOrEqual(size + count);
}
async function* linesFrom(text: string) {
  yield* linesOf(
    (async function* () {
      yield text;
    })(),
    MAX_LINE,
  );
}

describe('a running server', () => {
  test('is read whole each time; with --new-only what came since, which is then said', async () => {
    await more(3);
    const first = JSON.parse((await bartizan('verify', '--json')).out);
    expect(first).toMatchObject({ verified: true, knownBefore: 0, keySince: null, problems: [] });
    await more(2);
    const again = JSON.parse((await bartizan('verify', '--json')).out);
    expect(again).toMatchObject({ verified: true, knownBefore: 0, keySince: expect.any(Number) });
    expect(again.entries).toBe(again.size);
    await more(2);
    const second = JSON.parse((await bartizan('verify', '--new-only', '--json')).out);
    expect(second).toMatchObject({ verified: true, knownBefore: again.size });
    expect(second.entries).toBe(second.size - again.size);
    expect((await bartizan('verify')).out).toMatch(/^Verified\n/);
    await more(1);
    const { out } = await bartizan('verify', '--new-only');
    expect(out).toMatch(/^Verified what is new: \d+ older entries were NOT read again/);
  });

  test('the key is taken from the log once, and remembered with its date', async () => {
    vi.stubEnv('BARTIZAN_CONFIG', join(dir, 'elsewhere', 'session.json'));
    expect((await bartizan('verify')).out).toContain('The key was taken from the log itself');
    const [second, third] = [(await bartizan('verify')).out, (await bartizan('verify')).out];
    for (const out of [second, third]) {
      expect(out).toMatch(/The key is the one remembered from \d{4}-\d\d-\d\d/);
      expect(out).not.toContain('taken from the log itself');
    }
    const { items } = await client().call(auditRoutes.keys, {});
    expect((await bartizan('verify', '--key', items[0]?.verifierKey ?? '')).out).not.toContain('The key ');
  });

  test('what was verified before and altered since is found, and no later run passes because of before', async () => {
    const { rows } = await open.pool.query('select id from audit_sequence where index = 1');
    expect((await bartizan('verify')).code).toBe(EXIT.ok);
    await attack(`update audit_entries set actor_name = actor_name || 'x' where id = '${rows[0].id}'`);
    // What one asks for who says so: older entries are not looked at, and it says that.
    const partial = await bartizan('verify', '--new-only', '--json');
    expect(partial.code).toBe(EXIT.ok);
    expect(JSON.parse(partial.out).knownBefore).toBeGreaterThan(1);
    for (const flags of [[], ['--new-only'], [], ['--new-only']]) {
      const { out, code } = await bartizan('verify', ...flags, '--json');
      expect([flags, code]).toEqual([flags, EXIT.findings]);
      expect(JSON.parse(out)).toMatchObject({
        knownBefore: 0,
        firstAltered: { kind: 'entry-altered', index: 1, id: rows[0].id },
      });
    }
    await attack(`update audit_entries set actor_name = left(actor_name, -1) where id = '${rows[0].id}'`);
    const mended = await bartizan('verify', '--new-only');
    expect(mended.code).toBe(EXIT.ok);
    expect(mended.out).toMatch(/^Verified\n/);
    expect(mended.out).toMatch(/The verification of .* failed: .* every entry was read/);
    expect(JSON.parse((await bartizan('verify', '--new-only', '--json')).out)).toMatchObject({
      verified: true,
      failedBefore: null,
      knownBefore: expect.any(Number),
    });
  });

  test('a row that is gone is named', async () => {
    await attack(
      'create table kept as select * from audit_entries where id = (select id from audit_sequence where index = 2)',
    );
    await attack('delete from audit_entries where id in (select id from kept)');
    const { out, code } = await bartizan('verify', '--json');
    expect([code, JSON.parse(out).firstAltered.index]).toEqual([EXIT.findings, 2]);
    await attack('insert into audit_entries select * from kept');
    await attack('drop table kept');
  });

  test('a key that is pinned and not the log’s is refused, and a witness that is missing', async () => {
    const { items } = await client().call(auditRoutes.keys, {});
    const own = items[0]?.verifierKey ?? '';
    expect((await bartizan('verify', '--key', own)).code).toBe(EXIT.ok);
    await expect(bartizan('verify', '--witness', own)).rejects.toMatchObject({ exitCode: EXIT.usage });
    const { privateKey } = generateKeyPairSync('ed25519');
    const witness = createCosigner('witness.example/one', privateKey, () => Date.now());
    expect((await bartizan('verify', '--witness', witness.verifierKey)).code).toBe(EXIT.findings);
    const other = createSigner(own.split('+')[0] ?? '', privateKey);
    expect((await bartizan('verify', '--key', other.verifierKey)).code).toBe(EXIT.findings);
    await expect(bartizan('verify', '--key', 'nonsense')).rejects.toMatchObject({ exitCode: EXIT.usage });
  });

  test('the log is listed and its checkpoint shown', async () => {
    expect((await bartizan('list', '--action', 'audit.*')).out).toContain('audit.exported');
    expect((await bartizan('checkpoint')).out).toMatch(/^bartizan\/audit\/[0-9a-f]{16}\n\d+\n/);
  });
});

test('an altered entry that the server finds when asked to verify raises an alarm', async () => {
  const alarms = async () =>
    (await open.pool.query("select severity, summary from alarms where kind = 'audit-broken'")).rows;
  expect(await alarms()).toEqual([]);
  await attack(
    `create table kept_name as select e.id, e.actor_name from audit_entries e join audit_sequence s using (id)
     where s.index = 3`,
  );
  await attack("update audit_entries set actor_name = 'Mallory' where id in (select id from kept_name)");
  await client().call(auditRoutes.verify, { body: {} });
  await expect
    .poll(alarms, { timeout: 30_000 })
    .toMatchObject([
      { severity: 'critical', summary: expect.stringMatching(/audit log is broken.*verification failed/) },
    ]);
  expect((await client().call(auditRoutes.status, {})).breaks).toMatchObject([
    { kind: 'entry-altered', index: 3, acknowledgedAt: null },
  ]);
  await attack('update audit_entries e set actor_name = k.actor_name from kept_name k where k.id = e.id');
  await attack('drop table kept_name');
}, 300_000);

describe('an export', () => {
  test('is verified without the server; every line that is altered, moved, dropped or cut off is found', async () => {
    await more(1);
    const text = await (await client().stream(auditRoutes.export, {})).text();
    const clean = await verifyExport(linesFrom(text));
    expect(clean).toMatchObject({ problems: [], pinned: false });
    expect(clean.entries).toBe(clean.size);
    const lines = text.trimEnd().split('\n');
    const at = (index: number) =>
      lines.findIndex((line) => line.startsWith(`{"type":"entry","index":${index},`));
    const without = (n: number) => lines.toSpliced(n, 1);
    const judge = async (changed: readonly string[]) => verifyExport(linesFrom(`${changed.join('\n')}\n`));
    const altered = lines.with(at(3), (lines[at(3)] ?? '').replace('"at":1', '"at":2'));
    expect((await judge(altered)).firstAltered).toMatchObject({ kind: 'entry-altered', index: 3 });
    expect((await judge(without(at(4)))).firstAltered).toMatchObject({ kind: 'entry-missing', index: 4 });
    const swapped = lines
      .with(at(1), (lines[at(2)] ?? '').replace('"index":2', '"index":1'))
      .with(at(2), (lines[at(1)] ?? '').replace('"index":1', '"index":2'));
    expect((await judge(swapped)).firstAltered).toMatchObject({ kind: 'entry-moved', index: 1 });
    expect((await judge(lines.slice(0, -1))).problems).toMatchObject([{ kind: 'truncated' }]);
    expect((await judge(lines.slice(0, at(2)))).firstAltered).toMatchObject({ index: 2 });
    for (const [n, line] of lines.entries()) {
      const changed = lines.with(
        n,
        line.replace(/[A-Za-z0-9](?=[^A-Za-z0-9]*$)/, (one) => (one === 'A' ? 'B' : 'A')),
      );
      const { problems } = await judge(changed).catch(() => ({ problems: ['unreadable'] }));
      expect([n, line.slice(0, 30), problems.length > 0]).toEqual([n, line.slice(0, 30), true]);
    }
  });
});
