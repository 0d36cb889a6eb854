import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Objects } from './types.ts';

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const MANY = 2 ** 40;

/** Bytes in chunks of these sizes, the last one taking the rest. */
export async function* chunked(bytes: Uint8Array, ...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  yield bytes.subarray(at);
}

async function* broken(bytes: Uint8Array, error: Error): AsyncGenerator<Uint8Array> {
  yield bytes;
  throw error;
}

export async function gather(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

const code = (wanted: string) => expect.objectContaining({ code: wanted });

/** What every backend must do. `objects` is asked for in each test; the store may hold other things already. */
export function objectStoreConformance(name: string, objects: () => Objects): void {
  describe(`${name}: objects`, () => {
    test('are stored under their digest and come back whole, in parts and at their size', async () => {
      const bytes = randomBytes(300_000);
      expect(await objects().put(chunked(bytes, 1, 0, 70_000))).toEqual({
        sha256: sha(bytes),
        size: 300_000,
      });
      expect(await objects().has(sha(bytes))).toBe(true);
      expect(await objects().size(sha(bytes))).toBe(300_000);
      expect(await gather(objects().open(sha(bytes)))).toEqual(bytes);
      expect(await gather(objects().open(sha(bytes), { start: 1000 }))).toEqual(bytes.subarray(1000));
      expect(Buffer.from(await objects().read(sha(bytes), 5, 10))).toEqual(bytes.subarray(5, 15));
      expect(Buffer.from(await objects().read(sha(bytes), 299_998, 10))).toEqual(bytes.subarray(299_998));
      expect((await objects().read(sha(bytes), 400_000, 10)).byteLength).toBe(0);
    });

    test('may be empty', async () => {
      const { sha256, size } = await objects().put(chunked(Buffer.alloc(0)));
      expect([sha256, size]).toEqual([sha(Buffer.alloc(0)), 0]);
      expect(await gather(objects().open(sha256))).toEqual(Buffer.alloc(0));
      expect(await gather(objects().open(sha256, { start: 0, end: 5 }))).toEqual(Buffer.alloc(0));
      expect(await objects().size(sha256)).toBe(0);
    });

    test('have the ranges that slices have', async () => {
      const bytes = randomBytes(2_000);
      const { sha256 } = await objects().put(chunked(bytes));
      const place = fc.integer({ min: 0, max: 2_100 });
      await fc.assert(
        fc.asyncProperty(place, place, async (one, other) => {
          const [start, end] = [Math.min(one, other), Math.max(one, other)];
          expect(await gather(objects().open(sha256, { start, end }))).toEqual(bytes.subarray(start, end));
        }),
        { numRuns: 15 },
      );
      await expect(gather(objects().open(sha256, { start: 5, end: 4 }))).rejects.toEqual(
        code('invalid_input'),
      );
      await expect(gather(objects().open(sha256, { start: -1 }))).rejects.toEqual(code('invalid_input'));
    });

    test('stored twice, at once or again, are there once', async () => {
      const bytes = randomBytes(100_000);
      const results = await Promise.all([1, 2, 3].map(() => objects().put(chunked(bytes, 50_000))));
      for (const result of results) expect(result).toEqual({ sha256: sha(bytes), size: 100_000 });
      await objects().put(chunked(bytes));
      expect(await gather(objects().open(sha(bytes)))).toEqual(bytes);
      await objects().remove(sha(bytes));
      expect(await objects().has(sha(bytes))).toBe(false);
    });

    test('that are too large, not what was told, broken off or given up leave nothing', async () => {
      const bytes = randomBytes(90_000);
      const stop = new AbortController();
      stop.abort(new Error('given up'));
      const put = (options: object) => objects().put(chunked(bytes, 30_000), options);
      await expect(put({ maxBytes: 89_999 })).rejects.toEqual(code('too_large'));
      await expect(put({ expect: sha(Buffer.alloc(1)) })).rejects.toEqual(code('invalid_input'));
      await expect(put({ signal: stop.signal })).rejects.toThrow('given up');
      await expect(objects().put(broken(bytes, new Error('the wire')))).rejects.toThrow('the wire');
      expect(await objects().has(sha(bytes))).toBe(false);
      expect(await put({ maxBytes: 90_000, expect: sha(bytes) })).toEqual({
        sha256: sha(bytes),
        size: 90_000,
      });
    });

    test('that are not there say so, and names that are no digests are refused', async () => {
      const none = sha(randomBytes(32));
      expect(await objects().has(none)).toBe(false);
      await objects().remove(none);
      for (const attempt of [
        () => gather(objects().open(none)),
        () => gather(objects().open(none, { start: 0, end: 1 })),
        () => objects().read(none, 0, 1),
        () => objects().size(none),
      ]) {
        await expect(attempt()).rejects.toEqual(code('not_found'));
      }
      for (const bad of [
        '',
        '../../etc/passwd',
        none.toUpperCase().replace(/[0-9]/g, 'A'),
        `${none}/..`,
        none.slice(1),
      ]) {
        await expect(objects().size(bad)).rejects.toEqual(code('invalid_input'));
        await expect(objects().has(bad)).rejects.toEqual(code('invalid_input'));
        await expect(gather(objects().open(bad))).rejects.toEqual(code('invalid_input'));
        await expect(objects().remove(bad)).rejects.toEqual(code('invalid_input'));
      }
    });

    test('can be looked after', async () => {
      expect(objects().place).not.toBe('');
      await objects().check();
    });
  });

  describe(`${name}: what comes in parts`, () => {
    test('becomes an object, however it is cut', async () => {
      const bytes = randomBytes(200_000);
      const cuts = fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(cuts, async (places) => {
          const { staging } = objects();
          const id = await staging.begin();
          let at = 0;
          for (const end of [...places.toSorted((a, b) => a - b), 200_000]) {
            at = await staging.append(id, at, chunked(bytes.subarray(at, end), 1_000), { maxBytes: MANY });
            expect(at).toBe(end);
            expect(await staging.offset(id)).toBe(end);
          }
          expect(await staging.finish(id, { expect: sha(bytes) })).toEqual({
            sha256: sha(bytes),
            size: 200_000,
          });
          await expect(staging.offset(id)).rejects.toEqual(code('not_found'));
        }),
        { numRuns: 6 },
      );
      expect(await gather(objects().open(sha(bytes)))).toEqual(bytes);
    });

    test('keeps what arrived before a break, and goes on from there', async () => {
      const bytes = randomBytes(150_000);
      const { staging } = objects();
      const id = await staging.begin();
      await expect(
        staging.append(id, 0, broken(bytes.subarray(0, 60_000), new Error('the wire')), { maxBytes: MANY }),
      ).rejects.toThrow('the wire');
      expect(await staging.offset(id)).toBe(60_000);
      await expect(staging.append(id, 0, chunked(bytes), { maxBytes: MANY })).rejects.toEqual(
        code('conflict'),
      );
      await expect(staging.append(id, 60_001, chunked(bytes), { maxBytes: MANY })).rejects.toEqual(
        code('conflict'),
      );
      await staging.append(id, 60_000, chunked(bytes.subarray(60_000)), { maxBytes: MANY });
      expect((await staging.finish(id)).sha256).toBe(sha(bytes));
    });

    test('takes no more than it may', async () => {
      const bytes = randomBytes(1_000);
      const { staging } = objects();
      const id = await staging.begin();
      await expect(staging.append(id, 0, chunked(bytes, 400, 400), { maxBytes: 900 })).rejects.toEqual(
        code('too_large'),
      );
      expect(await staging.offset(id)).toBeLessThanOrEqual(900);
      await staging.discard(id);
      await staging.discard(id);
      await expect(staging.offset(id)).rejects.toEqual(code('not_found'));
      await expect(staging.append(id, 0, chunked(bytes), { maxBytes: MANY })).rejects.toEqual(
        code('not_found'),
      );
      await expect(staging.offset('../../etc/passwd')).rejects.toEqual(code('not_found'));
    });

    test('is thrown away when it is not what was told', async () => {
      const bytes = randomBytes(1_000);
      const { staging } = objects();
      const id = await staging.begin();
      await staging.append(id, 0, chunked(bytes), { maxBytes: MANY });
      await expect(staging.finish(id, { expect: sha(Buffer.alloc(1)) })).rejects.toEqual(
        code('invalid_input'),
      );
      await expect(staging.offset(id)).rejects.toEqual(code('not_found'));
      expect(await objects().has(sha(bytes))).toBe(false);
    });

    test('may be empty', async () => {
      const id = await objects().staging.begin();
      expect(await objects().staging.offset(id)).toBe(0);
      expect(await objects().staging.finish(id)).toEqual({ sha256: sha(Buffer.alloc(0)), size: 0 });
    });
  });
}
