import { randomUUID } from 'node:crypto';
import { AppError } from '../../../kernel/error.ts';
import { noSuchObject, tooMany } from '../digest.ts';
import type { ObjectStore, Staging, StagingId } from '../types.ts';
import type { Bucket } from './bucket.ts';
import { pieces } from './parts.ts';

interface Segment {
  readonly key: string;
  readonly size: number;
}

/** Offsets in keys, so that their order is that of the bytes. */
const DIGITS = 16;

async function* limited(
  chunks: AsyncIterable<Uint8Array>,
  offset: number,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let at = offset;
  for await (const chunk of chunks) {
    at += chunk.byteLength;
    if (at > maxBytes) throw tooMany(maxBytes);
    yield chunk;
  }
}

/**
 * Pieces as segments in the bucket, so that any server can go on with them. When a piece is whole, its segments are
 * read once, hashed, and written as the object.
 */
export function createBucketStaging(bucket: Bucket, store: Pick<ObjectStore, 'put'>): Staging {
  function folderOf(id: StagingId): string {
    if (!/^[0-9a-f-]{36}$/.test(id)) throw noSuchObject();
    return `staging/${id}/`;
  }

  /** Those that follow each other from the beginning; throws `not_found` where the piece was never begun. */
  async function segmentsOf(
    id: StagingId,
  ): Promise<{ readonly segments: readonly Segment[]; readonly offset: number }> {
    const segments: Segment[] = [];
    let offset = 0;
    let begun = false;
    const folder = folderOf(id);
    for await (const { key, size } of bucket.list(folder)) {
      const name = key.slice(folder.length);
      if (name === 'begun') begun = true;
      else if (Number(name) === offset) {
        segments.push({ key, size });
        offset += size;
      }
    }
    if (!begun) throw noSuchObject();
    return { segments, offset };
  }

  async function* bytesOf(segments: readonly Segment[]): AsyncGenerator<Uint8Array> {
    for (const { key } of segments) {
      const bytes = await bucket.get(key);
      if (bytes === null) throw noSuchObject();
      yield* bytes;
    }
  }

  async function discard(id: StagingId): Promise<void> {
    if (!/^[0-9a-f-]{36}$/.test(id)) return;
    const keys: string[] = [];
    for await (const { key } of bucket.list(folderOf(id))) keys.push(key);
    // "begun" comes last in the order of keys: what is half removed is still found.
    for (const key of keys) await bucket.remove(key);
  }

  return Object.freeze({
    async begin() {
      const id = randomUUID();
      await bucket.put(`${folderOf(id)}begun`, Buffer.from('begun'));
      return id;
    },
    offset: async (id) => (await segmentsOf(id)).offset,
    async append(id, offset, chunks, { maxBytes }) {
      const kept = (await segmentsOf(id)).offset;
      if (offset !== kept) throw new AppError('conflict', `${kept} bytes are here; go on from there`);
      let at = offset;
      for await (const piece of pieces(limited(chunks, offset, maxBytes))) {
        await bucket.put(folderOf(id) + String(at).padStart(DIGITS, '0'), piece);
        at += piece.byteLength;
      }
      return at;
    },
    async finish(id, options = {}) {
      const { segments } = await segmentsOf(id);
      try {
        const stored = await store.put(bytesOf(segments), options);
        await discard(id);
        return stored;
      } catch (error) {
        if (error instanceof AppError && error.code === 'invalid_input') await discard(id);
        throw error;
      }
    },
    discard,
  } satisfies Staging);
}
