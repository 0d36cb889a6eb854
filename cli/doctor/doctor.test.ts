import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allMigrations } from '@bartizan/server/operations/index.ts';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { testPostgres } from '../../tests/postgres.ts';
import { openDataDir } from '../up/data-dir.ts';
import { freePort } from '../up/ports.ts';
import { homeApart, noteOwner } from '../up/postgres-binaries.ts';
import { noteRunning } from '../up/running.ts';
import { allChecks, type DoctorOptions, examine } from './run.ts';
import type { Finding } from './types.ts';

const hex = (): string => randomBytes(32).toString('hex');
let dataDir = '';
const servers: Server[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'bartizan-doctor-'));
  mkdirSync(join(dataDir, 'keys'), { mode: 0o700 });
  for (const name of ['master.key', 'internal.token']) {
    writeFileSync(join(dataDir, 'keys', name), `${hex()}\n`, { mode: 0o600 });
  }
});
afterEach(() => {
  rmSync(dataDir, { recursive: true, force: true });
  for (const server of servers.splice(0)) server.close();
});

async function look(id: string, change: Partial<DoctorOptions> = {}): Promise<Finding> {
  const findings = await examine({ env: {}, dataDir, databaseUrl: undefined, ...change });
  const found = findings.find((one) => one.id === id);
  if (!found) throw new Error(`no check ${id}`);
  return found;
}

const env = (values: Record<string, string>): Partial<DoctorOptions> => ({ env: values });

describe('the machine', () => {
  it('tells an old Node', async () => {
    expect((await look('machine.node')).status).toBe('ok');
    expect(await look('machine.node', { nodeVersion: '20.19.0' })).toMatchObject({ status: 'fail' });
  });

  it('tells secrets that others can read, and a data directory that they can write to', async () => {
    expect((await look('machine.data-dir')).status).toBe('ok');
    chmodSync(dataDir, 0o777);
    expect((await look('machine.data-dir')).status).toBe('warn');
    chmodSync(join(dataDir, 'keys', 'master.key'), 0o644);
    const found = await look('machine.data-dir');
    expect(found).toMatchObject({ status: 'fail', advice: expect.stringContaining('chmod 600') });
    expect(await look('machine.data-dir', { dataDir: join(dataDir, 'not') })).toMatchObject({
      status: 'fail',
    });
  });

  it('tells a disk that fills up', async () => {
    expect(await look('machine.disk', { littleBytes: 1e18 })).toMatchObject({ status: 'warn' });
  });

  it('names who holds a port', async () => {
    const port = await freePort();
    const blocker = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('up'))`,
    ]);
    try {
      await new Promise((settle) => blocker.stdout.once('data', settle));
      const free = String(await freePort());
      const found = await look(
        'machine.ports',
        env({ BARTIZAN_PORT: String(port), BARTIZAN_GATEWAY_PORT: free }),
      );
      expect(found.status).toBe('warn');
      expect(found.found).toContain(`process ${blocker.pid}`);
      blocker.kill();
      await new Promise((settle) => blocker.once('exit', settle));
      expect(
        (await look('machine.ports', env({ BARTIZAN_PORT: String(port), BARTIZAN_GATEWAY_PORT: free })))
          .status,
      ).toBe('ok');
    } finally {
      blocker.kill();
    }
  });

  it('looks where the instance that runs on the data directory listens', async () => {
    const held = openDataDir(dataDir);
    const listening = createServer((_, response) => void response.end());
    servers.push(listening);
    await new Promise<void>((done) => listening.listen(0, '127.0.0.1', done));
    const address = listening.address();
    const server = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const takeBack = noteRunning(dataDir, { server, gateway: server });
    expect(await look('machine.ports')).toMatchObject({
      status: 'ok',
      found: expect.stringContaining(`process ${process.pid}`),
    });
    expect(await look('server.reachable')).toMatchObject({ status: 'ok', found: `${server} ready` });
    noteRunning(dataDir, { server, gateway: `http://127.0.0.1:${await freePort()}` });
    expect(await look('machine.ports')).toMatchObject({
      status: 'warn',
      found: expect.stringContaining('nothing listens'),
    });
    takeBack();
    held.release();
    expect((await look('server.reachable')).status).toBe('skipped');
  });

  it('says one thing about a data directory that is not there', async () => {
    const findings = await examine({ env: {}, dataDir: join(dataDir, 'not'), databaseUrl: undefined });
    const broken = findings.filter(({ status }) => status === 'fail');
    expect(broken.map(({ id }) => id)).toEqual(['machine.data-dir']);
    expect(findings.at(-1)?.id).toBe('machine.data-dir');
  });

  it('names databases of other data directories without calling that a fault', async () => {
    if (process.getuid?.() !== 0 || !existsSync('/var/lib')) return;
    const gone = join(dataDir, 'gone');
    const home = homeApart(gone);
    mkdirSync(home, { recursive: true });
    try {
      noteOwner(home, gone);
      const found = await examine({
        env: {},
        dataDir,
        databaseUrl: undefined,
        checks: allChecks.filter(({ id }) => id === 'machine.leftovers'),
      });
      expect(found[0]?.status).toBe('ok');
      expect(found[0]?.found).toContain('databases of other data directories');
      expect(found[0]?.advice).toContain(home);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });

  it('tells two databases of one instance, where it runs as root', async () => {
    if (process.getuid?.() !== 0 || !existsSync('/var/lib')) return;
    const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
    const apart = join('/var/lib/bartizan', `postgres-${name}`);
    mkdirSync(join(apart, 'data'), { recursive: true });
    mkdirSync(join(dataDir, 'postgres', 'data'), { recursive: true });
    try {
      expect(await look('machine.leftovers')).toMatchObject({ status: 'fail' });
    } finally {
      rmSync(apart, { recursive: true, force: true });
    }
  });
});

describe('the settings', () => {
  it('tells those that no server would start with', async () => {
    expect((await look('settings.valid')).status).toBe('ok');
    expect(
      await look('settings.valid', env({ BARTIZAN_PORT: 'many', BARTIZAN_LOG_LEVEL: 'loud' })),
    ).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('BARTIZAN_PORT'),
    });
  });

  it('tells missing, weak and shared secrets, without showing any', async () => {
    expect((await look('settings.secrets')).status).toBe('ok');
    const same = hex();
    const shared = await examine({
      env: { BARTIZAN_MASTER_KEY: same, BARTIZAN_INTERNAL_TOKEN: same },
      dataDir,
      databaseUrl: `postgres://u:${same}@127.0.0.1:1/x`,
    });
    expect(shared.find(({ id }) => id === 'settings.secrets')).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('two purposes'),
    });
    expect(JSON.stringify(shared)).not.toContain(same);
    const weak = 'password1234'.repeat(6);
    const told = await look('settings.secrets', env({ BARTIZAN_INTERNAL_TOKEN: weak }));
    expect(told).toMatchObject({ status: 'fail', found: expect.stringContaining('not random') });
    expect(JSON.stringify(told)).not.toContain(weak);
    rmSync(join(dataDir, 'keys', 'master.key'));
    expect(await look('settings.secrets')).toMatchObject({
      status: 'fail',
      advice: expect.stringContaining('restore keys'),
    });
  });

  it('tells passwords that cross the network in the clear', async () => {
    const url = 'settings.public-url';
    expect((await look(url)).status).toBe('ok');
    expect((await look(url, env({ BARTIZAN_PUBLIC_URL: 'http://127.0.0.1:7600' }))).status).toBe('ok');
    expect((await look(url, env({ BARTIZAN_PUBLIC_URL: 'https://b.example' }))).status).toBe('ok');
    expect((await look(url, env({ BARTIZAN_PUBLIC_URL: 'http://b.example' }))).status).toBe('fail');
    expect((await look(url, env({ BARTIZAN_HOST: '0.0.0.0' }))).status).toBe('warn');
  });

  it('tells proxies that are everybody, and a proxy that is not trusted', async () => {
    const id = 'settings.trusted-proxies';
    for (const range of ['0.0.0.0/0', '::/0', '10.0.0.1 0.0.0.0/1']) {
      expect((await look(id, env({ BARTIZAN_TRUSTED_PROXIES: range }))).status).toBe('fail');
    }
    expect((await look(id, env({ BARTIZAN_TRUSTED_PROXIES: '10.0.0.0/8' }))).status).toBe('ok');
    expect((await look(id, env({ BARTIZAN_PUBLIC_URL: 'https://b.example' }))).status).toBe('warn');
  });
});

describe('the object store', () => {
  it('tells a folder that takes nothing, and a bucket that is not there', async () => {
    expect(await look('objects.writable')).toMatchObject({
      status: 'ok',
      found: expect.stringContaining(join(dataDir, 'objects')),
    });
    rmSync(join(dataDir, 'objects'), { recursive: true });
    writeFileSync(join(dataDir, 'objects'), 'in the way');
    expect((await look('objects.writable')).status).toBe('fail');
    const bucket = env({
      BARTIZAN_OBJECTS_URL: 's3://models?endpoint=http://127.0.0.1:9',
      BARTIZAN_OBJECTS_ACCESS_KEY_ID: 'id',
      BARTIZAN_OBJECTS_SECRET_ACCESS_KEY: 'hush-hush',
    });
    const found = await look('objects.writable', bucket);
    expect(found).toMatchObject({ status: 'fail', found: expect.stringContaining('nothing listens there') });
    expect(JSON.stringify(found)).not.toContain('hush-hush');
  });
});

describe('the database', () => {
  let url = '';
  let admin: pg.Client;
  let client: pg.Client;
  const name = `bartizan_doctor_${randomBytes(4).toString('hex')}`;
  const here = (values: Record<string, string> = {}): Partial<DoctorOptions> => ({
    databaseUrl: url,
    env: values,
  });

  beforeAll(async () => {
    const server = await testPostgres();
    admin = new pg.Client(server.url);
    await admin.connect();
    await admin.query(`create database ${name}`);
    url = Object.assign(new URL(server.url), { pathname: `/${name}` }).href;
    client = new pg.Client(url);
    await client.connect();
  });
  afterAll(async () => {
    await client?.end();
    await admin?.query(`drop database if exists ${name} with (force)`);
    await admin?.end();
  });
  beforeEach(async () => {
    await client.query('drop schema public cascade; create schema public');
    const { checksum, MIGRATIONS_TABLE } = await import('@bartizan/server/platform/database/index.ts');
    await client.query(MIGRATIONS_TABLE);
    for (const { id, sql } of allMigrations.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
      await client.query(sql);
      await client.query('insert into bartizan_migrations (id, checksum) values ($1, $2)', [
        id,
        checksum(sql),
      ]);
    }
  });

  it('tells one that does not answer, without its password', async () => {
    expect((await look('database.reachable', here())).status).toBe('ok');
    const wrong = url.replace(/:\/\/[^@]*@/, '://nobody:hidden@');
    const found = await look('database.reachable', { databaseUrl: wrong.replace(/:\d+\//, ':1/') });
    expect(found).toMatchObject({ status: 'fail', found: expect.stringContaining('ECONNREFUSED') });
    expect(JSON.stringify(found)).not.toContain('hidden');
    expect(await look('database.reachable', { databaseUrl: 'postgres://%%%' })).toMatchObject({
      status: 'fail',
    });
  });

  it('tells a clock that is off', async () => {
    expect((await look('database.clock', here())).status).toBe('ok');
    expect(await look('database.clock', { ...here(), nowMs: () => Date.now() + 60_000 })).toMatchObject({
      status: 'warn',
      found: expect.stringContaining('behind'),
    });
  });

  it('tells pending, newer and altered migrations', async () => {
    const id = 'database.migrations';
    expect((await look(id, here())).status).toBe('ok');
    await client.query("delete from bartizan_migrations where id = '0100-policies-create'");
    expect(await look(id, here())).toMatchObject({
      status: 'warn',
      found: expect.stringContaining('0100-policies-create'),
    });
    await client.query("insert into bartizan_migrations values ('0100-policies-create', 'other')");
    expect(await look(id, here())).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('another form'),
    });
    await client.query("insert into bartizan_migrations values ('9999-future', 'x')");
    expect(await look(id, here())).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('9999-future'),
    });
  });

  it('tells partitions that nobody makes, and rows outside of every day', async () => {
    const id = 'database.partitions';
    expect((await look(id, here())).status).toBe('warn');
    const day = Math.floor(Date.now() / 86_400_000) * 86_400_000;
    await client.query('insert into interaction_days (day) values ($1)', [day]);
    expect((await look(id, here())).status).toBe('ok');
    await client.query(
      `insert into interactions_default (at, id, expires_at, endpoint_slug, key_name, api, model, streamed, status,
         outcome, verdict, would_be, checks, total_ms, retention)
       values (1, gen_random_uuid(), 2, 'e', 'k', 'chat', 'm', false, 200, 'answered', 'allow', 'allow', '{}', 1, 'full')`,
    );
    expect((await look(id, here())).found).toContain('outside of every day');
  });

  it('tells too few connections for the servers there are', async () => {
    expect((await look('database.connections', here())).status).toBe('ok');
    await client.query(
      `insert into servers (id, host, version, background, started_at, last_seen_at)
       select gen_random_uuid(), 'h', '1', true, 1, extract(epoch from now()) * 1000 from generate_series(1, 50)`,
    );
    expect((await look('database.connections', here())).status).toBe('warn');
  });

  it('tells autovacuum that is on; gateways that are silent, full, or of several versions', async () => {
    expect((await look('database.autovacuum', here())).status).toBe('ok');
    const id = 'gateways.alive';
    expect((await look(id, here())).status).toBe('warn');
    const add = (name: string, seen: number, backlog: number, version: string) =>
      client.query(
        'insert into gateways (id, snapshot_version, backlog, last_seen_at, about) values ($1, $2, $3, $4, $5)',
        [name, 'v', backlog, seen, { version }],
      );
    await add('gw-a', Date.now(), 0, '1.0.0');
    expect((await look(id, here())).status).toBe('ok');
    await add('gw-b', Date.now(), 0, '1.1.0');
    expect(await look(id, here())).toMatchObject({
      status: 'warn',
      found: expect.stringContaining('versions'),
    });
    await add('gw-c', Date.now() - 600_000, 0, '1.1.0');
    expect(await look(id, here())).toMatchObject({ status: 'warn', found: expect.stringContaining('gw-c') });
    await add('gw-d', Date.now(), 1_000_000, '1.1.0');
    expect(await look(id, here())).toMatchObject({ status: 'warn', found: expect.stringContaining('gw-d') });
    await client.query('update gateways set last_seen_at = 1');
    expect((await look(id, here())).status).toBe('fail');
  });

  it('tells keys that end soon, and the key of the demo on a public instance', async () => {
    const add = (expires: string | null) =>
      client.query(
        `insert into api_keys (id, name, prefix, hash, scopes, limits, created_at, expires_at)
         values (gen_random_uuid(), 'k', 'bz_', $1, '{gateway.invoke}', '{}', now(), now() + $2::interval)`,
        [hex(), expires],
      );
    expect((await look('settings.demo', here())).status).toBe('ok');
    await add(null);
    expect((await look('keys.expiry', here())).status).toBe('ok');
    await add('3 days');
    expect((await look('keys.expiry', here())).status).toBe('warn');
    expect((await look('settings.demo', here())).status).toBe('ok');
    const open = here({ BARTIZAN_PUBLIC_URL: 'https://b.example' });
    expect((await look('settings.demo', open)).status).toBe('warn');
  });

  it('tells an audit log that is shorter than a checkpoint that was seen', async () => {
    await client.query(
      "insert into audit_tree (origin, size, root, key_id, checkpoint) values ('o', 10, '\\x00', 'k', 'c')",
    );
    expect((await look('audit.log', here())).status).toBe('ok');
    mkdirSync(join(dataDir, 'audit'));
    writeFileSync(join(dataDir, 'audit', 'checkpoint'), 'o\n12\nAAAA\n');
    expect(await look('audit.log', here())).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('12'),
    });
  });

  it('changes nothing, though it looks at everything', async () => {
    const state =
      'select relname, n_tup_ins + n_tup_upd + n_tup_del as n from pg_stat_user_tables order by 1';
    const before = (await client.query(state)).rows;
    await examine({ env: {}, dataDir, databaseUrl: url });
    expect((await client.query(state)).rows).toEqual(before);
  });
});

describe('the embedded database', () => {
  it('tells data of another major version, and a process that was killed', async () => {
    const data = join(dataDir, 'postgres', 'data');
    mkdirSync(data, { recursive: true });
    writeFileSync(join(data, 'PG_VERSION'), '13\n');
    expect(await look('database.binaries')).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('13'),
    });
    expect((await look('database.postmaster')).status).toBe('ok');
    writeFileSync(join(data, 'postmaster.pid'), `${process.pid}\n${data}\n1\n5432\n`);
    expect((await look('database.postmaster')).status).toBe('warn');
  });
});

describe('gateways, server and Redis', () => {
  it('tells what the server refused, and what waits to be stored', async () => {
    const id = 'gateways.journal';
    expect((await look(id)).status).toBe('skipped');
    mkdirSync(join(dataDir, 'journal', 'gw-1'), { recursive: true });
    writeFileSync(join(dataDir, 'journal', 'gw-1', '1.seg'), 'x');
    expect((await look(id)).status).toBe('ok');
    mkdirSync(join(dataDir, 'journal', 'gw-1', 'rejected'));
    writeFileSync(join(dataDir, 'journal', 'gw-1', 'rejected', 'one'), 'x');
    expect((await look(id)).status).toBe('warn');
  });

  it('tells a server that cannot be reached, is not ready, or has another time', async () => {
    const serve = async (status: number, date?: string) => {
      const server = createServer((_, response) => {
        if (date) response.setHeader('date', date);
        response.writeHead(status).end();
      });
      servers.push(server);
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      const address = server.address();
      return { BARTIZAN_SERVER_URL: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` };
    };
    const id = 'server.reachable';
    expect((await look(id, env(await serve(200)))).status).toBe('ok');
    expect((await look(id, env(await serve(503)))).status).toBe('fail');
    expect((await look(id, env(await serve(200, 'Mon, 01 Jan 2024 00:00:00 GMT')))).status).toBe('warn');
    const closed = await look(id, env({ BARTIZAN_SERVER_URL: `http://127.0.0.1:${await freePort()}` }));
    expect(closed.status).toBe('fail');
  });

  it('tells how old the kept configuration is', async () => {
    mkdirSync(join(dataDir, 'gateway'));
    expect((await look('gateways.configuration')).status).toBe('warn');
    const file = join(dataDir, 'gateway', 'snapshot.bin');
    writeFileSync(file, 'x');
    utimesSync(file, new Date(), new Date(Date.now() - 3_600_000));
    expect((await look('gateways.configuration')).found).toContain('60 minutes');
  });

  it('tells a Redis that is away, refuses the password, or throws counters away', async (context) => {
    const id = 'redis.reachable';
    const port = await freePort();
    const at = (password: string) => env({ BARTIZAN_REDIS_URL: `redis://:${password}@127.0.0.1:${port}/0` });
    expect((await look(id, at('secret-word'))).status).toBe('fail');
    expect((await look(id, env({ BARTIZAN_REDIS_URL: 'http://127.0.0.1' }))).status).toBe('fail');
    if (!existsSync('/usr/bin/redis-server')) return context.skip('Debian’s redis-server is not installed');
    const redis = spawn(
      '/usr/bin/redis-server',
      [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--requirepass',
        'secret-word',
        '--maxmemory-policy',
        'noeviction',
      ],
      { cwd: dataDir, stdio: ['ignore', 'pipe', 'ignore'] },
    );
    try {
      await new Promise<void>((settle) => {
        redis.stdout?.on('data', (chunk: Buffer) => {
          if (chunk.toString().includes('Ready to accept')) settle();
        });
      });
      expect((await look(id, at('secret-word'))).status).toBe('ok');
      const refused = await look(id, at('other-word'));
      expect(refused).toMatchObject({
        status: 'fail',
        found: expect.stringContaining('refuses the password'),
      });
      expect(JSON.stringify(refused)).not.toContain('other-word');
      const set = `*3\r\n$4\r\nAUTH\r\n$7\r\ndefault\r\n$11\r\nsecret-word\r\n*4\r\n$6\r\nCONFIG\r\n$3\r\nSET\r\n$16\r\nmaxmemory-policy\r\n$11\r\nallkeys-lru\r\n*1\r\n$4\r\nQUIT\r\n`;
      const { connect } = await import('node:net');
      await new Promise((settle) =>
        connect(port, '127.0.0.1')
          .on('close', settle)
          .on('data', () => undefined)
          .write(set),
      );
      expect(await look(id, at('secret-word'))).toMatchObject({
        status: 'warn',
        found: expect.stringContaining('allkeys-lru'),
      });
    } finally {
      redis.kill('SIGKILL');
    }
    return undefined;
  });
});
