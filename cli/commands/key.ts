import { endpointRoutes, identityRoutes, KeyScope } from '@bartizan/contracts';
import type { Client } from '@bartizan/contracts/client.ts';
import type { Command } from 'commander';
import { CliError, EXIT } from '../exit.ts';
import { duration } from '../options.ts';
import { createOutput, date, table } from '../output.ts';
import { client } from '../session.ts';

interface CreateFlags {
  endpoint: string[];
  scope: string[];
  expires?: number;
  noExpiry?: boolean;
  json?: boolean;
}

const collect = (value: string, before: string[]): string[] => [...before, value];
const DEFAULT_EXPIRY_MS = 90 * 86_400_000;

export function addKey(program: Command): void {
  const key = program.command('key').description('API keys of applications and scripts');

  key
    .command('list')
    .description('all keys, without their secret')
    .option('--json', 'print JSON')
    .action(async (flags: { json?: boolean }) => {
      const { items } = await client().call(identityRoutes.keys, {});
      createOutput(flags.json ?? false).result(items, (all) =>
        table(
          ['id', 'name', 'starts with', 'scopes', 'expires', 'last used', 'state'],
          all.map((one) => [
            one.id,
            one.name,
            one.prefix,
            one.scopes.join(' '),
            date(one.expiresAt),
            date(one.lastUsedAt),
            state(one),
          ]),
        ),
      );
    });

  key
    .command('create <name>')
    .description('create a key; its secret is printed once')
    .option('--endpoint <slug>', 'an endpoint that it may call (again for more; "*" is all)', collect, [])
    .option(
      '--scope <scope>',
      'gateway.invoke or a permission (again for more; default gateway.invoke)',
      collect,
      [],
    )
    .option('--expires <time>', 'lifetime, e.g. 30d (default 90d)', duration, DEFAULT_EXPIRY_MS)
    .option('--no-expiry', 'never expires')
    .option('--json', 'print JSON')
    .action(async (name: string, flags: CreateFlags & { expiry: boolean }) => {
      const api = client();
      const scopes = (flags.scope.length > 0 ? flags.scope : ['gateway.invoke']).map(scopeOf);
      if (scopes.includes('gateway.invoke') && flags.endpoint.length === 0) {
        throw new CliError(
          'say which endpoints the key may call: --endpoint SLUG, or --endpoint "*" for all',
          EXIT.usage,
        );
      }
      const made = await api.call(identityRoutes.createKey, {
        body: {
          name,
          scopes,
          endpoints: await endpointIds(api, flags.endpoint),
          expiresAt: flags.expiry ? Date.now() + (flags.expires ?? DEFAULT_EXPIRY_MS) : null,
        },
      });
      createOutput(flags.json ?? false).result(
        made,
        (one) =>
          `${one.secret}\n\nThis is shown once. Key ${one.key.id}, expires ${date(one.key.expiresAt)}.`,
      );
    });

  key
    .command('revoke <id>')
    .description('revoke a key at once')
    .option('--json', 'print JSON')
    .action(async (id: string, flags: { json?: boolean }) => {
      await client().call(identityRoutes.revokeKey, { params: { id } });
      createOutput(flags.json ?? false).result({ revoked: id }, () => `Key ${id} is revoked.`);
    });
}

function scopeOf(text: string): KeyScope {
  const parsed = KeyScope.safeParse(text);
  if (!parsed.success)
    throw new CliError(`"${text}" is no scope; give gateway.invoke or a permission`, EXIT.usage);
  return parsed.data;
}

async function endpointIds(api: Client, slugs: readonly string[]): Promise<'*' | string[]> {
  if (slugs.includes('*')) return '*';
  if (slugs.length === 0) return [];
  const { items } = await api.call(endpointRoutes.list, {});
  return slugs.map((slug) => {
    const found = items.find((one) => one.slug === slug || one.id === slug);
    if (!found) throw new CliError(`there is no endpoint "${slug}"`);
    return found.id;
  });
}

function state(key: { revokedAt: number | null; expiresAt: number | null }): string {
  if (key.revokedAt !== null) return 'revoked';
  return key.expiresAt !== null && key.expiresAt < Date.now() ? 'expired' : 'valid';
}
