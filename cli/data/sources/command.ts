import {
  COLLECTION_METHODS,
  SOURCE_TRUST,
  type Source,
  SourceInput,
  type SourceTrust,
  sourceRoutes,
} from '@bartizan/contracts';
import type { Client } from '@bartizan/contracts/client.ts';
import { type Command, Option } from 'commander';
import { CliError, EXIT } from '../../exit.ts';
import { wholeNumber } from '../../options.ts';
import { createOutput, printable, table } from '../../output.ts';
import { client } from '../../session.ts';

interface AddFlags {
  owner: string;
  method: (typeof COLLECTION_METHODS)[number];
  url?: string;
  license?: string;
  consent?: string;
  contact?: string;
  description?: string;
  team?: string;
  json?: boolean;
}

const DECISIONS = SOURCE_TRUST.filter((trust) => trust !== 'unreviewed');

const keyOf = (name: string): string => name.normalize('NFC').toLowerCase();

/** The source of this name (case does not count) or id; a failure that says what there is otherwise. */
async function sourceOf(api: Client, ref: string): Promise<Source> {
  let cursor: string | undefined;
  do {
    const query = { limit: 200, ...(cursor === undefined ? {} : { cursor }) };
    const page = await api.call(sourceRoutes.list, { query });
    const found = page.items.find(({ id, name }) => id === ref || keyOf(name) === keyOf(ref));
    if (found) return found;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  throw new CliError(
    `there is no source "${printable(ref)}"; list them with: bartizan data sources list`,
    EXIT.usage,
  );
}

function inputOf(name: string, { owner, method, team, ...described }: AddFlags): SourceInput {
  const { url, license, consent, contact, description } = described;
  const given = { name, owner, method, url, license, consent, contact, description, teamId: team };
  const parsed = SourceInput.safeParse(given);
  if (parsed.success) return parsed.data;
  const said = parsed.error.issues.map(({ path, message }) => `\n  ${path.join('.')}: ${message}`);
  throw new CliError(`this is no source:${said.join('')}`, EXIT.usage);
}

const toldOf = ({ name, trust, reviewedBy }: Source): string =>
  `${printable(name)} is ${trust}${reviewedBy === null ? '' : `, by ${printable(reviewedBy)}`}`;

function addList(sources: Command): void {
  sources
    .command('list')
    .description('sources, newest first')
    .option('--search <text>', 'in names, owners and descriptions')
    .addOption(new Option('--trust <trust>', 'only those of this trust').choices([...SOURCE_TRUST]))
    .option('--limit <count>', 'at most so many', wholeNumber(1, 200), 50)
    .option('--json', 'print JSON')
    .action(async (flags: { search?: string; trust?: SourceTrust; limit: number; json?: boolean }) => {
      const { items } = await client().call(sourceRoutes.list, {
        query: { q: flags.search, trust: flags.trust, limit: flags.limit },
      });
      createOutput(flags.json ?? false).result(items, (all) =>
        table(
          ['NAME', 'TRUST', 'OWNER', 'METHOD', 'DATASETS', 'DELIVERED', 'CAME IN WITH IT'],
          all.map((source) => [
            source.name,
            source.trust,
            source.owner,
            source.method,
            String(source.datasets),
            source.delivered.toLocaleString('en'),
            source.records.toLocaleString('en'),
          ]),
        ),
      );
    });
}

function addAdd(sources: Command): void {
  sources
    .command('add <name>')
    .description('register a source; somebody else says how far it is trusted')
    .requiredOption('--owner <who>', 'person or team that answers for it')
    .addOption(
      new Option('--method <method>', 'how its records are collected')
        .choices([...COLLECTION_METHODS])
        .makeOptionMandatory(),
    )
    .option('--url <url>', 'where it is')
    .option('--license <license>', 'SPDX id, or its name')
    .option('--consent <ground>', 'on what records of people are used: consent, contract, law')
    .option('--contact <contact>', 'whom to ask')
    .option('--description <text>', 'what it is')
    .option('--team <id>', 'of this team only')
    .option('--json', 'print JSON')
    .action(async (name: string, flags: AddFlags) => {
      const made = await client().call(sourceRoutes.create, { body: inputOf(name, flags) });
      createOutput(flags.json ?? false).result(
        made,
        (source) =>
          `${toldOf(source)}: somebody else says how far it is trusted (bartizan data sources approve)`,
      );
    });
}

function addApprove(sources: Command): void {
  sources
    .command('approve <source>')
    .description('say how far a source is trusted; not by who registered it')
    .addOption(new Option('--trust <trust>', 'how far').choices(DECISIONS).default('known'))
    .requiredOption('--reason <why>', 'goes on record')
    .option('--json', 'print JSON')
    .action(async (ref: string, flags: { trust: SourceTrust; reason: string; json?: boolean }) => {
      const api = client();
      const { id } = await sourceOf(api, ref);
      const body = { trust: flags.trust, reason: flags.reason };
      const done = await api.call(sourceRoutes.trust, { params: { id }, body });
      createOutput(flags.json ?? false).result(done, toldOf);
    });
}

/** `bartizan data sources list | add | approve`. */
export function addDataSources(data: Command): void {
  const sources = data.command('sources').description('where records come from, and how far each is trusted');
  addList(sources);
  addAdd(sources);
  addApprove(sources);
}
