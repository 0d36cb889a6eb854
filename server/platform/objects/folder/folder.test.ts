import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { chunked, gather, objectStoreConformance } from '../conformance.ts';
import { unusable } from './failure.ts';
import { createFolderObjects } from './store.ts';

const home = mkdtempSync(join(tmpdir(), 'bartizan-objects-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const root = join(home, 'objects');
const objects = createFolderObjects(root);
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const pathOf = (digest: string): string => join(root, digest.slice(0, 2), digest.slice(2));

objectStoreConformance('a folder', () => objects);

describe('a folder', () => {
  test('holds files and folders that only the server may read', async () => {
    const { sha256 } = await objects.put(chunked(randomBytes(100)));
    expect(statSync(pathOf(sha256)).mode & 0o777).toBe(0o600);
    for (const folder of [root, join(root, sha256.slice(0, 2)), join(root, 'incoming')]) {
      expect(statSync(folder).mode & 0o777).toBe(0o700);
    }
  });

  test('keeps no half-written file, and sweeps what dead writers left once it is old', async () => {
    expect(readdirSync(join(root, 'incoming'))).toEqual([]);
    const [old, young] = [join(root, 'incoming', 'old'), join(root, 'incoming', 'young')];
    for (const path of [old, young]) writeFileSync(path, 'half');
    utimesSync(old, 1_000, 1_000);
    expect(await objects.sweep(Date.now() - 60_000)).toEqual({ removed: 1 });
    expect(readdirSync(join(root, 'incoming'))).toEqual(['young']);
    rmSync(young);
  });

  test('tells damage: a whole read of other bytes fails at its end, and storing them again heals', async () => {
    const bytes = randomBytes(1_000);
    const { sha256 } = await objects.put(chunked(bytes));
    chmodSync(pathOf(sha256), 0o600);
    writeFileSync(pathOf(sha256), Buffer.alloc(1_000));
    await expect(gather(objects.open(sha256))).rejects.toMatchObject({ code: 'unavailable' });
    writeFileSync(pathOf(sha256), Buffer.alloc(999));
    await objects.put(chunked(bytes));
    expect(readFileSync(pathOf(sha256))).toEqual(bytes);
  });

  test('goes on after the process has ended, from what was on the disk for certain', async () => {
    const bytes = randomBytes(5_000);
    const id = await objects.staging.begin();
    await objects.staging.append(id, 0, chunked(bytes.subarray(0, 2_000)), { maxBytes: 5_000 });
    // What a crash may leave: bytes behind the mark, which may be anything.
    writeFileSync(join(root, 'staging', id), randomBytes(700), { flag: 'a' });
    const { staging } = createFolderObjects(root);
    expect(await staging.offset(id)).toBe(2_000);
    await staging.append(id, 2_000, chunked(bytes.subarray(2_000)), { maxBytes: 5_000 });
    expect(await staging.finish(id, { expect: sha(bytes) })).toEqual({ sha256: sha(bytes), size: 5_000 });
    expect(readdirSync(join(root, 'staging'))).toEqual([]);
  });

  test('says in plain words why it cannot be used', async () => {
    const broken = join(home, 'no-folder');
    writeFileSync(broken, '');
    const store = createFolderObjects(broken);
    await expect(store.put(chunked(randomBytes(10)))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.check()).rejects.toMatchObject({ code: 'unavailable' });
    const full = unusable(Object.assign(new Error('write'), { code: 'ENOSPC' }));
    expect(full).toMatchObject({ code: 'unavailable', message: expect.stringContaining('the disk is full') });
  });
});
