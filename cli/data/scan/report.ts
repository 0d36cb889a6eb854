import { writeFileSync } from 'node:fs';
import type { ScanRun } from '@bartizan/checks/datasets/scan/worker/index.ts';
import { CliError } from '../../exit.ts';
import type { Flags } from './flags.ts';
import { humanReport } from './human.ts';
import { recordsOf } from './records.ts';
import { sarifReport } from './sarif.ts';

interface Context {
  readonly flags: Flags;
  /** Of what was scanned. */
  readonly path: string;
}

/** Text that is written at once. */
const BLOCK = 1 << 16;

/** Prints the report, or writes it where `--output` says, in the format that was asked for. */
export async function writeReport(run: ScanRun, { flags, path }: Context): Promise<void> {
  const format = flags.json === true ? 'json' : (flags.format ?? 'human');
  const parts =
    format === 'json'
      ? jsonParts(run, flags)
      : [format === 'sarif' ? await sarifReport(run, path, flags) : humanReport(run, path, flags)];
  if (flags.output === undefined) {
    for (const part of blocks(parts)) if (!process.stdout.write(part)) await drained();
    return;
  }
  try {
    writeFileSync(flags.output, '');
    for (const part of blocks(parts)) writeFileSync(flags.output, part, { flag: 'a' });
  } catch (error) {
    throw new CliError(`${flags.output} cannot be written: ${(error as Error).message}`);
  }
}

const drained = (): Promise<void> => new Promise((resolve) => process.stdout.once('drain', resolve));

function* blocks(parts: Iterable<string>): Generator<string> {
  let block = '';
  for (const part of parts) {
    block += part;
    if (block.length < BLOCK) continue;
    yield block;
    block = '';
  }
  yield `${block}\n`;
}

/** One JSON object, record by record, so that millions of them need no text of their size. */
function* jsonParts(run: ScanRun, flags: Flags): Generator<string> {
  yield '{"records":[';
  let first = true;
  for (const record of recordsOf(run, flags)) {
    yield `${first ? '' : ','}${JSON.stringify(record)}`;
    first = false;
  }
  const { findings, blindSpots, rows, roles, checks } = run.result;
  yield `],${JSON.stringify({ findings, blindSpots, rows, roles, checks }).slice(1)}`;
}
