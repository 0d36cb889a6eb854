import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { auroc } from '../labels/measure.ts';

const BIN = fileURLToPath(new URL('../../../cli/bin/bartizan.mjs', import.meta.url));

/** A poisoned dataset on disk: what to give `bartizan data scan`, and which records are bad. */
export interface PoisonedSet {
  readonly name: string;
  readonly args: readonly string[];
  readonly bad: Uint8Array;
  /** How the scan's order is to compare with the check of labels alone; left out where it does not matter. */
  readonly compareLabels?: boolean;
}

interface Report {
  readonly records: readonly { readonly row: number; readonly score: number; readonly reasons: unknown[] }[];
  readonly findings: readonly { readonly check: string; readonly count: number; readonly rows: number[] }[];
  readonly checks: readonly { readonly name: string; readonly state: string; readonly suspects: number }[];
}

export interface SetFigures extends Record<string, string | number | null> {
  readonly set: string;
  readonly records: number;
  readonly bad: number;
  /** Of the scores of all records; null without bad ones. */
  readonly auroc: number | null;
  /** Share of the bad among the highest scores, when 2% of the good are let in. */
  readonly recallAt2: number | null;
  /** Records at .5 and above, and how many of them are bad. */
  readonly named: number;
  readonly precision: number | null;
  readonly recall: number | null;
  /** Share of the good records that are named. */
  readonly falseNamed: number;
  readonly findings: string;
  readonly seconds: number;
}

/** Runs the command with `--all --json` and compares what it says with what was done. Throws where it fails. */
export async function scanSet({ name, args, bad }: PoisonedSet, output: string): Promise<SetFigures> {
  const start = performance.now();
  await run(['data', 'scan', ...args, '--all', '--json', '--output', output]);
  const seconds = (performance.now() - start) / 1000;
  const { records, findings } = JSON.parse(readFileSync(output, 'utf8')) as Report;
  const scores = new Float64Array(bad.length);
  for (const { row, score } of records) scores[row] = score;
  const all = bad.reduce((sum, mark) => sum + mark, 0);
  const named = records.filter(({ score }) => score >= 0.5);
  const hits = named.reduce((sum, { row }) => sum + (bad[row] as number), 0);
  const counts = new Map<string, number>();
  for (const { check } of findings) counts.set(check, (counts.get(check) ?? 0) + 1);
  return {
    set: name,
    records: bad.length,
    bad: all,
    auroc: all === 0 ? null : auroc(scores, bad),
    recallAt2:
      all === 0
        ? null
        : recallAt(
            records.map(({ row }) => row),
            bad,
            0.02,
          ),
    named: named.length,
    precision: all === 0 || named.length === 0 ? null : hits / named.length,
    recall: all === 0 ? null : hits / all,
    falseNamed: (named.length - hits) / (bad.length - all),
    findings: [...counts].map(([check, count]) => `${check.replace('datasets/', '')} ${count}`).join(', '),
    seconds,
  };
}

function recallAt(order: readonly number[], bad: Uint8Array, falseShare: number): number {
  const all = bad.reduce((sum, mark) => sum + mark, 0);
  const most = falseShare * (bad.length - all);
  let [hits, misses] = [0, 0];
  for (const row of order) {
    if (bad[row] === 1) hits++;
    else if (++misses > most) break;
  }
  return hits / all;
}

const MOST_MS = 600_000;

function run(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000);
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), MOST_MS);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      // 0: nothing found, 1: findings.
      if (code === 0 || code === 1) resolve();
      else reject(new Error(`data scan ${args.slice(2).join(' ')} ended with ${code}: ${said.trim()}`));
    });
  });
}
