/**
 * The whole scan as a user runs it: `node bench/poisoning/scan.ts [--data DIR] [--seed 1] [--quick] [--only TEXT] [--json]`.
 * Poisons generated data and, with `--data` (a folder with poisoning/ and onnx/), known ones, runs
 * `bartizan data scan --all --json` on each and compares the ranking and the named records with what was done.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type SetFigures, scanSet } from './scan/command.ts';
import { plannedSets } from './scan/sets.ts';

export interface ScanBenchOptions {
  readonly data: string | null;
  readonly seed: number;
  readonly quick: boolean;
  /** Part of the names of the sets to take; all when absent. */
  readonly only?: string;
}

export interface ScanBench {
  readonly name: string;
  readonly rows: readonly SetFigures[];
  readonly notes: readonly string[];
}

/** Every set through the command line, one after another. */
export async function benchScan(options: ScanBenchOptions): Promise<ScanBench> {
  const rows: SetFigures[] = [];
  for (const set of plannedSets(options)) {
    if (options.only !== undefined && !set.name.includes(options.only)) continue;
    const folder = mkdtempSync(join(tmpdir(), 'bartizan-bench-scan-'));
    try {
      rows.push(await scanSet(await set.make(folder), join(folder, 'report.json')));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return {
    name: 'bartizan data scan, end to end',
    rows,
    notes: ['Times are of the whole command, start of the process and reading the file included.'],
  };
}

if (import.meta.main) {
  const { values: flags } = parseArgs({
    options: {
      data: { type: 'string' },
      seed: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const { name, rows, notes } = await benchScan({
    data: flags.data ?? null,
    seed: Number(flags.seed),
    quick: flags.quick,
    ...(flags.only === undefined ? {} : { only: flags.only }),
  });
  if (flags.json) console.log(JSON.stringify({ name, rows, notes }));
  else console.table(rows);
}
