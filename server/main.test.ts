import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig, startServer } from './index.ts';
import type { OpenDatabase } from './platform/database/index.ts';
import { cuttable, withTestDatabase } from './platform/database/testing.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
let open: OpenDatabase;
let dataDir: string;
let env: Record<string, string>;
beforeAll(async () => {
  open = await withTestDatabase();
  dataDir = mkdtempSync(join(tmpdir(), 'server-'));
  env = {
    DATABASE_URL: open.url,
    BARTIZAN_DATA_DIR: dataDir,
    BARTIZAN_PORT: '0',
    BARTIZAN_MASTER_KEY: randomBytes(32).toString('hex'),
    BARTIZAN_INTERNAL_TOKEN: randomBytes(32).toString('hex'),
    BARTIZAN_LOG_LEVEL: 'silent',
  };
});
afterAll(async () => {
  await open?.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const login = (url: string) =>
  fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'nobody@example.com', password: 'not a password' }),
  });

describe('startServer', () => {
  test('two starting together on a fresh database both serve', async () => {
    const both = await Promise.all([startServer(loadConfig(env)), startServer(loadConfig(env))]);
    for (const server of both) {
      expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
      expect(server.setupUrl).toMatch(/\/setup\?token=/);
      expect(server.demoKey).toBeNull();
    }
    await Promise.all(both.map((server) => server.close()));
    await expect(fetch(`${both[0]?.url}/healthz`)).rejects.toThrow();
  });

  test('with the demo it makes endpoint and key once', async () => {
    const config = loadConfig({ ...env, BARTIZAN_DEMO: '1' });
    const first = await startServer(config);
    await first.close();
    const second = await startServer(config);
    await second.close();
    expect(first.demoKey).toMatch(/^bz_/);
    expect(second.demoKey).toBe(first.demoKey);
    expect(readFileSync(join(dataDir, 'demo-key'), 'utf8').trim()).toBe(first.demoKey);
  });

  test('survives the database going away: 503 meanwhile, itself again afterwards', async () => {
    const proxy = await cuttable(open.url);
    const server = await startServer(loadConfig({ ...env, DATABASE_URL: proxy.url }));
    expect((await login(server.url)).status).toBe(401);
    proxy.cut();
    const away = await login(server.url);
    expect([away.status, ((await away.json()) as { error: { code: string } }).error.code]).toEqual([
      503,
      'unavailable',
    ]);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    proxy.heal();
    await expect.poll(async () => (await login(server.url)).status, { timeout: 30_000 }).toBe(401);
    await server.close();
    proxy.server.close();
  });

  test('refuses a database of a newer version and leaves nothing running', async () => {
    await open.pool.query("insert into bartizan_migrations (id, checksum) values ('9999-later', 'x')");
    await expect(startServer(loadConfig(env))).rejects.toThrow(/newer version of Bartizan/);
    await open.pool.query("delete from bartizan_migrations where id = '9999-later'");
  });

  test('a port that is taken is said', async () => {
    const server = await startServer(loadConfig(env));
    const port = new URL(server.url).port;
    await expect(startServer(loadConfig({ ...env, BARTIZAN_PORT: port }))).rejects.toThrow('EADDRINUSE');
    await server.close();
  });
});

test('an audit log that was altered raises one alarm, however many servers notice it', async () => {
  const own = await withTestDatabase();
  const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'server-')));
  const start = (folder = '') =>
    startServer(loadConfig({ ...env, DATABASE_URL: own.url, BARTIZAN_DATA_DIR: folder }));
  const alarms = async () =>
    (await own.pool.query('select kind, severity, summary, subject from alarms')).rows;
  try {
    const whole = await start(folders[0]);
    await whole.close();
    expect(await alarms()).toEqual([]);
    await own.pool.query("update audit_tree set root = decode(repeat('00', 32), 'hex')");
    const both = await Promise.all(folders.map(start));
    const broken = async () => (await alarms()).filter(({ kind }) => kind === 'audit-broken');
    await expect.poll(async () => (await broken()).length, { timeout: 30_000 }).toBeGreaterThan(0);
    await Promise.all(both.map((server) => server.close()));
    const raised = await broken();
    expect(raised[0]).toMatchObject({
      severity: 'critical',
      summary: expect.stringContaining('The audit log is broken'),
    });
    expect(new Set(raised.map(({ subject }) => subject)).size).toBe(raised.length);
    // Nobody has looked into it: it stands for what the next start finds, too.
    await (await start(folders[0])).close();
    const later = (await broken()).map(({ subject }) => subject);
    expect(later).toEqual([...new Set(later)]);
    expect(later).toEqual(expect.arrayContaining(raised.map(({ subject }) => subject)));
  } finally {
    await own.close();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}, 300_000);

describe('as a process', () => {
  interface Run {
    readonly child: ChildProcess;
    readonly output: () => string;
    readonly exited: Promise<number | null>;
  }
  function run(overrides: Record<string, string>, stdio: 'ipc' | 'ignore' = 'ipc'): Run {
    const child = spawn(process.execPath, [MAIN], {
      env: { PATH: process.env.PATH, ...env, ...overrides },
      stdio: ['ignore', 'pipe', 'pipe', stdio],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += chunk));
    const exited = once(child, 'exit').then(([code]) => code as number | null);
    return { child, output: () => text, exited };
  }

  test.each([
    ['SIGTERM', (child: ChildProcess) => void child.kill('SIGTERM')],
    ['SIGINT', (child: ChildProcess) => void child.kill('SIGINT')],
    ['its supervisor being gone', (child: ChildProcess) => child.disconnect()],
  ])(
    'tells when it is ready and drains on %s',
    async (_, end) => {
      const { child, exited } = run({});
      const [message] = (await once(child, 'message')) as [{ type: string; url: string; setupUrl: string }];
      expect(message).toMatchObject({ type: 'ready', demoKey: null });
      expect(message.setupUrl.startsWith(message.url)).toBe(true);
      expect((await fetch(`${message.url}/healthz`)).status).toBe(200);
      end(child);
      expect(await exited).toBe(0);
    },
    300_000,
  );

  test('says what is wrong with its configuration, without a stack or a secret', async () => {
    const { exited, output } = run({ BARTIZAN_MASTER_KEY: 'f00f'.repeat(16), BARTIZAN_PORT: 'x' }, 'ignore');
    expect(await exited).toBe(1);
    expect(output()).toContain('BARTIZAN_MASTER_KEY is not random');
    expect(output()).toContain('BARTIZAN_PORT');
    expect(output()).not.toMatch(/f00ff00f|at file:|at async/);
  });
});

test('the console is looked for where it is built', () => {
  const { consoleDir } = loadConfig(env);
  expect(consoleDir).toBe(fileURLToPath(new URL('../console/dist', import.meta.url)));
  expect(existsSync(join(consoleDir ?? '', '..', 'package.json'))).toBe(true);
});
