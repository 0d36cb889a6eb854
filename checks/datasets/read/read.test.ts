import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ColumnType, createRecordTree, recordHashes, type Schema } from '../records/index.ts';
import { delimiterOf, firstLine } from './dialect.ts';
import { openEngine } from './engine.ts';
import { imageSize } from './images.ts';
import { openDataset, ReadError, type ReadOptions, readNpy } from './index.ts';
import { parseNpyHeader } from './npy.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bartizan-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}
async function rootOf(
  path: string,
  options: ReadOptions = {},
): Promise<{ readonly size: number; readonly root: string }> {
  const dataset = await openDataset(path, options);
  try {
    const tree = createRecordTree();
    for await (const hashes of recordHashes(dataset)) tree.append(hashes);
    const { size, root } = tree.head();
    return { size, root: Buffer.from(root).toString('hex') };
  } finally {
    await dataset.close();
  }
}
const failure = async (path: string, options: ReadOptions = {}): Promise<ReadError> => {
  const error = await rootOf(path, options).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ReadError)) throw new Error(`no ReadError but ${String(error)}`);
  return error;
};
const types = async (path: string, options: ReadOptions = {}): Promise<string[]> => {
  const dataset = await openDataset(path, options);
  await dataset.close();
  return dataset.schema.columns.map(({ name, type }) => `${name} ${type.kind}`);
};
const schemaOf = (columns: Readonly<Record<string, ColumnType['kind']>>): Schema => ({
  columns: Object.entries(columns).map(([name, kind]) => ({ name, type: { kind } as ColumnType })),
});

describe('one record', () => {
  const loans = schemaOf({
    id: 'integer',
    amount: 'double',
    rate: 'float',
    name: 'text',
    note: 'text',
    ok: 'boolean',
    day: 'date',
    at: 'timestamp',
  });

  it('has one hash from CSV, TSV, JSONL and Parquet', async () => {
    const db = await (await DuckDBInstance.create(':memory:')).connect();
    await db.run(`CREATE TABLE t AS SELECT i AS id, CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN -0.0::DOUBLE ELSE i / 7.0::DOUBLE END AS amount,
      (i / 8.0)::FLOAT AS rate, 'nåme ' || i AS name, CASE WHEN i % 3 = 0 THEN NULL ELSE repeat('long "text", ', (i % 9)::INTEGER) || i END AS note,
      i % 2 = 0 AS ok, DATE '1969-12-30' + i::INTEGER AS day, TIMESTAMP '2020-01-01 00:00:00.5' + to_seconds(i) AS at FROM range(5000) r(i)`);
    const at = (name: string): string => join(folder, name);
    await db.run(`COPY t TO '${at('t.csv')}' (HEADER)`);
    await db.run(`COPY t TO '${at('t.tsv')}' (HEADER, DELIMITER '\t')`);
    await db.run(`COPY t TO '${at('t.jsonl')}' (FORMAT json)`);
    await db.run(`COPY t TO '${at('t.parquet')}' (FORMAT parquet)`);
    db.closeSync();
    const roots = await Promise.all(
      ['t.csv', 't.tsv', 't.jsonl', 't.parquet'].map((name) => rootOf(at(name), { schema: loans })),
    );
    expect(new Set(roots.map(({ root }) => root)).size).toBe(1);
    expect(roots[0]?.size).toBe(5000);
  }, 120_000);

  it('of nested values has one from JSONL and Parquet', async () => {
    const jsonl = await file(
      'n.jsonl',
      '{"a":[1,null,3],"b":{"c":"x","d":[{"e":1.5}]}}\n{"a":[],"b":null}\n{"a":null,"b":{"c":null,"d":null}}\n',
    );
    const db = await (await DuckDBInstance.create(':memory:')).connect();
    await db.run(
      `COPY (SELECT * FROM read_json('${jsonl}')) TO '${join(folder, 'n.parquet')}' (FORMAT parquet)`,
    );
    db.closeSync();
    expect(await types(jsonl)).toEqual(['a list', 'b struct']);
    expect(await rootOf(jsonl)).toEqual(await rootOf(join(folder, 'n.parquet')));
  }, 60_000);

  it('of which a part is projected is that part', async () => {
    const whole = await file('w.csv', 'a,b,c\n1,x,2\n3,y,4\n');
    const part = await file('p.csv', 'c,a\n2,1\n4,3\n');
    const schema = schemaOf({ c: 'integer', a: 'integer' });
    expect(await rootOf(whole, { schema })).toEqual(await rootOf(part, { schema }));
    expect((await failure(part, { schema: schemaOf({ b: 'text' }) })).message).toContain('no column "b"');
  }, 60_000);
});

describe('CSV', () => {
  it('keeps codes with leading zeros, and dates that are not ISO, as text', async () => {
    const path = await file(
      'codes.csv',
      'zip,n,x,day,other,at\n02134,5,0.5,2020-01-31,31/12/2020,2020-01-01 10:00:00\n10001,0,0,2020-02-01,01/02/2020,2020-01-01 10:00:01\n',
    );
    expect(await types(path)).toEqual([
      'zip text',
      'n integer',
      'x double',
      'day date',
      'other text',
      'at timestamp',
    ]);
    expect(await types(await file('semi.csv', 'a;b\n1;2,5\n'))).toEqual(['a integer', 'b text']);
    expect(await types(await file('bare.csv', '1,2\n'), { header: false })).toEqual([
      'column0 integer',
      'column1 integer',
    ]);
  }, 60_000);

  const numbers = schemaOf({ id: 'integer', n: 'integer' });
  it.each<[string, string | Uint8Array, ReadOptions, readonly [line: number | null, column: string | null]]>([
    ['a cell of another type', 'id,n\n1,2\n2,x\n', { schema: numbers }, [3, 'n']],
    ['a cell too many', 'id,n\n1,2\n2,3,4\n5,6\n', {}, [3, null]],
    ['a cell too few', 'id,n,m\n1,2,3\n2,3\n5,6,7\n', {}, [3, null]],
    ['a quote that is never closed', 'id,n\n1,"2\n2,3\n', {}, [2, null]],
    ['bytes that are no UTF-8', Buffer.from('id,n\n1,a\n2,\xff\xfe\n', 'latin1'), {}, [3, null]],
    ['two columns of one name', 'a,a\n1,2\n', {}, [1, 'a']],
    ['a column without a name', 'a,\n1,2\n', {}, [1, null]],
    ['nothing', '', {}, [null, null]],
  ])(
    'with %s is refused by line and column',
    async (name, content, options, where) => {
      const error = await failure(await file(`bad ${name}.csv`, content), options);
      expect([name, error.line, error.column]).toEqual([name, ...where]);
      expect(error.message).not.toContain(tmpdir());
    },
    60_000,
  );

  it('has its first line read as RFC 4180 has it', () => {
    expect(firstLine('a,"b ""x"", y",\r\n1', ',')).toEqual(['a', 'b "x", y', '']);
    expect(delimiterOf('"a;b;c;d",e\n')).toBe(',');
    fc.assert(
      fc.property(fc.string(), (head) => {
        try {
          expect(firstLine(head, ',').length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(ReadError);
        }
      }),
    );
  });
});

describe('JSONL', () => {
  it.each<[string, string, ReadOptions, number | null]>([
    ['a value of another type', '{"a":1}\n{"a":"x"}\n', { schema: schemaOf({ a: 'integer' }) }, 2],
    ['a record that is cut off', '{"a":1}\n{"a":\n{"a":3}\n', {}, 2],
    ['an end that is cut off', '{"a":1}\n{"a":2}\n{"a":', {}, 3],
    ['lists instead of records', '[1]\n', {}, null],
    ['one name twice', '{"a":{"a":1},"a":3}\n', {}, 1],
  ])(
    'with %s is refused',
    async (name, content, options, line) => {
      expect((await failure(await file(`bad ${name}.jsonl`, content), options)).line).toBe(line);
    },
    60_000,
  );
});

describe('the engine', () => {
  it('takes a name for a name, and reads that one file only', async () => {
    const secret = await file('secret.csv', 'a\n1\n');
    const odd = await file("x*.csv'; COPY (SELECT 1) TO 'y[0].csv", 'a\n1\n2\n');
    expect((await rootOf(odd, { format: 'csv' })).size).toBe(2);
    const engine = await openEngine(odd, 'csv');
    const connection = await engine.connect();
    const refused = async (sql: string, values: string[] = []): Promise<void> => {
      await expect(connection.run(sql, values), sql).rejects.toThrow(
        /disabled by configuration|locked|Permission/i,
      );
    };
    await refused('SELECT * FROM read_csv(?)', [secret]);
    await refused('SELECT * FROM read_text(?)', ['/etc/passwd']);
    await refused('SELECT * FROM glob(?)', ['/etc/*']);
    await refused("SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')");
    await refused(`COPY (SELECT 1) TO '${join(folder, 'out.csv')}'`);
    await refused(`ATTACH '${join(folder, 'out.db')}'`);
    await refused(`EXPORT DATABASE '${join(folder, 'out')}'`);
    await refused('SET enable_external_access = true');
    await refused("SET allowed_paths = ['/etc/passwd']");
    await expect(connection.run('INSTALL httpfs')).rejects.toThrow();
    await expect(connection.run('LOAD httpfs')).rejects.toThrow();
    connection.closeSync();
    await engine.close();
    expect((await readdir(folder)).filter((name) => name.startsWith('y[') || name.startsWith('out'))).toEqual(
      [],
    );
  }, 60_000);

  it('keeps to its limits', async () => {
    const path = await file('limits.csv', `a\n${'1\n'.repeat(100_000)}`);
    expect((await failure(path, { limits: { fileBytes: 10 } })).message).toContain('more than 10');
    expect((await failure(path, { limits: { timeoutMs: 0 } })).message).toContain('longer');
    expect((await failure(folder, { format: 'csv' })).message).toContain('no regular file');
    expect((await failure('/dev/zero', { format: 'csv' })).message).toContain('no regular file');
    expect((await failure(join(folder, 'none.csv'))).message).toContain('not there');
    expect((await failure(await file('x.xyz', 'a'))).message).toContain('ending');
    const wide = await file('wide.csv', `${Array.from({ length: 5001 }, (_, i) => `c${i}`).join()}\n`);
    expect((await failure(wide)).message).toContain('5001 columns');
  }, 60_000);

  it('takes a cell of 16 MiB, and refuses a larger one', async () => {
    const text = schemaOf({ a: 'text' });
    expect(
      (await rootOf(await file('large.csv', `a\n${'x'.repeat(16 * 2 ** 20)}\n`), { schema: text })).size,
    ).toBe(1);
    await failure(await file('larger.csv', `a\n${'x'.repeat(16 * 2 ** 20 + 1)}\n`), { schema: text });
    await failure(await file('huge.jsonl', `{"a":"${'x'.repeat(18 * 2 ** 20)}"}\n`), { schema: text });
  }, 120_000);

  it('reads broken Parquet as nothing but an error', async () => {
    const db = await (await DuckDBInstance.create(':memory:')).connect();
    await db.run(
      `COPY (SELECT i AS a, 'text of the record ' || i AS b FROM range(200) r(i)) TO '${join(folder, 'ok.parquet')}' (FORMAT parquet)`,
    );
    db.closeSync();
    const sound = await readFile(join(folder, 'ok.parquet'));
    await fc.assert(
      fc.asyncProperty(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const broken = Buffer.from(sound);
        broken[at] = (broken[at] ?? 0) ^ flip;
        const path = await file('broken.parquet', broken);
        await rootOf(path).catch((error: unknown) => expect(error).toBeInstanceOf(ReadError));
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});

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
