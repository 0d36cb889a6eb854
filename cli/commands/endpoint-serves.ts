import { registryRoutes, type ServedModelView } from '@bartizan/contracts';
import type { Client } from '@bartizan/contracts/client.ts';
import type { Command } from 'commander';
import type { z } from 'zod';
import { CliError, EXIT } from '../exit.ts';
import { named } from '../model/registry/named.ts';
import { collect } from '../options.ts';
import { createOutput, table } from '../output.ts';
import { client } from '../session.ts';

type Served = z.output<typeof ServedModelView>;
interface Flags {
  remove?: string[];
  json?: boolean;
}

/** `bartizan endpoint serves`; `find` knows an endpoint by its slug or id. */
export function addServes(
  endpoint: Command,
  find: (api: Client, slug: string) => Promise<{ readonly id: string; readonly slug: string }>,
): void {
  endpoint
    .command('serves <slug> [models...]')
    .description('which registered models it serves; MODEL@VERSION names one more, or another version of one')
    .option('--remove <model>', 'a model that it serves no longer; can be given again', collect)
    .option('--json', 'print JSON')
    .action(async (slug: string, models: string[], flags: Flags) => {
      const api = client();
      const { id, slug: known } = await find(api, slug);
      const params = { id };
      const before = await api.call(registryRoutes.served, { params });
      const { items } =
        models.length === 0 && !flags.remove
          ? before
          : await api.call(registryRoutes.setServed, {
              params,
              body: { items: await wanted(api, before.items, { add: models, remove: flags.remove ?? [] }) },
            });
      createOutput(flags.json ?? false).result(items, (all) => human(known, all));
    });
}

async function wanted(
  api: Client,
  before: readonly Served[],
  { add, remove }: { readonly add: readonly string[]; readonly remove: readonly string[] },
) {
  const versions = new Map(before.map(({ modelId, version }) => [modelId, version]));
  for (const text of remove) {
    const gone = before.find(({ modelId, modelName }) => modelName === text || modelId === text);
    if (!gone) throw new CliError(`the endpoint does not serve "${text}"`, EXIT.usage);
    versions.delete(gone.modelId);
  }
  for (const text of add) {
    const { model, version } = named(text);
    const { id } = await api.call(registryRoutes.get, { params: { model } });
    versions.set(id, version);
  }
  return [...versions].map(([modelId, version]) => ({ modelId, version }));
}

function human(slug: string, all: readonly Served[]): string {
  if (all.length === 0) return `${slug} names no registered model.`;
  return table(
    ['model', 'named by', 'version now', 'verdict'],
    all.map(({ modelName, version, resolved }) => [
      modelName,
      version,
      resolved ? String(resolved.version) : 'none',
      resolved ? (resolved.verdict ?? 'not scanned') : '–',
    ]),
  );
}
