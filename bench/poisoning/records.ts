/**
 * Pushing and verifying records beside `sha256sum` and DuckDB reading alone:
 * `node bench/poisoning/records.ts [--rows 1000000] [--rounds 3] [--quick] [--json]`. Generates a table of loans as CSV
 * and Parquet in a temporary folder. Each measurement is a process of its own, the rounds alternate, medians count:
 * - `sha256sum` over the file, and DuckDB streaming all of its columns into the process, nothing done with them;
 * - push and verify: what the server's process that reads content does for them, see records/scripts.ts.
 * Ratios are of ours over the sum of both alone, in wall-clock time and in processor time. Peaks are the process's
 * maximum resident set. Then one value of one record of the CSV is changed, and after it one stored hash: `named` is
 * what verifying said each time, and anything but that record fails the run.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { GENERATE, PUSH, READ, TAIL, VERIFY } from './records/scripts.ts';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string' },
    rows: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const rows = Number(flags.rows ?? (flags.quick ? '100000' : '1000000'));
const rounds = Number(flags.rounds ?? (flags.quick ? '1' : '3'));
if (!(rows >= 1000) || !(rounds >= 1)) throw new Error('--rows is 1000 or more, --rounds 1 or more');

interface Alone {
  readonly s: number;
  readonly cpuS: number;
}

interface Measured extends Alone {
  readonly peakMiB: number;
  readonly rows: number;
  readonly root: { readonly root: string; readonly schemaDigest: string } | null;
  readonly named: readonly string[];
}

const run = (script: string, args: readonly string[]): Measured =>
  JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '--no-warnings', '-e', script + TAIL, ...args], {
      cwd: new URL('../../checks', import.meta.url),
      encoding: 'utf8',
    }),
  ) as Measured;

/** Seconds of processor time in the second line that `times` of a shell prints: user and system, of its children. */
function childSeconds(printed: string): number {
  const times = [...(printed.trim().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  return times.reduce((sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds), 0);
}

function sha256sum(path: string): Alone {
  const started = performance.now();
  const { status, stdout } = spawnSync('sh', ['-c', 'sha256sum "$0" > /dev/null && times', path], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error('sha256sum is needed');
  return { s: (performance.now() - started) / 1000, cpuS: childSeconds(stdout) };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const keptOf = ({ rows: size, root }: Measured): string => JSON.stringify({ rows: size, ...root });

interface Round {
  readonly hashing: Alone;
  readonly reading: Measured;
  readonly push: Measured;
  readonly verify: Measured;
}

function oneRound(path: string, format: string, folder: string): Round {
  for (const name of ['leaves', 'blocks']) rmSync(join(folder, name), { force: true });
  const hashing = sha256sum(path);
  const reading = run(READ, [path, format]);
  const push = run(PUSH, [path, format, folder]);
  const verify = run(VERIFY, [path, format, folder, keptOf(push)]);
  if ([reading, push, verify].some((each) => each.rows !== rows))
    throw new Error('not all records were read');
  if (verify.named.length > 0)
    throw new Error(`the data are not what was pushed: ${verify.named.join(', ')}`);
  return { hashing, reading, push, verify };
}

const ratio = (ours: Alone, { hashing, reading }: Round, of: keyof Alone): number =>
  ours[of] / (hashing[of] + reading[of]);

function measure(folder: string, format: 'csv' | 'parquet') {
  const path = join(folder, `loans.${format}`);
  const measured = Array.from({ length: rounds }, () => oneRound(path, format, folder));
  const of = (value: (round: Round) => number): number => median(measured.map(value));
  return {
    kept: measured.at(-1)?.push as Measured,
    row: {
      format,
      mib: statSync(path).size / 2 ** 20,
      sha256sumS: of(({ hashing }) => hashing.s),
      duckdbS: of(({ reading }) => reading.s),
      pushS: of(({ push }) => push.s),
      verifyS: of(({ verify }) => verify.s),
      pushRatio: of((round) => ratio(round.push, round, 's')),
      verifyRatio: of((round) => ratio(round.verify, round, 's')),
      aloneCpuS: of(({ hashing, reading }) => hashing.cpuS + reading.cpuS),
      pushCpuS: of(({ push }) => push.cpuS),
      verifyCpuS: of(({ verify }) => verify.cpuS),
      pushCpuRatio: of((round) => ratio(round.push, round, 'cpuS')),
      verifyCpuRatio: of((round) => ratio(round.verify, round, 'cpuS')),
      recordsPerSecond: rows / of(({ push }) => push.s),
      duckdbPeakMiB: of(({ reading }) => reading.peakMiB),
      pushPeakMiB: of(({ push }) => push.peakMiB),
      verifyPeakMiB: of(({ verify }) => verify.peakMiB),
    },
  };
}

/** Changes the byte at `place` by `change` and gives back what changes it back. */
function change(path: string, place: number, changed: (byte: number) => number): () => void {
  const write = (byte: number): void => {
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.of(byte), 0, 1, place);
    closeSync(file);
  };
  const before = Buffer.alloc(1);
  const file = openSync(path, 'r');
  readSync(file, before, 0, 1, place);
  closeSync(file);
  write(changed(before[0] as number));
  return () => write(before[0] as number);
}

/** Where the name of a record stands in the CSV, whose records are sorted by their number. */
function placeOf(path: string, record: number): number {
  const wanted = `Applicant ${record},`;
  const file = openSync(path, 'r');
  const part = Buffer.alloc(1 << 16);
  try {
    for (let [low, high] = [0, statSync(path).size]; low < high; ) {
      const middle = Math.max(0, Math.floor((low + high - part.length) / 2));
      const text = part.toString('latin1', 0, readSync(file, part, 0, part.length, middle));
      const at = text.indexOf(wanted);
      if (at >= 0) return middle + at + 'Applicant '.length;
      if (Number(/\n(\d+),/.exec(text)?.[1]) > record) high = middle + part.length / 2;
      else low = middle + part.length / 2;
    }
  } finally {
    closeSync(file);
  }
  throw new Error(`record ${record} is not there`);
}

/** What verifying names after one digit of one record was changed, and after one bit of one stored hash. */
function tamper(folder: string, kept: Measured) {
  const [path, leaves] = [join(folder, 'loans.csv'), join(folder, 'leaves')];
  const record = Math.floor(rows * 0.617);
  const verify = (): string => run(VERIFY, [path, 'csv', folder, keptOf(kept)]).named.join(', ');
  const digit = (byte: number): number => (byte === 0x39 ? 0x38 : byte + 1);
  const undo = change(path, placeOf(path, record), digit);
  const inContent = verify();
  undo();
  const place = statSync(leaves).size - (rows - record) * 32;
  const undoLeaf = change(leaves, place, (byte) => byte ^ 1);
  const inHashes = verify();
  undoLeaf();
  const after = verify();
  return { record, inContent, inHashes, after };
}

const folder = mkdtempSync(join(tmpdir(), 'bartizan-records-'));
try {
  run(`${GENERATE}start();`, [String(rows), folder]);
  const parquet = measure(folder, 'parquet');
  const csv = measure(folder, 'csv');
  const sameRoot = csv.kept.root?.root === parquet.kept.root?.root;
  const tampered = tamper(folder, csv.kept);
  const named = `${tampered.inContent}; ${tampered.inHashes}`;
  const measured = [
    { ...csv.row, named },
    { ...parquet.row, named: '' },
  ];
  const { record } = tampered;
  const sound =
    sameRoot &&
    tampered.inContent === `record-altered ${record}` &&
    tampered.inHashes.startsWith(`leaf-changed ${record}`) &&
    tampered.after === '';
  if (!sound) process.exitCode = 1;
  if (flags.json) console.log(JSON.stringify({ rows, rounds, sameRoot, tampered, measured }, null, 1));
  else {
    const shown = (value: string | number): string | number =>
      typeof value === 'number' ? Number(value.toPrecision(4)) : value;
    for (const name of Object.keys(csv.row) as (keyof typeof csv.row)[])
      console.log(name.padEnd(18), ...measured.map((row) => String(shown(row[name])).padEnd(12)));
    console.log(`${rows} records; CSV and Parquet have ${sameRoot ? 'the same root' : 'DIFFERENT roots'}`);
    console.log(
      `record ${record} changed: ${tampered.inContent}; its hash: ${tampered.inHashes}; neither: ${tampered.after || 'nothing'}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
