import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres } from './postgres.ts';
import { alive } from './postgres-stale.ts';

let dataDir = '';
let directory = '';
const lines: string[] = [];
const start = () => startPostgres({ dataDir, log: (line) => lines.push(line), settings: { fsync: 'off' } });

beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'bartizan-pg-'));
});
afterAll(() => {
  rmSync(dataDir, { recursive: true, force: true });
  // As root the data may lie apart, where the unprivileged user can reach them.
  if (directory) rmSync(join(directory, '..'), { recursive: true, force: true });
});

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

describe('the embedded PostgreSQL', () => {
  it('starts on loopback with a password, keeps its data, and survives a kill', async () => {
    const first = await start();
    directory = first.directory;
    await query(first.url, 'create table kept as select 42 as answer');
    expect((await query(first.url, 'show listen_addresses'))[0]).toEqual({ listen_addresses: '127.0.0.1' });
    await expect(query(first.url.replace(/:[^:@]+@/, ':wrong@'), 'select 1')).rejects.toThrow(/password/);
    process.kill(first.pid, 'SIGKILL');
    await first.exited;

    const second = await start();
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await second.stop();
    expect(alive(second.pid)).toBe(false);
  });

  it('waits for what a killed one left working on the data', async () => {
    const first = await start();
    const client = new pg.Client({ connectionString: first.url });
    client.on('error', () => undefined);
    await client.connect();
    // A backend in the middle of work does not notice at once that its postmaster is gone.
    const busy = client.query('select count(*) from generate_series(1, 20000000)').catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 200));
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const second = await start();
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await second.stop();
    await busy;
    await client.end().catch(() => undefined);
  });

  it('stops one that a killed supervisor left running on the same data', async () => {
    const left = await start();
    const next = await start();
    expect(alive(left.pid)).toBe(false);
    expect(lines.some((line) => line.includes(`process ${left.pid}`))).toBe(true);
    await next.stop();
  });

  it('takes a stale pid file of a process that is no PostgreSQL for what it is', async () => {
    writeFileSync(join(directory, 'postmaster.pid'), `${process.pid}\n${directory}\n`);
    const running = await start();
    expect(alive(process.pid)).toBe(true);
    await running.stop();
  });

  it('does not touch data of another major version, and says what to do', async () => {
    const file = join(directory, 'PG_VERSION');
    const version = readFileSync(file, 'utf8');
    writeFileSync(file, '13\n');
    await expect(start()).rejects.toThrow(/PostgreSQL 13.*Nothing was touched/s);
    writeFileSync(file, version);
  });
});
