import { once } from 'node:events';
import { type InteractionDetail, interactionRoutes } from '@bartizan/contracts';
import type { Command } from 'commander';
import { CliError, EXIT } from '../exit.ts';
import { instant, wholeNumber } from '../options.ts';
import { createOutput, date, printable, table } from '../output.ts';
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

interface ShowFlags {
  content?: boolean;
  purpose?: string;
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
    .description('one interaction with its findings; what a guard found is masked')
    .option('--content', 'the text too, with nothing masked; takes --purpose')
    .option('--purpose <text>', 'why you read it; goes into the audit log')
    .option('--json', 'print JSON')
    .action(async (id: string, flags: ShowFlags) => {
      const one = await read(id, flags);
      createOutput(flags.json ?? false).result(one, (shown) =>
        [
          ...(flags.content ? [spoken(shown)] : []),
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

  withFilter(interactions.command('export').description('everything that matches, as JSON Lines'))
    .requiredOption('--purpose <text>', 'why you read it; goes into the audit log')
    .option('--content', 'with nothing masked')
    .action(async (flags: FilterFlags & { purpose: string; content?: boolean }) => {
      const response = await client().stream(interactionRoutes.export, {
        query: { ...filterOf(flags), content: flags.content ? 'full' : 'masked' },
        purpose: flags.purpose,
      });
      for await (const chunk of response.body ?? []) {
        if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
      }
    });
}

async function read(id: string, { content, purpose }: ShowFlags): Promise<InteractionDetail> {
  if (!content) return client().call(interactionRoutes.get, { params: { id } });
  if (purpose === undefined) throw new CliError('--content takes --purpose "why you read it".', EXIT.usage);
  return client().call(interactionRoutes.content, { params: { id }, purpose });
}

/** Who said what; null where retention keeps no text. */
const spoken = ({ segments }: InteractionDetail): string =>
  segments
    .map(({ author, kind, text }) => `${author} (${kind}): ${text === null ? '(not kept)' : printable(text)}`)
    .join('\n');

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
