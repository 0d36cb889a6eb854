/**
 * Hashing and verifying records beside `sha256sum` and DuckDB reading alone:
 * `node bench/poisoning/records.ts [--rows 1000000] [--rounds 3] [--json]`. Generates a table of loans as CSV and
 * Parquet in a temporary folder. Each measurement is a process of its own, the rounds alternate, medians count:
 * - `sha256sum` over the file, and DuckDB streaming all of its columns into the process, nothing done with them;
 * - push: reading, hashing every record, Merkle tree and leaf file; verify: the same against the stored leaf file.
 * The ratio is time of ours over the sum of both alone. Peaks are the process's maximum resident set.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string' },
    rows: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});
const rows = Number(flags.rows);
const url = (path: string): string =>
  JSON.stringify(new URL(`../../checks/datasets/${path}`, import.meta.url).href);

const GENERATE = `
import { DuckDBInstance } from '@duckdb/node-api';
const [count, folder] = process.argv.slice(1);
const rows = Number(count);
const started = performance.now();
const c = await (await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1GB' })).connect();
await c.run("CREATE VIEW t AS SELECT i AS id, (hash(i) % 5000000)::BIGINT / 100.0::DOUBLE AS amount, 'Applicant ' || i AS name, " +
  "'asked for a loan of the kind ' || (hash(i + 1) % 9973) || ' through branch ' || (hash(i + 2) % 911) AS note, i % 3 = 0 AS approved, " +
  "DATE '2020-01-01' + (hash(i + 3) % 2000)::INTEGER AS asked_on, lpad((hash(i + 4) % 100000)::VARCHAR, 5, '0') AS zip, " +
  "(hash(i + 5) % 1000003) / 1000003.0::DOUBLE AS score FROM range(" + rows + ") r(i)");
await c.run("COPY t TO '" + folder + "/loans.csv' (HEADER)");
await c.run("COPY t TO '" + folder + "/loans.parquet' (FORMAT parquet)");
`;
const SCHEMA = `{ columns: [['id','integer'],['amount','double'],['name','text'],['note','text'],['approved','boolean'],['asked_on','date'],['zip','text'],['score','double']].map(([name, kind]) => ({ name, type: { kind } })) }`;
const READ = `
import { DuckDBInstance } from '@duckdb/node-api';
const [path, format] = process.argv.slice(1);
const c = await (await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '512MB' })).connect();
const source = format === 'csv' ? "read_csv(?, delim = ',', header = true, auto_detect = false, columns = {id: 'BIGINT', amount: 'DOUBLE', name: 'VARCHAR', note: 'VARCHAR', approved: 'BOOLEAN', asked_on: 'DATE', zip: 'VARCHAR', score: 'DOUBLE'})" : 'read_parquet(?)';
const started = performance.now();
const result = await c.stream('SELECT * FROM ' + source, [path]);
let rows = 0;
for (;;) { const chunk = await result.fetchChunk(); if (!chunk || chunk.rowCount === 0) break; rows += chunk.rowCount; }
`;
const PUSH = `
import { openDataset, createLeafFile } from ${url('read/index.ts')};
import { createRecordTree, recordHashes, schemaDigest } from ${url('records/index.ts')};
const [path, , leafPath] = process.argv.slice(1);
const started = performance.now();
const dataset = await openDataset(path, { schema: ${SCHEMA} });
const leaves = await createLeafFile(leafPath, schemaDigest(dataset.schema));
const tree = createRecordTree();
for await (const hashes of recordHashes(dataset)) { tree.append(hashes); await leaves.append(hashes); }
await leaves.close();
await dataset.close();
const rows = tree.head().size;
globalThis.root = Buffer.from(tree.head().root).toString('hex');
`;
const VERIFY = `
import { openDataset, openLeafFile, createFileSpill } from ${url('read/index.ts')};
import { recordHashes, schemaDigest, verifyRecords } from ${url('records/index.ts')};
const [path, , leafPath, head] = process.argv.slice(1);
const started = performance.now();
const [dataset, leaves, spill] = [await openDataset(path, { schema: ${SCHEMA} }), await openLeafFile(leafPath), await createFileSpill()];
const digest = schemaDigest(dataset.schema);
const stored = { head: { size: leaves.size, root: Buffer.from(head, 'hex') }, schemaDigest: digest, leaves };
const result = await verifyRecords(stored, { schemaDigest: digest, hashes: recordHashes(dataset) }, { spill });
if (!result.intact || !result.leaves.sound) throw new Error('the data are not what was pushed');
await Promise.all([dataset.close(), leaves.close(), spill.close(), result.close()]);
const rows = result.head.size;
globalThis.root = Buffer.from(result.head.root).toString('hex');
`;
const TAIL = `
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
console.log(JSON.stringify({ s: (performance.now() - started) / 1000, cpuS: (userCPUTime + systemCPUTime) / 1e6, peakMiB: maxRSS / 1024, rows, root: globalThis.root ?? null }));
`;

interface Measured {
  readonly s: number;
  readonly cpuS: number;
  readonly peakMiB: number;
  readonly rows: number;
  readonly root: string | null;
}

const run = (script: string, args: readonly string[]): Measured =>
  JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', script + TAIL, ...args], {
      cwd: new URL('../../checks', import.meta.url),
      encoding: 'utf8',
    }),
  ) as Measured;

function sha256sum(path: string): number {
  const started = performance.now();
  const { status } = spawnSync('sha256sum', [path], { stdio: 'ignore' });
  if (status !== 0) throw new Error('sha256sum is needed');
  return (performance.now() - started) / 1000;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

interface Row {
  readonly format: string;
  readonly mib: number;
  readonly sha256sumS: number;
  readonly duckdbS: number;
  readonly pushS: number;
  readonly verifyS: number;
  readonly pushRatio: number;
  readonly verifyRatio: number;
  readonly recordsPerSecond: number;
  readonly duckdbPeakMiB: number;
  readonly pushPeakMiB: number;
  readonly verifyPeakMiB: number;
  readonly pushCpuS: number;
  readonly verifyCpuS: number;
}

function measure(folder: string, format: 'csv' | 'parquet'): Row & { readonly root: string } {
  const path = join(folder, `loans.${format}`);
  const leafPath = join(folder, `${format}.leaves`);
  const rounds = Array.from({ length: Number(flags.rounds) }, () => {
    rmSync(leafPath, { force: true });
    const hashing = sha256sum(path);
    const reading = run(READ, [path, format]);
    const push = run(PUSH, [path, format, leafPath]);
    const verify = run(VERIFY, [path, format, leafPath, push.root ?? '']);
    if ([reading, push, verify].some((each) => each.rows !== rows))
      throw new Error('not all records were read');
    return { hashing, reading, push, verify };
  });
  const of = (value: (round: (typeof rounds)[0]) => number): number => median(rounds.map(value));
  return {
    format,
    mib: statSync(path).size / 2 ** 20,
    sha256sumS: of(({ hashing }) => hashing),
    duckdbS: of(({ reading }) => reading.s),
    pushS: of(({ push }) => push.s),
    verifyS: of(({ verify }) => verify.s),
    pushRatio: of(({ push, hashing, reading }) => push.s / (hashing + reading.s)),
    verifyRatio: of(({ verify, hashing, reading }) => verify.s / (hashing + reading.s)),
    recordsPerSecond: rows / of(({ push }) => push.s),
    duckdbPeakMiB: of(({ reading }) => reading.peakMiB),
    pushPeakMiB: of(({ push }) => push.peakMiB),
    verifyPeakMiB: of(({ verify }) => verify.peakMiB),
    pushCpuS: of(({ push }) => push.cpuS),
    verifyCpuS: of(({ verify }) => verify.cpuS),
    root: rounds[0]?.push.root ?? '',
  };
}

const folder = mkdtempSync(join(tmpdir(), 'bartizan-records-'));
run(GENERATE, [String(rows), folder]);
try {
  const measured = [measure(folder, 'csv'), measure(folder, 'parquet')];
  const sameRoot = measured[0]?.root === measured[1]?.root;
  if (flags.json) console.log(JSON.stringify({ rows, sameRoot, measured }, null, 1));
  else {
    console.table(
      Object.fromEntries(
        measured.map((row) => [
          row.format,
          Object.fromEntries(
            Object.entries(row)
              .filter(([, value]) => typeof value === 'number')
              .map(([name, value]) => [name, Number(Number(value).toPrecision(4))]),
          ),
        ]),
      ),
    );
    console.log(`${rows} records; CSV and Parquet have ${sameRoot ? 'the same root' : 'DIFFERENT roots'}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
