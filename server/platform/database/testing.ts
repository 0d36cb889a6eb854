import { randomBytes } from 'node:crypto';
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
