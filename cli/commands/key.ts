import {
  type ApiKey,
  endpointRoutes,
  identityRoutes,
  KEY_WARNINGS,
  KeyScope,
  keyRoutes,
} from '@bartizan/contracts';
import { ApiFailure, type Client } from '@bartizan/contracts/client.ts';
import type { Command } from 'commander';
import { CliError, EXIT } from '../exit.ts';
import { collect, duration, wholeNumber } from '../options.ts';
import { createOutput, date, table } from '../output.ts';
import { client, readSession } from '../session.ts';
import { abbreviated, keyIdOf } from './key-named.ts';
import { serviceAccountOf } from './service-account.ts';

interface CreateFlags {
  endpoint?: string[];
  scope?: string[];
  /** Milliseconds from now; absent: as long as usual. */
  expires?: number;
  /** False for a key that never expires. */
  expiry: boolean;
  serviceAccount?: string;
  requestsPerMinute?: number;
  tokensPerMinute?: number;
  tokensPerDay?: number;
  concurrent?: number;
  json?: boolean;
}

const DEFAULT_EXPIRY_MS = 90 * 86_400_000;
const count = wholeNumber(1, Number.MAX_SAFE_INTEGER);

export function addKey(program: Command): void {
  const key = program.command('key').description('API keys of applications and scripts');

  key
    .command('list')
    .description('all keys, without their secret')
    .option('--json', 'print JSON, with all scopes')
    .action(async (flags: { json?: boolean }) => {
      const { items } = await client().call(identityRoutes.keys, {});
      createOutput(flags.json ?? false).result(items, (all) =>
        table(
          ['id', 'name', 'starts with', 'owner', 'scopes', 'expires', 'last used', 'state'],
          all.map((one) => [
            one.id,
            one.name,
            one.previous === null ? one.prefix : `${one.prefix}, ${one.previous.prefix}`,
            one.ownerName,
            abbreviated(one.scopes),
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
    .option('--endpoint <slug>', 'an endpoint that it may call (again for more; "*" is all)', collect)
    .option(
      '--scope <scope>',
      'gateway.invoke or a permission (again for more; default gateway.invoke)',
      collect,
    )
    .option('--expires <time>', 'lifetime, e.g. 30d (default 90d, or while your own key lasts)', duration)
    .option('--no-expiry', 'never expires')
    .option('--service-account <name>', 'the service account that it belongs to (default: you)')
    .option('--requests-per-minute <number>', 'most requests in a minute', count)
    .option('--tokens-per-minute <number>', 'most tokens in a minute', count)
    .option('--tokens-per-day <number>', 'most tokens in a day', count)
    .option('--concurrent <number>', 'most requests under way at once', count)
    .option('--json', 'print JSON')
    .action(async (name: string, flags: CreateFlags) => {
      const api = client();
      const endpoints = flags.endpoint ?? [];
      const scopes = (flags.scope ?? ['gateway.invoke']).map(scopeOf);
      if (scopes.includes('gateway.invoke') && endpoints.length === 0) {
        throw new CliError(
          'say which endpoints the key may call: --endpoint SLUG, or --endpoint "*" for all',
          EXIT.usage,
        );
      }
      const made = await explained(async () =>
        api.call(identityRoutes.createKey, {
          body: {
            name,
            scopes,
            endpoints: await endpointIds(api, endpoints),
            expiresAt: await expiryOf(api, flags),
            ...(flags.serviceAccount === undefined
              ? {}
              : { serviceAccountId: (await serviceAccountOf(api, flags.serviceAccount)).id }),
            limits: {
              requestsPerMinute: flags.requestsPerMinute ?? null,
              tokensPerMinute: flags.tokensPerMinute ?? null,
              tokensPerDay: flags.tokensPerDay ?? null,
              concurrent: flags.concurrent ?? null,
            },
          },
        }),
      );
      createOutput(flags.json ?? false).result(
        made,
        (one) =>
          `${one.secret}\n\nThis is shown once. Key ${one.key.id}, expires ${date(one.key.expiresAt)}.`,
      );
    });

  key
    .command('rotate <name>')
    .description(
      'give a key, by its name or id, a new secret, printed once; the old one works on for a while',
    )
    .option(
      '--overlap <time>',
      'how long the old secret works on, at most 30d, 0s for not at all',
      duration,
      86_400_000,
    )
    .option('--expires <time>', 'a new lifetime of the key, e.g. 90d (default: it keeps its own)', duration)
    .option('--json', 'print JSON')
    .action(async (name: string, flags: { overlap: number; expires?: number; json?: boolean }) => {
      const api = client();
      const id = await keyIdOf(api, name);
      const now = Date.now();
      const made = await api.call(keyRoutes.rotate, {
        params: { id },
        body: {
          oldEndsAt: now + flags.overlap,
          ...(flags.expires === undefined ? {} : { expiresAt: now + flags.expires }),
        },
      });
      createOutput(flags.json ?? false).result(made, ({ secret, key: one }) => {
        const old = one.previous ? `works until ${date(one.previous.endsAt)} UTC` : 'no longer works';
        return `${secret}\n\nThis is shown once. Key ${one.id}; its old secret ${old}.`;
      });
    });

  key
    .command('revoke <name>')
    .description('revoke a key, by its name or id, at once')
    .option('--json', 'print JSON')
    .action(async (name: string, flags: { json?: boolean }) => {
      const api = client();
      const id = await keyIdOf(api, name);
      await api.call(identityRoutes.revokeKey, { params: { id } });
      createOutput(flags.json ?? false).result({ revoked: id }, () => `Key ${name} is revoked.`);
    });
}

/** Says what to do here when a key would outlive the one that it is made with. */
async function explained<Value>(make: () => Promise<Value>): Promise<Value> {
  try {
    return await make();
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.status !== 403 || !error.body.message.endsWith(': expiry')) {
      throw error;
    }
    throw new CliError(
      `${error.body.message}\n${error.body.hint ?? ''}\nWithout --expires and --no-expiry it ends with the key that you use ("bartizan login" makes one for 30 days). One that lasts longer is made in the console: Settings → Keys.`,
      EXIT.denied,
    );
  }
}

/** When nobody said how long: as long as usual, but no longer than the key that we act with. */
async function expiryOf(api: Client, flags: CreateFlags): Promise<number | null> {
  if (!flags.expiry) return null;
  if (flags.expires !== undefined) return Date.now() + flags.expires;
  const usual = Date.now() + DEFAULT_EXPIRY_MS;
  const mine = readSession().key;
  const keys = await api.call(identityRoutes.keys, {}).catch((error: unknown) => {
    // A key that may make keys but not list them: the server has the last word.
    if (error instanceof ApiFailure && error.status === 403) return { items: [] };
    throw error;
  });
  const own = keys.items.find((one) => one.revokedAt === null && mine.startsWith(one.prefix));
  return Math.min(usual, own?.expiresAt ?? usual);
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

function state(key: ApiKey): string {
  if (key.revokedAt !== null) return 'revoked';
  if (key.expiresAt !== null && key.expiresAt < Date.now()) return 'expired';
  const looksAt = key.warnings.filter((name) => name !== 'never-expires').map((name) => KEY_WARNINGS[name]);
  return looksAt.length === 0 ? 'valid' : looksAt.join('; ');
}
