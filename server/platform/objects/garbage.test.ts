import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { OpenDatabase } from '../database/index.ts';
import { withTestDatabase } from '../database/testing.ts';
import { chunked, gather, objectStoreConformance } from './conformance.ts';
import { createFolderObjects, objectMigrations, type RecordedObjects, recordObjects } from './index.ts';

const DAY = 86_400_000;
const home = mkdtempSync(join(tmpdir(), 'bartizan-garbage-'));
const folder = createFolderObjects(join(home, 'objects'));
let open: OpenDatabase;
let objects: RecordedObjects;
let nowMs = 100 * DAY;
const now = () => nowMs;

beforeAll(async () => {
  open = await withTestDatabase(objectMigrations);
  await open.pool.query(`create table "Odd name" ("The digest" text references objects (sha256))`);
  objects = recordObjects({ objects: folder, database: open.database, now });
});
beforeEach(() => {
  nowMs += 10 * DAY;
});
afterAll(async () => {
  await open?.close();
  rmSync(home, { recursive: true, force: true });
});

objectStoreConformance('a folder that the database knows', () => objects);

const collect = () => objects.collect();
const stored = async () => (await objects.put(chunked(randomBytes(100)))).sha256;
const refer = (sha256: string) => open.pool.query('insert into "Odd name" values ($1)', [sha256]);

test('content that no row refers to goes once its grace time is over, and other content stays', async () => {
  const [used, unused] = [await stored(), await stored()];
  await refer(used);
  nowMs += DAY - 1;
  await collect();
  expect(await objects.has(unused)).toBe(true);
  nowMs += 2;
  expect((await collect()).objects).toBeGreaterThan(0);
  expect([await objects.has(used), await objects.has(unused)]).toEqual([true, false]);
  expect((await collect()).objects).toBe(0);
  await expect(objects.remove(used)).rejects.toMatchObject({ code: 'conflict' });
  await open.pool.query('delete from "Odd name"');
  await collect();
  expect(await folder.has(used)).toBe(false);
});

test('content that was found damaged is not kept for anybody until it is stored again', async () => {
  const bytes = randomBytes(100);
  const { sha256 } = await objects.put(chunked(bytes));
  writeFileSync(join(home, 'objects', sha256.slice(0, 2), sha256.slice(2)), randomBytes(100));
  expect(await objects.keep(sha256)).toBe(true);
  await expect(gather(objects.open(sha256))).rejects.toMatchObject({ code: 'unavailable' });
  expect(await objects.keep(sha256)).toBe(false);
  await objects.put(chunked(bytes));
  expect(await objects.keep(sha256)).toBe(true);
  expect(await gather(objects.open(sha256))).toEqual(bytes);
});

test('who says that they are about to refer to it has the grace time anew', async () => {
  const sha256 = await stored();
  nowMs += 2 * DAY;
  expect(await objects.keep(sha256)).toBe(true);
  await collect();
  expect(await objects.has(sha256)).toBe(true);
  nowMs += 2 * DAY;
  await collect();
  expect(await objects.keep(sha256)).toBe(false);
});

test('content whose bytes are gone is not promised to anybody', async () => {
  const sha256 = await stored();
  await folder.remove(sha256);
  expect(await objects.keep(sha256)).toBe(false);
});

test('a row that refers to it while it is being collected wins, or learns that it is gone', async () => {
  for (let round = 0; round < 20; round++) {
    const sha256 = await stored();
    nowMs += 2 * DAY;
    const [, referred] = await Promise.all([
      collect(),
      refer(sha256).then(
        () => true,
        () => false,
      ),
    ]);
    expect(await folder.has(sha256)).toBe(referred);
    await open.pool.query('delete from "Odd name"');
  }
});
