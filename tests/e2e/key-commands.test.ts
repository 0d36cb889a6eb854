import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig, type RunningServer, startServer } from '../../server/index.ts';
import type { OpenDatabase } from '../../server/platform/database/index.ts';
import { withTestDatabase } from '../../server/platform/database/testing.ts';

const CLI = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const run = promisify(execFile);

let open: OpenDatabase;
let server: RunningServer;
let dataDir: string;
let key: string;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'key-commands-'));
  open = await withTestDatabase();
  server = await startServer(
    loadConfig({
      DATABASE_URL: open.url,
      BARTIZAN_DATA_DIR: dataDir,
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
  const who = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
  const setUp = await post('/auth/setup', { token, ...who });
  const cookie = setUp.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  const scopes = ['keys.manage', 'keys.read', 'gateway.invoke', 'policies.read', 'overview.read'];
  const more = [
    ...scopes,
    'endpoints.read',
    'checks.read',
    'detector.read',
    'interactions.read',
    'sinks.read',
    'sinks.manage',
    // A key gives a service account no role that can more than itself: what a viewer can is here too.
    'systems.read',
    'models.read',
    'data.read',
  ];
  const made = await post('/keys', { name: 'cli', scopes: more, endpoints: '*', expiresAt: null }, cookie);
  key = ((await made.json()) as { secret: string }).secret;
});
afterAll(async () => {
  await server?.close();
  await open?.close();
  rmSync(dataDir, { recursive: true, force: true });
});

/** What a command prints as JSON. */
async function bartizan(...command: string[]) {
  const env = { ...process.env, BARTIZAN_URL: server.url, BARTIZAN_API_KEY: key };
  const { stdout } = await run(process.execPath, [CLI, ...command, '--json'], { env });
  return JSON.parse(stdout);
}
const works = async (secret: string) =>
  (await fetch(`${server.url}/api/v1/auth/me`, { headers: { authorization: `Bearer ${secret}` } })).status ===
  200;

test('keys of a service account are made, rotated with an overlap, and end with it', async () => {
  const account = await bartizan(
    'service-account',
    'create',
    'ci',
    '--description',
    'builds',
    '--role',
    'viewer',
  );
  expect(account).toMatchObject({ name: 'ci', ownerName: 'Ada', roles: ['viewer'] });
  await expect(
    bartizan('key', 'create', 'wide', '--scope', 'policies.read', '--service-account', 'nobody'),
  ).rejects.toThrow('no service account');
  const shared = await bartizan('key', 'create', 'ci', '--scope', 'policies.read', '--service-account', 'ci');
  expect(shared.key).toMatchObject({ ownerKind: 'service-account', ownerName: 'ci' });
  const made = await bartizan('key', 'create', 'app', '--scope', 'policies.read', '--expires', '30d');
  const rotated = await bartizan('key', 'rotate', made.key.id, '--overlap', '1h');
  expect(rotated.key.previous.prefix).toBe(made.key.prefix);
  expect([await works(made.secret), await works(rotated.secret)]).toEqual([true, true]);
  const again = await bartizan('key', 'rotate', made.key.id, '--overlap', '0s');
  expect([await works(made.secret), await works(rotated.secret), await works(again.secret)]).toEqual([
    false,
    false,
    true,
  ]);
  await expect(bartizan('key', 'rotate', made.key.id, '--overlap', '31d')).rejects.toThrow('too long');
  const list = await bartizan('key', 'list');
  expect(list.find((each: { id: string }) => each.id === made.key.id)).toMatchObject({
    ownerName: 'Ada',
    previous: null,
  });
  expect((await bartizan('service-account', 'disable', 'ci')).disabled).toBe(true);
  expect(await works(shared.secret)).toBe(false);
  expect((await bartizan('service-account', 'enable', 'ci')).disabled).toBe(false);
  expect(await works(shared.secret)).toBe(true);
  expect(await bartizan('service-account', 'remove', 'ci')).toEqual({ removed: account.id });
  expect(await works(shared.secret)).toBe(false);
}, 240_000);

/** What a command says when it fails, and its exit code. */
async function refused(session: string, ...command: string[]): Promise<{ code: number; stderr: string }> {
  const env = { ...process.env, BARTIZAN_URL: server.url, BARTIZAN_API_KEY: session };
  const failed = await run(process.execPath, [CLI, ...command], { env }).then(
    () => null,
    (error: { code: number; stderr: string }) => error,
  );
  if (!failed) throw new Error(`${command.join(' ')} did not fail`);
  return failed;
}

test('keys are rotated and revoked by name, unless none or several have it', async () => {
  const made = await bartizan('key', 'create', 'shop', '--scope', 'policies.read', '--expires', '30d');
  const rotated = await bartizan('key', 'rotate', 'shop', '--overlap', '0s');
  expect(rotated.key.id).toBe(made.key.id);
  expect(await refused(key, 'key', 'revoke', 'shopp')).toMatchObject({
    stderr: expect.stringContaining("no key 'shopp'; see bartizan key list"),
  });
  const twin = await bartizan('key', 'create', 'shop', '--scope', 'policies.read', '--expires', '30d');
  const { stderr } = await refused(key, 'key', 'revoke', 'shop');
  expect(stderr).toContain("2 keys are called 'shop'");
  for (const one of [made, twin]) expect(stderr).toContain(one.key.id);
  expect(await bartizan('key', 'revoke', twin.key.id)).toEqual({ revoked: twin.key.id });
  expect(await bartizan('key', 'revoke', 'shop')).toEqual({ revoked: made.key.id });
  expect(await works(rotated.secret)).toBe(false);
}, 240_000);

test('a key that would outlive the one that makes it is refused with a word of what to do', async () => {
  const brief = await bartizan('key', 'create', 'brief', '--scope', 'keys.manage', '--expires', '30d');
  for (const time of [['--expires', '90d'], ['--no-expiry']]) {
    const { code, stderr } = await refused(
      brief.secret,
      'key',
      'create',
      'x',
      '--scope',
      'keys.manage',
      ...time,
    );
    expect(code).toBe(77);
    expect(stderr).toContain('Settings → Keys');
    expect(stderr).toContain('Without --expires');
  }
}, 240_000);

test('a sink without its secret or of an unknown type is refused with what is missing', async () => {
  const file = join(dataDir, 'sink.json');
  const add = (target: object) => {
    writeFileSync(file, JSON.stringify({ name: 'lake', target }));
    return refused(key, 'sink', 'add', file);
  };
  const url = 'https://logs.example.com/ocsf';
  const secretless = await add({ type: 'https', url, auth: 'bearer' });
  expect(secretless).toMatchObject({ code: 64, stderr: expect.stringContaining('--secret-stdin') });
  expect((await add({ type: 'splunk-hec', url })).stderr).toContain('--secret-stdin');
  expect((await add({ type: 'http', url })).stderr).toContain(
    'target.type: give one of https, file, syslog, splunk-hec',
  );
}, 240_000);
