import type { Command } from 'commander';
import { addDataScan } from '../data/scan/command.ts';
import { addDataSources } from '../data/sources/command.ts';
import { addDataPush } from '../data/transfer/push.ts';
import { addDataDiff } from '../data/versions/diff.ts';
import { addDataList } from '../data/versions/list.ts';
import { addDataQuarantine } from '../data/versions/quarantine.ts';
import { addDataTrace } from '../data/versions/trace.ts';
import { addDataVerify } from '../data/versions/verify.ts';
import { addDataWatch } from '../data/versions/watch.ts';

/** Each subcommand of `data`: one line here adds one. */
const SUBCOMMANDS: readonly ((data: Command) => void)[] = [
  addDataScan,
  addDataSources,
  addDataPush,
  addDataList,
  addDataDiff,
  addDataVerify,
  addDataTrace,
  addDataWatch,
  addDataQuarantine,
];

/** Datasets: where records come from, and what is wrong with them. */
export function addData(program: Command): void {
  const data = program.command('data').description('datasets: scan for poisoning, versions, origins');
  for (const add of SUBCOMMANDS) add(data);
}
