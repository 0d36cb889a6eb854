import { registryRoutes, VersionStage } from '@bartizan/contracts';
import { Argument, type Command } from 'commander';
import { CliError, EXIT } from '../../exit.ts';
import { collect } from '../../options.ts';
import { createOutput } from '../../output.ts';
import { client } from '../../session.ts';
import { named, namedVersion } from './named.ts';

interface Json {
  json?: boolean;
}

export function addAlias(model: Command): void {
  const alias = model.command('alias').description('names such as "champion" that stand for one version');
  alias
    .command('set <model@version> <alias>')
    .description('let an alias stand for this version, and no other')
    .option('--json', 'print JSON')
    .action(async (text: string, name: string, flags: Json) => {
      const api = client();
      const params = namedVersion(text);
      const { version } = await api.call(registryRoutes.version, { params });
      const set = await api.call(registryRoutes.setAlias, {
        params: { model: params.model, alias: name },
        body: { version },
      });
      createOutput(flags.json ?? false).result(
        set,
        () => `${params.model}@${set.alias} is now version ${set.version}.`,
      );
    });
  alias
    .command('remove <model> <alias>')
    .description('take an alias away; the version stays')
    .option('--json', 'print JSON')
    .action(async (text: string, name: string, flags: Json) => {
      await client().call(registryRoutes.removeAlias, { params: { model: text, alias: name } });
      createOutput(flags.json ?? false).result({ removed: name }, () => `Alias ${name} of ${text} removed.`);
    });
}

export function addStage(model: Command): void {
  model
    .command('stage <model@version>')
    .description('move a version to a stage')
    .addArgument(new Argument('<stage>').choices(VersionStage.options))
    .option('--archive-existing', 'archive the versions that are in that stage now')
    .option('--json', 'print JSON')
    .action(
      async (
        text: string,
        stage: 'none' | 'staging' | 'production' | 'archived',
        flags: Json & { archiveExisting?: boolean },
      ) => {
        const moved = await client().call(registryRoutes.stage, {
          params: namedVersion(text),
          body: { stage, archiveExisting: flags.archiveExisting ?? false },
        });
        createOutput(flags.json ?? false).result(
          moved,
          (one) => `${one.modelName}@${one.version} is in the stage ${one.stage}.`,
        );
      },
    );
}

export function addTag(model: Command): void {
  model
    .command('tag <model> [tags...]')
    .description('set tags (key=value) of a model, or of one version: MODEL@3')
    .option('--remove <key>', 'take a tag away; can be given again', collect)
    .option('--json', 'print JSON')
    .action(async (text: string, tags: string[], flags: Json & { remove?: string[] }) => {
      const { explicit, ...params } = named(text);
      const body = { set: Object.fromEntries(tags.map(parseTag)), remove: flags.remove ?? [] };
      if (tags.length + body.remove.length === 0) {
        throw new CliError('give tags to set (key=value), or --remove key', EXIT.usage);
      }
      const api = client();
      const changed = await (explicit
        ? api.call(registryRoutes.tagVersion, { params, body })
        : api.call(registryRoutes.tag, { params: { model: params.model }, body }));
      createOutput(flags.json ?? false).result(changed, ({ tags: now }) =>
        Object.keys(now).length === 0
          ? `${text} has no tags.`
          : `Tags of ${text}: ${Object.entries(now)
              .map(([key, value]) => `${key}=${value}`)
              .join(', ')}`,
      );
    });
}

function parseTag(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at <= 0) throw new CliError(`"${text}" is no tag; write key=value`, EXIT.usage);
  return [text.slice(0, at), text.slice(at + 1)];
}

export function addRemove(model: Command): void {
  model
    .command('remove <model>')
    .description('remove a model with all its versions, or one version: MODEL@3')
    .option('--yes', 'do not ask back')
    .option('--force', 'also what is in production or served by endpoints')
    .option('--json', 'print JSON')
    .action(async (text: string, flags: Json & { yes?: boolean; force?: boolean }) => {
      const { explicit, ...params } = named(text);
      const api = client();
      const query = { force: flags.force ? ('true' as const) : ('false' as const) };
      if (!flags.yes) {
        const { versions } = await api.call(registryRoutes.get, { params: { model: params.model } });
        throw new CliError(
          explicit
            ? `Nobody can download ${text} any more. Add --yes to do it.`
            : `Nobody can download ${text} and its ${versions} versions any more. Add --yes to do it.`,
          EXIT.usage,
        );
      }
      if (explicit) await api.call(registryRoutes.removeVersion, { params, query });
      else await api.call(registryRoutes.remove, { params: { model: params.model }, query });
      createOutput(flags.json ?? false).result({ removed: text }, () => `${text} removed.`);
    });
}
