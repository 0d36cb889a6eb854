import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { ColumnChunk, ColumnType, Schema } from '../records/index.ts';
import { delimiterOf, firstLine } from './dialect.ts';
import { openEngine } from './engine.ts';
import { openDataset, ReadError, type ReadOptions } from './index.ts';
import { createFiles, failure, rootOf, types } from './testing/files.ts';

const { folder, file, remove } = await createFiles();
afterAll(remove);
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
  it('keeps yes and no as what was written; only true and false are truth values', async () => {
    const path = await file('words.csv', 'a,b,c\nyes,true,t\nno,false,f\nyes,TRUE,t\n');
    expect(await types(path)).toEqual(['a text', 'b boolean', 'c text']);
  });

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

describe('what is told of a broken file to those who may not read its records', () => {
  it.each<[string, string, string]>([
    ['cast.jsonl', '{"a":1}\n{"a":"SECRET 4111"}\n', 'In line 2, column "a": a value is not'],
    ['cut.csv', 'a,b\n1,"SECRET\n', 'In line 2: a quote is never closed'],
    ['wide.csv', 'a,b\n1,SECRET,could not convert\n', 'In line 2: the line has another number of columns'],
    ['bad.jsonl', '{"a":1}\n{"a":SECRET}\n', 'In line 2: the JSON is malformed'],
    ['twice.jsonl', '{"a":1, "a":"SECRET Malformed JSON"}\n', 'an object has a key twice'],
  ])('%s: place and kind, no value', async (name, content, told) => {
    const schema = { columns: [{ name: 'a', type: { kind: 'integer' as const } }] };
    const options = name === 'cast.jsonl' ? { schema } : {};
    const { shown, message } = await failure(await file(`told-${name}`, content), options);
    expect(shown).toContain(told);
    expect(shown).not.toMatch(/SECRET|4111/);
    expect(message).not.toBe(shown);
  });

  it('JSON lines nested past 200 are refused before they are parsed', async () => {
    const deep = `{"a":1}\n{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}\n`;
    expect((await failure(await file('deep.jsonl', deep))).message).toBe(
      'In line 2: lists and objects are nested more than 200 deep.',
    );
    const brackets = `{"a":"[[\\"${'{'.repeat(1_000)}\\\\"}\n`;
    expect((await rootOf(await file('brackets.jsonl', brackets.repeat(3)))).size).toBe(3);
  });
});

describe('a file of many chunks', () => {
  const ROWS = 300_000;
  const schema = { columns: [{ name: 'a', type: { kind: 'integer' as const } }] };
  it.each(['csv', 'jsonl'] as const)(
    'of %s comes in order, and breaking off late is no end',
    async (format) => {
      const lines = Array.from({ length: ROWS }, (_, row) => (format === 'csv' ? `${row}` : `{"a":${row}}`));
      const write = (): Promise<string> =>
        file(`many.${format}`, `${format === 'csv' ? 'a\n' : ''}${lines.join('\n')}\n`);
      const dataset = await openDataset(await write(), { schema });
      let next = 0;
      for await (const { columns } of dataset.chunks())
        for (const value of (columns[0] as ColumnChunk).values as BigInt64Array) {
          if (Number(value) !== next) throw new Error(`${value} is at ${next}`);
          next += 1;
        }
      await dataset.close();
      expect(next).toBe(ROWS);
      lines[ROWS - 9] = format === 'csv' ? 'x1' : '{"a":"x1"}';
      const { line } = await failure(await write(), { schema });
      expect(line).toBe(ROWS - 8 + (format === 'csv' ? 1 : 0));
    },
  );
});
