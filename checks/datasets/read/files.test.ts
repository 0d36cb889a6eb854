import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { imageSize } from './images.ts';
import { openDataset, ReadError, readNpy } from './index.ts';
import { parseNpyHeader } from './npy.ts';
import { createFiles, failure, rootOf, types } from './testing/files.ts';

const { folder, file, remove } = await createFiles();
afterAll(remove);

const npy = (header: string, content: Uint8Array, version = 1): Buffer => {
  const text = `${header.padEnd(53)}\n`;
  const head = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0, text.length, 0]);
  return Buffer.concat([head, Buffer.from(text, 'latin1'), content]);
};
const headerOf = (descr: string, shape: string, fortran = 'False'): string =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;

describe('npy', () => {
  const floats = Buffer.from(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);
  it('is read as columns and as a matrix', async () => {
    const path = await file('x.npy', npy(headerOf('<f4', '(3, 2)'), floats));
    expect(await types(path)).toEqual(['0 float', '1 float']);
    expect((await rootOf(path)).size).toBe(3);
    expect(await readNpy(path)).toEqual({
      rows: 3,
      columns: 2,
      shape: [3, 2],
      values: Float32Array.of(1, 2, 3, 4, 5, 6),
    });
    const labels = await file(
      'y.npy',
      npy(headerOf('<i8', '(3,)'), Buffer.from(BigInt64Array.of(1n, -1n, 2n).buffer)),
    );
    expect([...(await readNpy(labels)).values]).toEqual([1, -1, 2]);
  });
  it.each<[string, Buffer]>([
    ['objects', npy(headerOf('|O', '(1,)'), Buffer.alloc(8))],
    ['Fortran order', npy(headerOf('<f4', '(3, 2)', 'True'), floats)],
    ['the other byte order', npy(headerOf('>f4', '(3, 2)'), floats)],
    ['less than it says', npy(headerOf('<f4', '(4, 2)'), floats)],
    ['more than it says', npy(headerOf('<f4', '(2, 2)'), floats)],
    ['a shape past all bounds', npy(headerOf('<f4', '(9999999999, 9999999999)'), floats)],
    ['rows of nothing', npy(headerOf('<f4', '(9007199254740991, 0)'), Buffer.alloc(0))],
    ['rows of nothing, deep', npy(headerOf('<f4', '(5, 9007199254740991, 0)'), Buffer.alloc(0))],
    ['no rows of more than there can be', npy(headerOf('<f4', '(0, 9007199254740991, 9)'), Buffer.alloc(0))],
    ['sides that are no numbers', npy(headerOf('<f4', `(${'9'.repeat(400)}, 0)`), Buffer.alloc(0))],
    ['too many sides', npy(headerOf('<f4', `(${'1, '.repeat(40)})`), Buffer.alloc(4))],
    ['an unknown version', npy(headerOf('<f4', '(3, 2)'), floats, 9)],
    ['no header', Buffer.from('\x93NUMPY\x01\x00\xff\xff', 'latin1')],
  ])('with %s is refused', async (name, content) => {
    await failure(await file(`bad ${name}.npy`, content));
  });
  it('is never anything but an array or a ReadError', () => {
    const sound = npy(headerOf('<f4', '(3, 2)'), floats);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(sound.length),
        (changes, cut) => {
          const bytes = Buffer.from(sound.subarray(0, changes.length === 0 ? cut : sound.length));
          for (const [at, value] of changes) bytes[at] = value;
          try {
            const { shape, offset } = parseNpyHeader(bytes, bytes.length);
            expect(offset + shape.reduce((product, side) => product * side, 1)).toBeLessThanOrEqual(
              bytes.length,
            );
          } catch (error) {
            expect(error).toBeInstanceOf(ReadError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

const png = (width: number, height: number): Buffer => {
  const bytes = Buffer.alloc(33);
  bytes.write('\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR', 'latin1');
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes;
};
const jpeg = Buffer.from(
  'ffd8ffe000104a46494600010100000100010000ffc0001108001000200301220002110103110100',
  'hex',
);

describe('folders', () => {
  it('give a record for each text, by path; links are not followed', async () => {
    await mkdir(join(folder, 'texts', 'b'), { recursive: true });
    await file('texts/b/1.txt', 'one\r\n');
    await file('texts/a.txt', '\ufeffü');
    await file('texts/.hidden', 'x');
    await symlink('/etc/passwd', join(folder, 'texts', 'link.txt'));
    const dataset = await openDataset(join(folder, 'texts'), { format: 'texts' });
    const chunks = [];
    for await (const chunk of dataset.chunks()) chunks.push(chunk.columns.map(({ values }) => values));
    expect(chunks).toEqual([
      [
        ['a.txt', 'b/1.txt'],
        ['\ufeffü', 'one\r\n'],
      ],
    ]);
    await file('texts/bad.txt', Buffer.of(0xff));
    expect((await failure(join(folder, 'texts'), { format: 'texts' })).message).toContain(
      '"bad.txt" is no UTF-8',
    );
    expect(
      (await failure(join(folder, 'texts'), { format: 'texts', limits: { fileBytes: 3 } })).message,
    ).toContain('more than 3');
  });

  it('give the size and digest of each image', async () => {
    await mkdir(join(folder, 'images', 'cat'), { recursive: true });
    await file('images/cat/a.png', png(3, 5));
    await file('images/b.jpg', jpeg);
    const dataset = await openDataset(join(folder, 'images'), { format: 'images' });
    for await (const { rows, columns } of dataset.chunks()) {
      expect(rows).toBe(2);
      expect(columns.slice(0, 6).map(({ values }) => values)).toEqual([
        ['b.jpg', 'cat/a.png'],
        ['', 'cat'],
        ['jpeg', 'png'],
        [32, 3],
        [16, 5],
        [jpeg.length, 33],
      ]);
    }
    expect((await rootOf(join(folder, 'images'), { format: 'images' })).size).toBe(2);
    await file('images/c.png', 'no image');
    expect((await failure(join(folder, 'images'), { format: 'images' })).message).toContain('"c.png"');
  });

  it('of images that are none tell no size, and always end', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(Buffer.alloc(0), jpeg.subarray(0, 2), png(1, 1).subarray(0, 16)),
        (bytes, head) => {
          const size = imageSize(Buffer.concat([head, bytes]));
          if (size !== null) expect(Math.min(size.width, size.height)).toBeGreaterThan(0);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
