import { type Model, registryRoutes, VerdictFilter, VersionStage } from '@bartizan/contracts';
import type { Command } from 'commander';
import { Option } from 'commander';
import { wholeNumber } from '../../options.ts';
import { createOutput, date, table } from '../../output.ts';
import { client } from '../../session.ts';

interface Flags {
  name?: string;
  tag?: string;
  verdict?: VerdictFilterText;
  stage?: 'none' | 'staging' | 'production' | 'archived';
  order: 'name' | 'updated' | 'created';
  limit: number;
  json?: boolean;
}
type VerdictFilterText = 'clean' | 'suspicious' | 'malicious' | 'error' | 'none';
const PAGE = 200;

export function addList(model: Command): void {
  model
    .command('list')
    .description('registered models')
    .option('--name <text>', 'with this anywhere in the name or description')
    .option('--tag <key[=value]>', 'with this tag')
    .addOption(
      new Option('--verdict <verdict>', 'with a version of this verdict; none: not scanned yet').choices(
        ['clean', 'suspicious', 'malicious', 'error', 'none'].filter(
          (one) => VerdictFilter.safeParse(one).success,
        ),
      ),
    )
    .addOption(new Option('--stage <stage>', 'with a version in this stage').choices(VersionStage.options))
    .addOption(
      new Option('--order <order>', 'by what').choices(['name', 'updated', 'created']).default('name'),
    )
    .option('--limit <count>', 'at most so many', wholeNumber(1, 100_000), 1_000)
    .option('--json', 'print JSON')
    .action(async (flags: Flags) => {
      const api = client();
      const items: Model[] = [];
      let cursor: string | undefined;
      do {
        const page = await api.call(registryRoutes.list, {
          query: {
            limit: Math.min(PAGE, flags.limit - items.length),
            order: flags.order,
            ...(cursor === undefined ? {} : { cursor }),
            ...(flags.name === undefined ? {} : { q: flags.name }),
            ...(flags.tag === undefined ? {} : { tag: flags.tag }),
            ...(flags.verdict === undefined ? {} : { verdict: flags.verdict }),
            ...(flags.stage === undefined ? {} : { stage: flags.stage }),
          },
        });
        items.push(...page.items);
        cursor = page.next ?? undefined;
      } while (cursor !== undefined && items.length < flags.limit);
      createOutput(flags.json ?? false).result(items, human);
    });
}

function human(all: readonly Model[]): string {
  if (all.length === 0) {
    return 'There are no such models. "bartizan model push DIR MODEL" registers one with its first version.';
  }
  return table(
    ['name', 'versions', 'latest', 'production', 'aliases', 'worst verdict', 'changed'],
    all.map((one) => [
      one.name,
      String(one.versions),
      one.latestVersion === null ? '–' : String(one.latestVersion.version),
      one.production.join(' ') || '–',
      one.aliases.map(({ alias, version }) => `${alias}=${version}`).join(' ') || '–',
      (one.worstVerdict ?? (one.versions === 0 ? '–' : 'not scanned')) +
        (one.quarantined > 0 ? `, ${one.quarantined} in quarantine` : ''),
      date(one.updatedAt),
    ]),
  );
}
