import { type Endpoint, EndpointInput, endpointRoutes, type Provider } from '@bartizan/contracts';
import type { Client } from '@bartizan/contracts/client.ts';
import type { Command } from 'commander';
import { CliError, EXIT } from '../exit.ts';
import { readJsonFile } from '../json-file.ts';
import { collect } from '../options.ts';
import { createOutput, date, table } from '../output.ts';
import { doOrPropose, report } from '../proposing.ts';
import { client } from '../session.ts';
import { readStdin } from '../stdin.ts';
import { addServes } from './endpoint-serves.ts';

interface AddFlags {
  name?: string;
  provider: Provider;
  baseUrl: string;
  apiKeyStdin?: boolean;
  allowPrivateNetwork?: boolean;
  model?: string[];
  policy?: string;
  json?: boolean;
}

export function addEndpoint(program: Command): void {
  const endpoint = program.command('endpoint').description('live routes of the gateway');

  endpoint
    .command('list')
    .description('all endpoints')
    .option('--json', 'print JSON')
    .action(async (flags: { json?: boolean }) => {
      const { items } = await client().call(endpointRoutes.list, {});
      createOutput(flags.json ?? false).result(items, (all) =>
        table(
          ['slug', 'name', 'state', 'upstreams', 'changed'],
          all.map((one) => [
            one.slug,
            one.name,
            one.enabled ? 'on' : 'off',
            one.upstreams.map((up) => up.name).join(', '),
            date(one.updatedAt),
          ]),
        ),
      );
    });

  endpoint
    .command('show <slug>')
    .description('one endpoint in full, as JSON')
    .option('--json', 'print JSON on one line')
    .action(async (slug: string, flags: { json?: boolean }) => {
      createOutput(flags.json ?? false).result(await bySlug(client(), slug), (one) =>
        JSON.stringify(one, null, 2),
      );
    });

  endpoint
    .command('add <slug>')
    .description('create an endpoint with one upstream')
    .option('--name <name>', 'name that people see (default: the slug)')
    .option('--provider <provider>', 'openai (any compatible server) or anthropic', 'openai')
    .requiredOption('--base-url <url>', 'e.g. https://api.openai.com/v1')
    .option('--api-key-stdin', "read the upstream's API key from standard input")
    .option('--allow-private-network', 'the upstream is on loopback or in a private network')
    .option('--model <name>', 'a model that clients may ask for (again for more; none allows all)', collect)
    .option('--policy <id>', 'guard policy (default: the server picks its standard policy)')
    .option('--json', 'print JSON')
    .action(async (slug: string, flags: AddFlags) => {
      const made = await client().call(endpointRoutes.create, { body: await inputFrom(slug, flags) });
      createOutput(flags.json ?? false).result(made, (one) => `Endpoint ${one.slug} (${one.id}) is live.`);
    });

  endpoint
    .command('apply <file>')
    .description('create or replace an endpoint from a JSON file; provider keys that are not given stay')
    .option('--json', 'print JSON')
    .action(async (file: string, flags: { json?: boolean }) => {
      const body = readJsonFile(file, EndpointInput);
      const api = client();
      const { items } = await api.call(endpointRoutes.list, {});
      const known = items.find((one) => one.slug === body.slug);
      const result = known
        ? await api.call(endpointRoutes.update, { params: { id: known.id }, body })
        : await api.call(endpointRoutes.create, { body });
      createOutput(flags.json ?? false).result(
        result,
        (one) => `Endpoint ${one.slug} ${known ? 'replaced' : 'created'}.`,
      );
    });

  addServes(endpoint, bySlug);

  endpoint
    .command('remove <slug>')
    .description('remove an endpoint; its interactions stay until they expire')
    .option('--yes', 'do not ask back')
    .option('--reason <text>', 'why, for whoever approves it where a second person is needed')
    .option('--json', 'print JSON')
    .action(async (slug: string, flags: { yes?: boolean; reason?: string; json?: boolean }) => {
      const api = client();
      const one = await bySlug(api, slug);
      if (!flags.yes)
        throw new CliError(`This ends every call to ${one.slug}. Add --yes to do it.`, EXIT.usage);
      const result = await doOrPropose(api, {
        async run() {
          await api.call(endpointRoutes.remove, { params: { id: one.id } });
          return { removed: one.id };
        },
        proposal: { kind: 'endpoints.remove', endpointId: one.id },
        reason: flags.reason,
      });
      report(createOutput(flags.json ?? false), result, () => `Endpoint ${one.slug} removed.`);
    });
}

async function inputFrom(slug: string, flags: AddFlags) {
  const apiKey = flags.apiKeyStdin ? (await readStdin(8192)).trim() : null;
  return {
    slug,
    name: flags.name ?? slug,
    models: (flags.model ?? []).map((name) => ({ name })),
    ...(flags.policy ? { policyId: flags.policy } : {}),
    upstreams: [
      {
        name: flags.provider,
        provider: flags.provider,
        baseUrl: flags.baseUrl,
        apiKey,
        allowPrivateNetwork: flags.allowPrivateNetwork ?? false,
      },
    ],
  };
}

async function bySlug(api: Client, slug: string): Promise<Endpoint> {
  const { items } = await api.call(endpointRoutes.list, {});
  const found = items.find((one) => one.slug === slug || one.id === slug);
  if (!found) throw new CliError(`there is no endpoint "${slug}"; "bartizan endpoint list" shows them all`);
  return found;
}
