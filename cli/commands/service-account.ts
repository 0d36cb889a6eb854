import { keyRoutes, ROLES, type Role, type ServiceAccount, teamRoutes } from '@bartizan/contracts';
import type { Client } from '@bartizan/contracts/client.ts';
import type { Command } from 'commander';
import { CliError, EXIT } from '../exit.ts';
import { collect } from '../options.ts';
import { createOutput, date, table } from '../output.ts';
import { client } from '../session.ts';

interface Flags {
  name?: string;
  description?: string;
  role?: string[];
  team?: string;
  owner?: string;
  json?: boolean;
}

export function addServiceAccount(program: Command): void {
  const account = program
    .command('service-account')
    .description('owners of keys that are not people: applications, pipelines');

  account
    .command('list')
    .description('all service accounts, and which of them nobody answers for')
    .option('--json', 'print JSON')
    .action(async (flags: Flags) => {
      const { items } = await client().call(keyRoutes.serviceAccounts, {});
      createOutput(flags.json ?? false).result(items, (all) =>
        table(
          ['id', 'name', 'roles', 'owner', 'keys', 'last used', 'state'],
          all.map((one) => [
            one.id,
            one.name,
            one.roles.join(' '),
            one.ownerName ?? '–',
            String(one.keys),
            date(one.lastUsedAt),
            one.disabled ? 'disabled' : one.orphaned ? 'nobody answers for it' : 'valid',
          ]),
        ),
      );
    });

  account
    .command('create <name>')
    .description('make a service account; give it keys with "bartizan key create --service-account"')
    .option('--description <text>', 'what it is for')
    .option('--role <role>', 'the most that its keys may do on the API (again for more)', collect)
    .option('--team <name>', 'the team that it belongs to')
    .option('--owner <id>', 'the person who answers for it (default: you)')
    .option('--json', 'print JSON')
    .action(async (name: string, flags: Flags) => {
      const api = client();
      const made = await api.call(keyRoutes.addServiceAccount, {
        body: {
          name,
          roles: rolesOf(flags.role ?? []),
          ...(flags.description === undefined ? {} : { description: flags.description }),
          ...(flags.owner === undefined ? {} : { ownerId: flags.owner }),
          ...(flags.team === undefined ? {} : { teamId: await teamOf(api, flags.team) }),
        },
      });
      createOutput(flags.json ?? false).result(made, (one) => `Service account ${one.name} is ${one.id}.`);
    });

  const set = (verb: string, description: string, body: { disabled: boolean }) =>
    account
      .command(`${verb} <name>`)
      .description(description)
      .option('--json', 'print JSON')
      .action(async (name: string, flags: Flags) => {
        const api = client();
        const { id } = await serviceAccountOf(api, name);
        const changed = await api.call(keyRoutes.updateServiceAccount, { params: { id }, body });
        createOutput(flags.json ?? false).result(
          changed,
          (one) => `Service account ${one.name} is ${verb}d.`,
        );
      });
  set('disable', 'its keys open nothing until it is enabled again', { disabled: true });
  set('enable', 'its keys open again what they did', { disabled: false });

  account
    .command('remove <name>')
    .description('remove a service account; its keys end at once and for good')
    .option('--json', 'print JSON')
    .action(async (name: string, flags: Flags) => {
      const api = client();
      const { id } = await serviceAccountOf(api, name);
      await api.call(keyRoutes.removeServiceAccount, { params: { id } });
      createOutput(flags.json ?? false).result({ removed: id }, () => `Service account ${name} is removed.`);
    });
}

/** By its name or id. */
export async function serviceAccountOf(api: Client, name: string): Promise<ServiceAccount> {
  const { items } = await api.call(keyRoutes.serviceAccounts, {});
  const found = items.find((one) => one.id === name || one.name.toLowerCase() === name.toLowerCase());
  if (!found) throw new CliError(`there is no service account "${name}"`);
  return found;
}

function rolesOf(names: readonly string[]): Role[] {
  return names.map((name) => {
    const role = ROLES.find((each) => each === name);
    if (!role) throw new CliError(`"${name}" is no role; give one of ${ROLES.join(', ')}`, EXIT.usage);
    return role;
  });
}

async function teamOf(api: Client, name: string): Promise<string> {
  const { items } = await api.call(teamRoutes.list, {});
  const found = items.find((one) => one.id === name || one.name.toLowerCase() === name.toLowerCase());
  if (!found) throw new CliError(`there is no team "${name}"`);
  return found.id;
}
