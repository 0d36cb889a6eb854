import { type DatasetDiff, datasetRoutes } from '@bartizan/contracts';
import type { Command } from 'commander';
import { CliError, EXIT } from '../../exit.ts';
import { wholeNumber } from '../../options.ts';
import { createOutput, printable } from '../../output.ts';
import { client } from '../../session.ts';
import { versionName } from '../subject.ts';

interface DiffFlags {
  key?: string;
  limit: number;
  json?: boolean;
}

/** `bartizan data diff loans@1 loans@2`. */
export function addDataDiff(data: Command): void {
  data
    .command('diff <from> <to>')
    .description('what differs between two versions, record by record: loans@1 loans@2')
    .option(
      '--key <columns>',
      'columns that tell records apart, separated by commas; by content where absent',
    )
    .option('--limit <count>', 'list at most so many of each kind', wholeNumber(0, 10_000), 1_000)
    .option('--json', 'print JSON')
    .action(async (first: string, second: string, flags: DiffFlags) => {
      const from = versionName(first);
      const to = versionName(second);
      if (from.dataset !== to.dataset)
        throw new CliError('both versions are of one dataset: loans@1 loans@2', EXIT.usage);
      const found = await client().call(datasetRoutes.diff, {
        params: { dataset: from.dataset },
        query: { from: from.version, to: to.version, key: flags.key, limit: flags.limit },
      });
      createOutput(flags.json ?? false).result(found, human);
    });
}

function human({ counts, schema, entries, complete, same }: DatasetDiff): string {
  if (same) return 'The same records.';
  const n = (value: number): string => value.toLocaleString('en');
  const column = (verb: string, names: readonly string[]): string[] =>
    names.length === 0 ? [] : [`columns ${verb}: ${names.map(printable).join(', ')}`];
  const at = (row: number | null): string => (row === null ? '–' : String(row));
  return [
    `${n(counts.added)} added, ${n(counts.removed)} removed, ${n(counts.changed)} changed, ${n(counts.moved)} moved, ${n(counts.unchanged)} the same`,
    ...column('added', schema.added),
    ...column('removed', schema.removed),
    ...column('of another type', schema.retyped),
    ...entries.map(
      ({ kind, was, now, columns }) =>
        `  ${kind.padEnd(8)} ${at(was)} → ${at(now)}${columns.length > 0 ? `  ${columns.map(printable).join(', ')}` : ''}`,
    ),
    ...(complete ? [] : ['Not all are listed: raise --limit.']),
  ].join('\n');
}
