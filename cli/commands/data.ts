import type { Command } from 'commander';
import { addDataScan } from '../data/scan/command.ts';

/** Each subcommand of `data`: one line here adds one. */
const SUBCOMMANDS: readonly ((data: Command) => void)[] = [addDataScan];

/** Datasets: where records come from, and what is wrong with them. */
export function addData(program: Command): void {
  const data = program.command('data').description('datasets: scan for poisoning, versions, origins');
  for (const add of SUBCOMMANDS) add(data);
}
