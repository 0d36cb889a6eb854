import { type DatasetVersionSummary, datasetRoutes } from '@bartizan/contracts';
import type { Command } from 'commander';
import { wholeNumber } from '../../options.ts';
import { createOutput, date, printable, table } from '../../output.ts';
import { client } from '../../session.ts';
import { versionName } from '../subject.ts';

const sourceOf = (version: Pick<DatasetVersionSummary, 'source' | 'recordsFrom'>): string =>
  version.source?.name ?? ((version.recordsFrom ?? []).join(', ') || '–');

const count = (value: number | null): string => (value === null ? '–' : value.toLocaleString('en'));

/** `bartizan data list` and `bartizan data show`. */
export function addDataList(data: Command): void {
  data
    .command('list')
    .description('datasets, newest first')
    .option('--search <text>', 'in names and descriptions')
    .option('--limit <count>', 'at most so many', wholeNumber(1, 200), 50)
    .option('--json', 'print JSON')
    .action(async (flags: { search?: string; limit: number; json?: boolean }) => {
      const { items } = await client().call(datasetRoutes.list, {
        query: { search: flags.search, limit: flags.limit },
      });
      createOutput(flags.json ?? false).result(items, (all) =>
        table(
          ['NAME', 'LATEST', 'RECORDS', 'VERSIONS', 'SOURCE', 'CHANGED'],
          all.map(({ name, latest, versions, updatedAt }) => [
            name,
            latest === null ? '–' : `${latest.number}${latest.verified === 'tampered' ? ' (altered)' : ''}`,
            count(latest?.rows ?? null),
            String(versions),
            latest === null ? '–' : sourceOf(latest),
            date(updatedAt),
          ]),
        ),
      );
    });
  data
    .command('show <version>')
    .description('a version: loans@3, or loans for the latest')
    .option('--json', 'print JSON')
    .action(async (text: string, flags: { json?: boolean }) => {
      const found = await client().call(datasetRoutes.version, { params: versionName(text) });
      createOutput(flags.json ?? false).result(found, (version) =>
        [
          `${printable(version.dataset)}@${version.number}  ${version.quarantined ? 'quarantine' : version.state}${version.verified === 'tampered' ? ', altered: see `bartizan data verify`' : ''}`,
          ...(version.failure === null ? [] : [printable(version.failure)]),
          `records  ${count(version.rows)}`,
          `root     ${version.root ?? '–'}`,
          `source   ${printable(sourceOf(version))}`,
          `batch    ${printable(version.batch ?? '–')}`,
          `content  ${version.content === 'elsewhere' ? printable(version.location ?? 'elsewhere') : version.content}`,
          `pushed   ${date(version.createdAt)} by ${printable(version.createdBy.name)}`,
          ...(version.schema?.columns ?? []).map(({ name, type }) => `  ${printable(name)}: ${type.kind}`),
        ].join('\n'),
      );
    });
}
