import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { chunked, gather, objectStoreConformance } from '../conformance.ts';
import { unusable } from './failure.ts';
import { spaceOf } from './room.ts';
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

  test('never gives all of other bytes of the same size, and storing the right ones again heals', async () => {
    for (const size of [1, 1_000, 2_000_000]) {
      const bytes = randomBytes(size);
      const { sha256 } = await objects.put(chunked(bytes));
      for (const evil of [randomBytes(size), bytes.map((byte, at) => (at === size - 1 ? byte ^ 1 : byte))]) {
        if (bytes.equals(evil)) continue;
        writeFileSync(pathOf(sha256), evil);
        let given = 0;
        const read = async () => {
          for await (const chunk of objects.open(sha256)) given += chunk.byteLength;
        };
        await expect(read()).rejects.toMatchObject({ code: 'unavailable' });
        expect(given).toBeLessThan(size);
        await objects.put(chunked(bytes));
        expect(await gather(objects.open(sha256))).toEqual(bytes);
      }
      writeFileSync(pathOf(sha256), Buffer.alloc(size));
      const id = await objects.staging.begin();
      await objects.staging.append(id, 0, chunked(bytes), { maxBytes: size });
      await objects.staging.finish(id, { expect: sha256 });
      expect(readFileSync(pathOf(sha256)).equals(bytes)).toBe(true);
    }
    expect(readdirSync(join(root, 'incoming'))).toEqual([]);
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

  test('leaves room on the disk for others: what would fill it is refused, also in the middle', async () => {
    const folder = join(home, 'small disk');
    const MiB = 1024 * 1024;
    const disk = { free: 100 * MiB, total: 1024 * MiB };
    const store = createFolderObjects(folder, async () => disk);
    const names = () => readdirSync(folder, { recursive: true, withFileTypes: true });
    const files = () => names().filter((entry) => entry.isFile());
    async function* growing() {
      for (let n = 0; n < 40; n++) {
        yield Buffer.alloc(MiB, n);
        disk.free -= 3 * MiB;
      }
    }
    await store.put(chunked(randomBytes(100)));
    await expect(store.put(growing())).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('almost full'),
    });
    expect(disk.free).toBeGreaterThan(0);
    expect(files()).toHaveLength(1);
    disk.free = 20 * MiB;
    const id = await store.staging.begin();
    const part = store.staging.append(id, 0, chunked(randomBytes(100)), { maxBytes: 100 });
    await expect(part).rejects.toMatchObject({ code: 'unavailable' });
    expect(await store.staging.offset(id)).toBe(0);
    // Some file systems do not say how large they are.
    Object.assign(disk, { free: 0, total: 0 });
    expect(await store.staging.append(id, 0, chunked(randomBytes(100)), { maxBytes: 100 })).toBe(100);
    const real = await spaceOf(folder);
    expect(real.total).toBeGreaterThan(real.free);
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
