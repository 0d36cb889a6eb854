import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { createFolderObjects, isDamage } from '../../../platform/objects/index.ts';
import { sealedSource, sealOf } from './sealed.ts';
import {
  caller,
  HARMLESS,
  MALICIOUS,
  makeVersion,
  openScanDatabase,
  scanServer,
  sha256Of,
} from './testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 120_000 });

const MIB = 1024 * 1024;
const home = mkdtempSync(join(tmpdir(), 'bartizan-sealed-'));
const pathOf = (folder: string, sha256: string) => join(folder, sha256.slice(0, 2), sha256.slice(2));
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

describe('content under a seal', () => {
  const folder = join(home, 'plain');
  const objects = createFolderObjects(folder);
  const { signal } = new AbortController();

  test.each([0, 1, MIB - 1, MIB, 3 * MIB + 5])('of %i bytes reads as it is', async (size) => {
    const bytes = randomBytes(size);
    const content = await objects.put(once(bytes));
    const seal = await sealOf(objects, content.sha256, signal);
    expect(seal.length).toBe(Math.ceil(size / MIB));
    const source = sealedSource(objects, content, seal);
    const place = fc.integer({ min: 0, max: size + 10 });
    await fc.assert(
      fc.asyncProperty(place, place, async (offset, length) => {
        const read = await source.read(offset, length);
        expect(Buffer.from(read).equals(bytes.subarray(offset, offset + length))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test('is refused once it was exchanged, before or after it was sealed', async () => {
    const bytes = randomBytes(2 * MIB + 7);
    const content = await objects.put(once(bytes));
    const seal = await sealOf(objects, content.sha256, signal);
    const source = sealedSource(objects, content, seal);
    const last = Buffer.from(bytes);
    last.writeUInt8(last.readUInt8(2 * MIB) ^ 1, 2 * MIB);
    writeFileSync(pathOf(folder, content.sha256), last);
    expect(Buffer.from(await source.read(5, 10)).equals(bytes.subarray(5, 15))).toBe(true);
    await expect(source.read(2 * MIB + 1, 1)).rejects.toSatisfy(isDamage);
    await expect(sealOf(objects, content.sha256, signal)).rejects.toSatisfy(isDamage);
    writeFileSync(pathOf(folder, content.sha256), bytes.subarray(0, 100));
    await expect(source.read(0, 10)).rejects.toSatisfy(isDamage);
  });

  test('is not sealed for who has given up', async () => {
    const { sha256 } = await objects.put(once(randomBytes(10)));
    await expect(sealOf(objects, sha256, AbortSignal.abort(new Error('given up')))).rejects.toThrow(
      'given up',
    );
  });
});

test('a scan judges nothing else than what has the digest, whenever it is exchanged', async () => {
  const folder = join(home, 'scanned');
  const open = await openScanDatabase();
  const padded = (bytes: Buffer, mark: string): Buffer =>
    Buffer.concat([bytes, Buffer.from(mark.padEnd(40))]);
  const [before, between] = [padded(MALICIOUS, 'before'), padded(MALICIOUS, 'between')];
  const exchange = (bytes: Buffer): void => {
    const benign = Buffer.alloc(bytes.byteLength, HARMLESS);
    writeFileSync(pathOf(folder, sha256Of(bytes)), benign);
  };
  // Between the comparison with the digest and the reading.
  const beforeRead = async (sha256: string): Promise<void> => {
    if (sha256 === sha256Of(between)) exchange(between);
  };
  const [idle, ada] = [await scanServer(open, folder, { background: false }), caller()];
  const version = await makeVersion(open, idle, { files: { 'a.pkl': before, 'b.pkl': between } });
  exchange(before);
  const server = await scanServer(open, folder, { beforeRead });
  try {
    await expect
      .poll(async () => (await server.scans.version(ada, version.id)).state, {
        timeout: 60_000,
        interval: 100,
      })
      .toBe('done');
    const { items } = await server.scans.files(ada, version.id, { limit: 10 });
    for (const { verdict, errors } of items) {
      expect([verdict, errors[0]?.message]).toEqual(['error', 'its stored content no longer has its digest']);
    }
    expect(items).toHaveLength(2);
  } finally {
    await server.close();
    await idle.close();
    await open.close();
  }
});
