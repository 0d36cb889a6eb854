import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from '@20minutes/s3rver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chunked, gather, objectStoreConformance } from '../conformance.ts';
import type { Objects } from '../types.ts';
import { type BucketConfig, createBucket } from './bucket.ts';
import { createBucketObjects } from './store.ts';

const MiB = 1024 * 1024;
const directory = mkdtempSync(join(tmpdir(), 'bartizan-s3-'));
const serve = (name: string, allowMismatchedSignatures: boolean) =>
  new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory: join(directory, name),
    vhostBuckets: false,
    allowMismatchedSignatures,
    configureBuckets: [{ name: 'models', configs: [] }],
  });
// It checks signatures of requests for objects; of those for a bucket as a whole it signs another path than clients do.
const [server, strict] = [serve('open', true), serve('strict', false)];
let strictEndpoint = '';
let config: BucketConfig;
let objects: Objects;

beforeAll(async () => {
  const { port } = await server.run();
  strictEndpoint = `http://127.0.0.1:${(await strict.run()).port}`;
  config = {
    kind: 's3',
    bucket: 'models',
    prefix: 'team-one/',
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
    sessionToken: null,
  };
  objects = createBucketObjects(config);
});
afterAll(async () => {
  await Promise.all([server.close(), strict.close()]);
  rmSync(directory, { recursive: true, force: true });
});

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

objectStoreConformance('a bucket', () => objects);

describe('a bucket', () => {
  test('takes content of several parts, with its digest told and without', { timeout: 180_000 }, async () => {
    const bytes = randomBytes(40 * MiB);
    const sizes = Array.from({ length: 39 }, () => MiB);
    expect(await objects.put(chunked(bytes, ...sizes), { expect: sha(bytes) })).toEqual({
      sha256: sha(bytes),
      size: bytes.byteLength,
    });
    expect(sha(await gather(objects.open(sha(bytes))))).toBe(sha(bytes));
    await objects.remove(sha(bytes));
    expect((await objects.put(chunked(bytes, ...sizes))).sha256).toBe(sha(bytes));
    expect(await gather(objects.open(sha(bytes), { start: 17 * MiB, end: 17 * MiB + 9 }))).toEqual(
      bytes.subarray(17 * MiB, 17 * MiB + 9),
    );
    const wrong = objects.put(chunked(bytes, ...sizes), { expect: sha(randomBytes(1)) });
    await expect(wrong).rejects.toMatchObject({ code: 'invalid_input' });
    const later = await objects.sweep(Date.now() + 60_000);
    expect(later.removed).toBe(0);
  });

  test('never gives all of other bytes of the same size, and storing the right ones again heals', async () => {
    const bucket = createBucket(config);
    const bytes = randomBytes(200_000);
    const key = `${sha(bytes).slice(0, 2)}/${sha(bytes).slice(2)}`;
    for (const options of [{}, { expect: sha(bytes) }]) {
      await objects.put(chunked(bytes));
      await bucket.put(key, randomBytes(bytes.byteLength));
      let given = 0;
      const read = async () => {
        for await (const chunk of objects.open(sha(bytes))) given += chunk.byteLength;
      };
      await expect(read()).rejects.toMatchObject({ code: 'unavailable' });
      expect(given).toBeLessThan(bytes.byteLength);
      await objects.put(chunked(bytes), options);
      expect(await gather(objects.open(sha(bytes)))).toEqual(bytes);
    }
  });

  test('is reached with signed requests', async () => {
    await createBucketObjects({ ...config, endpoint: strictEndpoint }).check();
  });

  test('is gone on with by another server', async () => {
    const bytes = randomBytes(3 * MiB);
    const id = await objects.staging.begin();
    await objects.staging.append(id, 0, chunked(bytes.subarray(0, MiB)), { maxBytes: bytes.byteLength });
    const other = createBucketObjects(config);
    expect(await other.staging.offset(id)).toBe(MiB);
    await other.staging.append(id, MiB, chunked(bytes.subarray(MiB)), { maxBytes: bytes.byteLength });
    expect((await other.staging.finish(id, { expect: sha(bytes) })).sha256).toBe(sha(bytes));
  });

  test('is swept of what was left in it', async () => {
    const id = await objects.staging.begin();
    expect(await objects.sweep(Date.now() - 60_000)).toEqual({ removed: 0 });
    expect(await objects.sweep(Date.now() + 60_000)).toEqual({ removed: 1 });
    await expect(objects.staging.offset(id)).rejects.toMatchObject({ code: 'not_found' });
  });

  test.each([
    ['there is no such bucket', { bucket: 'nowhere' }],
    ['the secret key is not the right one', { secretAccessKey: 'wrong', strict: true }],
    ['the credentials are not known there', { accessKeyId: 'nobody' }],
    ['nothing listens there', { endpoint: 'http://127.0.0.1:9' }],
  ])('says in plain words that %s', async (reason, change: Partial<BucketConfig> & { strict?: boolean }) => {
    const endpoint = change.strict ? strictEndpoint : config.endpoint;
    const broken = createBucketObjects({ ...config, endpoint, ...change });
    const failure = await broken.check().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'unavailable', message: expect.stringContaining(reason) });
    expect(String(failure)).not.toContain('wrong');
    await expect(broken.has(sha(randomBytes(1)))).rejects.toMatchObject({ code: 'unavailable' });
  });
});
