import type { ScanJob, ScanRun } from '@bartizan/checks/datasets/scan/worker/index.ts';
import type { Command } from 'commander';
import { CliError, EXIT } from '../../exit.ts';
import { addOptions, type Flags, jobOf } from './flags.ts';
import { createBar } from './progress.ts';

/** What a shell says of a program that an interrupt ended. */
const INTERRUPTED = 130;

/** `data scan FILE`: looks for poisoned, mislabelled and otherwise bad records here, without a server. */
export function addDataScan(data: Command): void {
  const scan = data
    .command('scan')
    .description('look for poisoned, mislabelled and otherwise bad records here, without a server')
    .argument('[file]', 'CSV, TSV, JSONL or Parquet');
  addOptions(scan).action(async (file: string | undefined, flags: Flags) => {
    const job = jobOf(file, flags);
    const run = await runInterruptible(job);
    const { writeReport } = await import('./report.ts');
    await writeReport(run, { flags, path: pathOf(job) });
    const { findings, records, checks } = run.result;
    if (findings.some(({ severity }) => severity !== 'info') || records.length > 0)
      process.exitCode = EXIT.findings;
    else if (checks.some(({ state }) => state === 'failed')) process.exitCode = EXIT.failed;
  });
}

function pathOf({ source }: ScanJob): string {
  switch (source.kind) {
    case 'table':
      return source.file.path;
    case 'images':
      return source.images;
    case 'probabilities':
      return source.probabilities;
    case 'activations':
      return source.activations;
  }
}

/** Runs the scan in its own process with a bar on a terminal; Ctrl-C ends both. */
async function runInterruptible(job: ScanJob): Promise<ScanRun> {
  const { runScan, ScanFailure } = await import('@bartizan/checks/datasets/scan/worker/index.ts');
  const bar = createBar();
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await runScan(job, { signal: abort.signal, onProgress: bar.update });
  } catch (error) {
    if (!(error instanceof ScanFailure)) throw error;
    const codes = { input: EXIT.usage, limit: EXIT.failed, fault: EXIT.failed, stopped: INTERRUPTED };
    const hint = error.message.startsWith('Which column is the label?')
      ? ' Name it with --label COLUMN, or say --no-label.'
      : '';
    throw new CliError(`${error.message}${hint}`, codes[error.kind]);
  } finally {
    bar.clear();
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
