/**
 * The artifact scanner beside picklescan, modelscan and fickling:
 * `npm run -s bench:artifacts -- [--json] [--corpus DIR] [--python DIR] [--blob-mib N] [--dense-mib N] [--limit-s N]`. Whole process,
 * warm cache: throughput and peak memory on a pickle of much data and on one of many opcodes, and with `--corpus`
 * (a folder with labels.json) what each finds and what it flags wrongly.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Detection, detect } from './corpus.ts';
import { writeBlobHeavy, writeOpDense } from './generate.ts';
import { measure } from './measure.ts';
import { bartizan, peers, type Scanner } from './peers.ts';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    corpus: { type: 'string' },
    python: { type: 'string' },
    'blob-mib': { type: 'string', default: '200' },
    'dense-mib': { type: 'string', default: '50' },
    'limit-s': { type: 'string', default: '120' },
  },
});

interface Throughput {
  readonly scanner: string;
  readonly version: string;
  readonly file: string;
  readonly mib: number;
  /** Null when it was stopped at the time limit. */
  readonly mibPerSecond: number | null;
  readonly seconds: number;
  readonly peakMib: number | null;
  readonly answer: string;
}

const note = (line: string) => process.stderr.write(`${line}\n`);

async function throughput(scanner: Scanner, file: string, path: string): Promise<Throughput> {
  note(`${scanner.name} on ${file}`);
  // What the first reader pays for the disk must not count against it.
  readFileSync(path);
  const mib = statSync(path).size / 2 ** 20;
  const run = await measure(scanner.command, scanner.args(path), Number(flags['limit-s']) * 1000);
  const isDone = run.exitCode !== null;
  return {
    scanner: scanner.name,
    version: scanner.version,
    file,
    mib: Math.round(mib),
    mibPerSecond: isDone ? Math.round((mib / run.seconds) * 100) / 100 : null,
    seconds: Math.round(run.seconds * 100) / 100,
    peakMib: run.peakMib,
    answer: isDone ? scanner.answer(run) : `stopped after ${flags['limit-s']} s`,
  };
}

async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'bench-artifacts-'));
  try {
    const files = { 'blob-heavy': join(folder, 'blob.pkl'), 'op-dense': join(folder, 'dense.pkl') };
    note('making the pickles');
    writeBlobHeavy(files['blob-heavy'], Number(flags['blob-mib']));
    writeOpDense(files['op-dense'], Number(flags['dense-mib']));
    const { scanners: others, skipped } = peers(
      flags.python === undefined ? undefined : resolve(flags.python),
    );
    const scanners = [bartizan(), ...others];
    const rows: Throughput[] = [];
    for (const [file, path] of Object.entries(files)) {
      for (const scanner of scanners) rows.push(await throughput(scanner, file, path));
    }
    const detection: Record<string, Detection> = {};
    if (flags.corpus !== undefined) {
      for (const scanner of scanners) {
        note(`${scanner.name} on the corpus`);
        detection[scanner.name] = await detect(flags.corpus, scanner);
      }
    }
    return {
      machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version },
      throughput: rows,
      detection: flags.corpus === undefined ? null : detection,
      skipped,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const result = await run();
if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
else {
  console.table(result.throughput);
  if (result.detection) {
    console.table(
      Object.fromEntries(
        Object.entries(result.detection).map(
          ([name, { missed: _missed, falseAlarms: _false, ...counts }]) => [name, counts],
        ),
      ),
    );
  }
  for (const [name, why] of Object.entries(result.skipped))
    process.stdout.write(`${name}: skipped, ${why}\n`);
}
