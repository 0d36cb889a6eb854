import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isDatabaseUnavailable, listen, migrate, type OpenDatabase, openDatabase } from './index.ts';
import { cuttable, withTestDatabase } from './testing.ts';

let open: OpenDatabase;
beforeAll(async () => {
  open = await withTestDatabase();
});
afterAll(async () => open?.close());
afterEach(async () => {
  await open.pool.query('drop table if exists bartizan_migrations, a, b, c');
});

const A = { id: '0001-a', sql: 'create table a (n int); insert into a values (1);' };
const B = { id: '0002-b', sql: 'create table b as select n from a;' };

describe('migrate', () => {
  test('applies what is missing in order of id, and nothing twice', async () => {
    expect(await migrate(open.pool, [B, A])).toEqual(['0001-a', '0002-b']);
    expect(await migrate(open.pool, [A, B])).toEqual([]);
    expect((await open.pool.query('select n from b')).rows).toEqual([{ n: 1 }]);
  });

  test('two servers starting together apply each migration once', async () => {
    const slow = { id: '0001-a', sql: 'select pg_sleep(0.3); create table a (n int);' };
    const other = openDatabase(open.url);
    const both = await Promise.all([migrate(open.pool, [slow, B]), migrate(other.pool, [slow, B])]);
    await other.close();
    expect(both.map((ids) => ids.length).toSorted()).toEqual([0, 2]);
  });

  test('a failing migration leaves nothing behind, and what came before it stays', async () => {
    const broken = { id: '0003-c', sql: 'create table c (n int); select * from nowhere;' };
    await expect(migrate(open.pool, [A, broken])).rejects.toThrow(
      /0003-c failed and was rolled back.*nowhere/,
    );
    expect((await open.pool.query("select to_regclass('c') as c")).rows).toEqual([{ c: null }]);
    expect(await migrate(open.pool, [A, B])).toEqual(['0002-b']);
  });

  test('refuses a database of a newer version and SQL that changed', async () => {
    await migrate(open.pool, [A, B]);
    await expect(migrate(open.pool, [A])).rejects.toThrow(/newer version of Bartizan \(it has 0002-b\)/);
    await expect(migrate(open.pool, [{ ...A, sql: 'select 1' }, B])).rejects.toThrow(
      /0001-a was applied in another form/,
    );
    await expect(migrate(open.pool, [A, A])).rejects.toThrow(/two migrations/);
  });
});

describe('a database that goes away', () => {
  test('fails queries as unavailable, idle and busy, and serves again when it is back', async () => {
    const proxy = await cuttable(open.url);
    const losses: Error[] = [];
    const through = openDatabase(proxy.url, { onError: (error) => losses.push(error) });
    await through.pool.query('select 1');
    const busy = through.pool.query('select pg_sleep(5)').catch((error: unknown) => error);
    const held = await through.pool.connect();
    await sleep(50);
    proxy.cut();
    expect(isDatabaseUnavailable(await busy)).toBe(true);
    await sleep(20);
    held.release();
    expect(isDatabaseUnavailable(await through.pool.query('select 1').catch((error: unknown) => error))).toBe(
      true,
    );
    setTimeout(proxy.heal, 200);
    await through.waitUntilReady(5_000);
    expect(losses.length).toBeGreaterThan(0);
    await through.close();
    proxy.server.close();
  });

  test('waiting for one that never comes ends with the reason', async () => {
    const nowhere = openDatabase('postgres://x:y@127.0.0.1:1/none');
    const reasons: unknown[] = [];
    await expect(nowhere.waitUntilReady(200, (reason) => reasons.push(reason))).rejects.toSatisfy(
      isDatabaseUnavailable,
    );
    expect(reasons).toHaveLength(1);
    await nowhere.close();
  });

  test('a wrong statement or password is not called unavailable', async () => {
    const wrong = await open.pool.query('select * from nowhere').catch((error: unknown) => error);
    expect(isDatabaseUnavailable(wrong)).toBe(false);
    const stranger = new URL(open.url);
    stranger.username = 'stranger';
    stranger.password = 'wrong';
    const refused = openDatabase(stranger.href);
    await expect(refused.waitUntilReady(5_000)).rejects.toThrow(/password|role/);
    await refused.close();
  });

  test('listening resumes after a loss and says that it must look again', async () => {
    const proxy = await cuttable(open.url);
    const heard: string[] = [];
    let connections = 0;
    const listener = listen({
      url: proxy.url,
      channel: 'test_channel',
      onMessage: (payload) => heard.push(payload),
      onConnected: () => connections++,
    });
    await expect.poll(() => connections, { timeout: 30_000 }).toBe(1);
    await open.pool.query("select pg_notify('test_channel', 'one')");
    await expect.poll(() => heard).toEqual(['one']);
    proxy.cut();
    await sleep(50);
    proxy.heal();
    await expect.poll(() => connections, { timeout: 30_000 }).toBe(2);
    await open.pool.query("select pg_notify('test_channel', 'two')");
    await expect.poll(() => heard).toEqual(['one', 'two']);
    await listener.close();
    proxy.server.close();
  });
});

test('bigint reads as a number and refuses to round', async () => {
  expect((await open.pool.query('select 1700000000000::int8 as at')).rows).toEqual([
    { at: 1_700_000_000_000 },
  ]);
  await expect(open.pool.query('select 9223372036854775807::int8 as at')).rejects.toThrow(/2\^53/);
});

test('channels are plain names', () => {
  expect(() => listen({ url: open.url, channel: 'a; drop table a', onMessage: () => undefined })).toThrow(
    TypeError,
  );
});
