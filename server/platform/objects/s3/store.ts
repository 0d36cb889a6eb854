import { createHash, randomUUID } from 'node:crypto';
import { boundsOf, demandDigest, measured, noSuchObject, otherDigest, verified } from '../digest.ts';
import type { ByteRange, Objects, PutOptions, StoredObject } from '../types.ts';
import { type Bucket, type BucketConfig, createBucket } from './bucket.ts';
import { unusable } from './failure.ts';
import { growing, pieces, sendParts } from './parts.ts';
import { createBucketStaging } from './staging.ts';

/** As in the folder, so that a folder can be copied into a bucket as it is. */
function keyOf(sha256: string): string {
  const digest = demandDigest(sha256);
  return `${digest.slice(0, 2)}/${digest.slice(2)}`;
}

async function* from(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  for (let item = await rest.next(); !item.done; item = await rest.next()) yield item.value;
}

/** Failures of a stream that is under way are the store's. */
async function* fromStore(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    throw unusable(error);
  }
}

interface Seen {
  readonly hash: ReturnType<typeof createHash>;
  size: number;
}

function judge(seen: Seen, { expect }: PutOptions): StoredObject {
  const sha256 = seen.hash.digest('hex');
  if (expect !== undefined && expect !== sha256) throw otherDigest();
  return { sha256, size: seen.size };
}

/**
 * Content of more than one part. Under the digest that was told the upload is only completed once it is the right
 * one; without one it goes to a name of its own first and is copied there by the store.
 */
async function putLarge(
  bucket: Bucket,
  parts: AsyncIterable<Uint8Array>,
  { seen, options }: { readonly seen: Seen; readonly options: PutOptions },
): Promise<StoredObject> {
  const key = options.expect === undefined ? `incoming/${randomUUID()}` : keyOf(options.expect);
  const id = await bucket.begin(key);
  let stored: StoredObject;
  try {
    const sent = await sendParts(bucket, { key, id }, parts);
    stored = judge(seen, options);
    await bucket.complete(key, id, sent);
  } catch (error) {
    await bucket.abort(key, id);
    throw error;
  }
  if (options.expect === undefined) {
    await bucket.copy(key, keyOf(stored.sha256), stored.size);
    await bucket.remove(key);
  }
  return stored;
}

/** Writes also where the object is there: the new bytes are known to be right, and those may have been damaged. */
async function put(
  bucket: Bucket,
  chunks: AsyncIterable<Uint8Array>,
  options: PutOptions,
): Promise<StoredObject> {
  if (options.expect !== undefined) demandDigest(options.expect);
  const seen: Seen = { hash: createHash('sha256'), size: 0 };
  const passing = measured(chunks, seen, options);
  const parts = pieces(passing, growing);
  const first = await parts.next();
  const second = first.done ? first : await parts.next();
  if (!second.done) {
    const rest = from(second.value, parts);
    return await putLarge(bucket, from(first.value ?? Buffer.alloc(0), rest), { seen, options });
  }
  const stored = judge(seen, options);
  await bucket.put(keyOf(stored.sha256), first.value ?? Buffer.alloc(0));
  return stored;
}

async function* openObject(bucket: Bucket, sha256: string, range?: ByteRange): AsyncGenerator<Uint8Array> {
  const key = keyOf(sha256);
  if (range === undefined) {
    const bytes = await bucket.get(key);
    if (bytes === null) throw noSuchObject();
    yield* verified(fromStore(bytes), sha256);
    return;
  }
  const size = await bucket.size(key);
  if (size === null) throw noSuchObject();
  const bounds = boundsOf(range, size);
  if (bounds.start === bounds.end) return;
  const bytes = await bucket.get(key, bounds);
  if (bytes === null) throw noSuchObject();
  yield* fromStore(bytes);
}

async function sweep(bucket: Bucket, beforeMs: number): Promise<{ readonly removed: number }> {
  let removed = await bucket.abortOlder(beforeMs);
  for (const folder of ['incoming/', 'staging/']) {
    const old: string[] = [];
    for await (const { key, modifiedMs } of bucket.list(folder)) if (modifiedMs < beforeMs) old.push(key);
    for (const key of old) await bucket.remove(key);
    removed += old.length;
  }
  return { removed };
}

/** Objects in a bucket that speaks S3. Nothing is asked of it before the first use. */
export function createBucketObjects(config: BucketConfig): Objects {
  const bucket = createBucket(config);
  const store: Omit<Objects, 'staging'> = {
    place: `the bucket ${config.bucket}${config.prefix === '' ? '' : ` (${config.prefix})`} at ${
      config.endpoint ?? `Amazon S3, ${config.region}`
    }`,
    put: (chunks, options = {}) => put(bucket, chunks, options),
    open: (sha256, range) => openObject(bucket, sha256, range),
    async read(sha256, offset, length) {
      const parts: Uint8Array[] = [];
      for await (const chunk of openObject(bucket, sha256, { start: offset, end: offset + length }))
        parts.push(chunk);
      return Buffer.concat(parts);
    },
    has: async (sha256) => (await bucket.size(keyOf(sha256))) !== null,
    async size(sha256) {
      const size = await bucket.size(keyOf(sha256));
      if (size === null) throw noSuchObject();
      return size;
    },
    remove: async (sha256) => await bucket.remove(keyOf(sha256)),
    async check() {
      const key = `incoming/${randomUUID()}`;
      await bucket.put(key, Buffer.from('Bartizan looks whether it can write here.\n'));
      if ((await bucket.size(key)) === null) throw unusable(new Error('what was written is not there'));
      await bucket.remove(key);
    },
    sweep: (beforeMs) => sweep(bucket, beforeMs),
  };
  return Object.freeze({ ...store, staging: createBucketStaging(bucket, store) });
}
