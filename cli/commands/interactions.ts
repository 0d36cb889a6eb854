import { once } from 'node:events';
import { interactionRoutes } from '@bartizan/contracts';
import type { Command } from 'commander';
import { instant, wholeNumber } from '../options.ts';
import { createOutput, date, table } from '../output.ts';
import { client } from '../session.ts';

interface FilterFlags {
  from?: number;
  to?: number;
  endpoint?: string;
  key?: string;
  user?: string;
  verdict?: string;
  outcome?: string;
  check?: string;
  text?: string;
  json?: boolean;
}

export function addInteractions(program: Command): void {
  const interactions = program.command('interactions').description('requests that went through the gateway');

  withFilter(interactions.command('list').description('newest first'))
    .option('--limit <number>', 'how many', wholeNumber(1, 200), 20)
    .option('--cursor <cursor>', 'go on where an earlier page ended')
    .option('--json', 'print JSON')
    .action(async (flags: FilterFlags & { limit: number; cursor?: string }) => {
      const page = await client().call(interactionRoutes.list, {
        query: { ...filterOf(flags), limit: flags.limit, cursor: flags.cursor },
      });
      createOutput(flags.json ?? false).result(page, ({ items, next }) =>
        [
          table(
            ['when', 'verdict', 'outcome', 'endpoint', 'key', 'checks', 'text', 'id'],
            items.map((one) => [
              date(one.at),
              one.verdict,
              one.outcome,
              one.endpointSlug,
              one.keyName,
              one.checks.join(' '),
              one.excerpt.slice(0, 48),
              one.id,
            ]),
          ),
          ...(next ? [`More: --cursor ${next}`] : []),
        ].join('\n'),
      );
    });

  interactions
    .command('show <id>')
    .description('one interaction with its findings')
    .option('--json', 'print JSON')
    .action(async (id: string, flags: { json?: boolean }) => {
      const one = await client().call(interactionRoutes.get, { params: { id } });
      createOutput(flags.json ?? false).result(one, (shown) =>
        [
          `${shown.verdict} (${shown.outcome}, HTTP ${shown.status})  ${date(shown.at)}  ${shown.endpointSlug}  ${shown.model}`,
          table(
            ['check', 'score', 'action', 'where', 'what'],
            shown.findings.map((found) => [
              found.check,
              found.score.toFixed(2),
              found.action,
              `${found.author} ${found.segment}:${found.start}-${found.end}`,
              found.message,
            ]),
          ),
        ].join('\n\n'),
      );
    });

  withFilter(interactions.command('export').description('everything that matches, as JSON Lines')).action(
    async (flags: FilterFlags) => {
      const response = await client().stream(interactionRoutes.export, { query: filterOf(flags) });
      for await (const chunk of response.body ?? []) {
        if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
      }
    },
  );
}

function withFilter(command: Command): Command {
  return command
    .option('--from <time>', 'from this instant on, e.g. 2h or 2026-05-01', instant)
    .option('--to <time>', 'until this instant', instant)
    .option('--endpoint <id>', 'endpoint id or slug (several with commas)')
    .option('--key <id>', 'key id')
    .option('--user <name>', 'end user named in the request')
    .option('--verdict <verdict>', 'allow, flag, redact, block (several with commas)')
    .option('--outcome <outcome>', 'answered, blocked, denied, failed, cancelled')
    .option('--check <id>', 'check that found something, e.g. text/injection')
    .option('--text <words>', 'words that all occur in the kept text');
}

function filterOf({ from, to, endpoint, key, user, verdict, outcome, check, text }: FilterFlags) {
  return { from, to, endpoint, key, user, verdict, outcome, check, text };
}
