import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket, connect as tcpConnect } from 'node:net';
import pg from 'pg';
import { type TestPostgres, testPostgres } from '../../../tests/postgres.ts';
import { migrate } from './migrate.ts';
import { type OpenDatabase, openDatabase } from './pool.ts';
import type { Migration } from './types.ts';

async function administer(server: TestPostgres, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/**
 * A fresh, empty database for one test file, brought forward by `migrations`. For tests only.
 * Uses the PostgreSQL of BARTIZAN_TEST_DATABASE_URL, else the embedded one of this test run.
 * Call `close` in `afterAll`: it drops the database.
 */
export async function withTestDatabase(migrations: readonly Migration[] = []): Promise<OpenDatabase> {
  const server = await testPostgres();
  const name = `bartizan_test_${randomBytes(6).toString('hex')}`;
  await administer(server, `create database ${name}`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  const open = openDatabase(url.href, { maxConnections: 5 });
  await migrate(open.pool, migrations);
  return Object.freeze({
    ...open,
    async close() {
      await open.close();
      await administer(server, `drop database if exists ${name} with (force)`);
    },
  });
}

/** A proxy that can be cut, to stand for a database that goes away. */
export async function cuttable(
  url: string,
): Promise<{ url: string; server: Server; cut: () => void; heal: () => void }> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let up = true;
  const server = createServer((socket) => {
    if (!up) return socket.destroy();
    const onward = tcpConnect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
    return undefined;
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const proxied = new URL(url);
  proxied.host = `127.0.0.1:${address.port}`;
  return {
    url: proxied.href,
    server,
    cut: () => {
      up = false;
      for (const socket of sockets) socket.destroy();
    },
    heal: () => {
      up = true;
    },
  };
}
