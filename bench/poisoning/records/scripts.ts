/** Scripts of processes that are measured one by one; each is run from the folder of the checks. */
const task = (path: string): string =>
  JSON.stringify(
    new URL(`../../../server/lifecycle/provenance/datasets/worker/${path}`, import.meta.url).href,
  );

const HEAD = `
let started = 0;
let used = process.cpuUsage();
function start() { started = performance.now(); used = process.cpuUsage(); }
let root = null;
let named = [];
`;
/** Writes a table of loans as CSV and Parquet. */
export const GENERATE = `${HEAD}
import { DuckDBInstance } from '@duckdb/node-api';
const [count, folder] = process.argv.slice(1);
const rows = Number(count);
const c = await (await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1GB' })).connect();
await c.run("CREATE VIEW t AS SELECT i AS id, (hash(i) % 5000000)::BIGINT / 100.0::DOUBLE AS amount, 'Applicant ' || i AS name, " +
  "'asked for a loan of the kind ' || (hash(i + 1) % 9973) || ' through branch ' || (hash(i + 2) % 911) AS note, i % 3 = 0 AS approved, " +
  "DATE '2020-01-01' + (hash(i + 3) % 2000)::INTEGER AS asked_on, lpad((hash(i + 4) % 100000)::VARCHAR, 5, '0') AS zip, " +
  "(hash(i + 5) % 1000003) / 1000003.0::DOUBLE AS score FROM range(" + rows + ") r(i)");
await c.run("COPY t TO '" + folder + "/loans.csv' (HEADER)");
await c.run("COPY t TO '" + folder + "/loans.parquet' (FORMAT parquet)");
`;
const SCHEMA = `{ columns: [['id','integer'],['amount','double'],['name','text'],['note','text'],['approved','boolean'],['asked_on','date'],['zip','text'],['score','double']].map(([name, kind]) => ({ name, type: { kind } })) }`;
/** DuckDB streams all columns into the process; nothing is done with them. */
export const READ = `${HEAD}
import { DuckDBInstance } from '@duckdb/node-api';
const [path, format] = process.argv.slice(1);
const c = await (await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '512MB' })).connect();
const source = format === 'csv' ? "read_csv(?, delim = ',', header = true, auto_detect = false, columns = {id: 'BIGINT', amount: 'DOUBLE', name: 'VARCHAR', note: 'VARCHAR', approved: 'BOOLEAN', asked_on: 'DATE', zip: 'VARCHAR', score: 'DOUBLE'})" : 'read_parquet(?)';
start();
const result = await c.stream('SELECT * FROM ' + source, [path]);
let rows = 0;
for (;;) { const chunk = await result.fetchChunk(); if (!chunk || chunk.rowCount === 0) break; rows += chunk.rowCount; }
`;

const TASK = `
import { perform } from ${task('tasks.ts')};
const [path, format, folder, kept] = process.argv.slice(1);
const limits = { memoryBytes: 2 ** 31, contentBytes: 2 ** 40, timeMs: 6 * 3_600_000 };
const hooks = { limits, progress: () => undefined, say: () => undefined, wanted: async () => undefined };
const content = { path, format, options: {}, schema: ${SCHEMA} };
start();
`;
/** What a push does with content: every record read and hashed, tree, leaf file, roots of blocks, profile. */
export const PUSH = `${HEAD}${TASK}
const result = await perform({ is: 'hash', content, label: null, leaves: folder + '/leaves', blocks: folder + '/blocks' }, hooks);
const { rows } = result;
root = { root: result.root, schemaDigest: result.schemaDigest };
`;
/** What a verification does: the content against what was kept of it; tells what was tampered with. */
export const VERIFY = `${HEAD}${TASK}
const stored = { ...JSON.parse(kept), leaves: folder + '/leaves', blocks: folder + '/blocks' };
const result = await perform({ is: 'verify', content, kept: stored, limit: 10 }, hooks);
const { rows } = result;
named = result.tamperings.map(({ kind, was }) => kind + ' ' + was);
`;
export const TAIL = `
const cpu = process.cpuUsage(used);
console.log(JSON.stringify({ s: (performance.now() - started) / 1000, cpuS: (cpu.user + cpu.system) / 1e6, peakMiB: process.resourceUsage().maxRSS / 1024, rows, root, named }));
`;
