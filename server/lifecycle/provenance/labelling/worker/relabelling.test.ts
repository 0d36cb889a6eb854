import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataset } from '@bartizan/checks/datasets/read/index.ts';
import { createRecordEncoder, HASH_BYTES, hashRecords } from '@bartizan/checks/datasets/records/index.ts';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RelabelTask } from './protocol.ts';
import { relabel } from './relabelling.ts';

const folder = mkdtempSync(join(tmpdir(), 'bartizan-relabel-'));
const path = join(folder, 'all.parquet');
const ROWS = 5_000;

/** A column of every kind, with what is hard in each: signs, ends of ranges, missing values, and characters. */
const SELECT = `SELECT
  i % 3 = 0 AS flag,
  (i - 2500)::HUGEINT * 17014118346046923173168730371588 AS huge,
  (CASE WHEN i % 7 = 0 THEN NULL ELSE i % 200 - 100 END)::TINYINT AS small,
  (i::DECIMAL(30, 9) - 2500) / 7 AS money,
  (CASE i % 5 WHEN 0 THEN 'nan' WHEN 1 THEN 'inf' WHEN 2 THEN '-inf' WHEN 3 THEN '-0.0' ELSE '1e-30' END)::FLOAT AS single,
  sin(i) * 1e300 AS wide,
  chr((1 + i % 300)::INTEGER) || '"\\' || chr(128512) || CASE WHEN i % 2 = 0 THEN chr(10) ELSE '' END AS words,
  (CASE WHEN i % 4 = 0 THEN '' ELSE 'x' END) AS maybe,
  encode('ab' || chr((1 + i % 200)::INTEGER)) AS raw,
  DATE '1600-02-28' + (i * 61)::INTEGER AS day,
  TIME '00:00:00.000001' + to_microseconds((i * 17000001) % 80000000000) AS hour,
  TIMESTAMP '1899-12-31 23:59:59.999999' + to_microseconds(i * 1234567890123) AS moment,
  (TIMESTAMP '1969-12-31 23:00:00.5' + to_microseconds(i * 98765432101)) AS instant,
  CASE WHEN i % 6 = 0 THEN NULL ELSE [i, NULL, -i] END AS list,
  {'a': CASE WHEN i % 3 = 0 THEN NULL ELSE i / 3.0 END, 'b "q"': ['x', NULL]} AS nested,
  CASE WHEN i % 2 = 0 THEN 'yes' ELSE 'no' END AS label
  FROM range(${ROWS}) t(i)`;

beforeAll(async () => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (${SELECT}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function hashes(file: string, options: Parameters<typeof openDataset>[1]): Promise<string[]> {
  const data = await openDataset(file, options);
  const encoder = createRecordEncoder(data.schema);
  const all: string[] = [];
  for await (const chunk of data.chunks()) {
    const hashed = hashRecords(encoder.encode(chunk));
    for (let at = 0; at < chunk.rows; at++)
      all.push(hashed.toString('hex', at * HASH_BYTES, (at + 1) * HASH_BYTES));
  }
  await data.close();
  return all;
}

async function relabelled(
  label: string,
  changes: RelabelTask['changes'],
  name: string,
  from = path,
): Promise<string> {
  const data = await openDataset(from, { format: 'parquet' });
  const out = join(folder, name);
  const content = { path: from, format: 'parquet', options: {}, schema: data.schema } as const;
  try {
    await relabel(data, { is: 'relabel', content, label, changes, out }, () => undefined);
  } finally {
    await data.close();
  }
  return out;
}

describe('records that are written again', () => {
  it('have the hashes that they had, whatever they hold, but for the labels that change', async () => {
    const out = await relabelled(
      'label',
      [
        [0, 'no'],
        [4_321, 'yes'],
      ],
      'labels.jsonl',
    );
    const { schema, close } = await openDataset(path, { format: 'parquet' });
    await close();
    const before = await hashes(path, { format: 'parquet', schema });
    const after = await hashes(out, { format: 'jsonl', schema });
    expect(after).toHaveLength(ROWS);
    expect(after.flatMap((hash, row) => (hash === before[row] ? [] : [row]))).toEqual([0, 4_321]);
    expect(JSON.parse(readFileSync(out, 'utf8').split('\n')[0] as string)).toMatchObject({ label: 'no' });
  });

  it('take labels that are truth values', async () => {
    const out = await relabelled('flag', [[1, 'true']], 'flags.jsonl');
    expect(JSON.parse(readFileSync(out, 'utf8').split('\n')[1] as string)).toMatchObject({ flag: true });
  });

  it('are refused where they hold bytes that JSON does not', async () => {
    const binary = join(folder, 'binary.parquet');
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run(
      `COPY (SELECT unhex('ff00') AS raw, 'yes' AS label UNION ALL SELECT unhex('41'), 'no') TO '${binary}' (FORMAT parquet)`,
    );
    connection.closeSync();
    instance.closeSync();
    await expect(relabelled('label', [[1, 'yes']], 'binary.jsonl', binary)).rejects.toThrow(
      /Record 0 could not/,
    );
  });

  it('are refused where a label that should change does not', async () => {
    await expect(relabelled('label', [[0, 'yes']], 'same.jsonl')).rejects.toThrow(/Record 0 could not/);
  });
});
