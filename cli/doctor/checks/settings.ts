import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { ConfigError, isWeakSecret, loadConfig } from '@bartizan/server/index.ts';
import { SECRETS, type SecretName, secretOf } from '../secrets.ts';
import { type Check, fail, ok, type Subject, skipped, warn } from '../types.ts';

const LOCAL = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const DEMO_ADVICE = 'Revoke it in the console under API keys, and start with --no-demo.';

/** What a server would read: the environment, completed by the data directory as `bartizan up` does it. */
export function environment({ env, dataDir }: Subject): Record<string, string | undefined> {
  const file = (name: SecretName) => join(dataDir, 'keys', SECRETS[name]);
  const own = (name: SecretName) =>
    !env[name] && !env[`${name}_FILE`] && existsSync(file(name)) ? { [`${name}_FILE`]: file(name) } : {};
  return {
    ...env,
    ...own('BARTIZAN_MASTER_KEY'),
    ...own('BARTIZAN_INTERNAL_TOKEN'),
    // Whether there is one is another check's question.
    ...(env.DATABASE_URL || env.DATABASE_URL_FILE ? {} : { DATABASE_URL: 'postgres://127.0.0.1/bartizan' }),
  };
}

const config: Check = {
  id: 'settings.valid',
  title: 'Settings',
  run(subject) {
    try {
      loadConfig(environment(subject));
      return ok('a server would start with them');
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const problems = error.message
        .split('\n')
        .slice(1)
        .map((line) => line.replace(/^\s+- /, ''));
      return fail(problems.join('; '), 'Correct these variables; docs/guide/operations.md lists them all.');
    }
  },
};

const secrets: Check = {
  id: 'settings.secrets',
  title: 'Secrets',
  run(subject) {
    const names = Object.keys(SECRETS) as SecretName[];
    const found = names.map((name) => ({ name, secret: secretOf(subject, name) }));
    const missing = found.filter(({ secret }) => secret === null).map(({ name }) => name);
    if (missing.length > 0) {
      return fail(
        `${missing.join(' and ')}: there is none`,
        'Bring them back ("bartizan restore keys FILE"). A new master key opens nothing that was sealed under the old one.',
      );
    }
    const weak = found
      .filter(({ secret }) => isWeakSecret(secret?.value ?? ''))
      .map(({ secret }) => secret?.from);
    if (weak.length > 0)
      return fail(`not random: ${weak.join(', ')}`, 'Draw another one: openssl rand -hex 32');
    const values = new Set(found.map(({ secret }) => secret?.value));
    if (values.size < found.length) {
      return fail(
        'one secret serves two purposes: the master key is also the internal token',
        'Draw another internal token (openssl rand -hex 32) and give it to every server and gateway.',
      );
    }
    return ok('each is random, and there for one purpose');
  },
};

const publicUrl: Check = {
  id: 'settings.public-url',
  title: 'Public address',
  run({ env }) {
    const given = env.BARTIZAN_PUBLIC_URL;
    const host = env.BARTIZAN_HOST || '127.0.0.1';
    const exposed = !(
      host === 'localhost' ||
      host === '::1' ||
      (isIP(host) === 4 && host.startsWith('127.'))
    );
    if (!given) {
      return exposed
        ? warn(
            `it listens on ${host}, but BARTIZAN_PUBLIC_URL is not set`,
            'Put a proxy with TLS in front, and set BARTIZAN_PUBLIC_URL to the address that people open.',
          )
        : ok('this machine only');
    }
    const url = URL.parse(given);
    if (!url) return fail('BARTIZAN_PUBLIC_URL is no address', 'Set it to https://…');
    if (url.protocol === 'https:') return ok(url.origin);
    return LOCAL.test(url.hostname)
      ? ok(`${url.origin} (this machine only)`)
      : fail(
          `${url.origin} has no TLS: passwords and sessions cross the network in the clear`,
          'Serve it over https, and set BARTIZAN_PUBLIC_URL to that address.',
        );
  },
};

const proxies: Check = {
  id: 'settings.trusted-proxies',
  title: 'Trusted proxies',
  run({ env }) {
    const list = (env.BARTIZAN_TRUSTED_PROXIES ?? '').split(/[\s,]+/).filter(Boolean);
    const wide = list.filter((range) => {
      const [address = '', bits] = range.split('/');
      return bits !== undefined && Number(bits) < (address.includes(':') ? 32 : 8);
    });
    if (wide.length > 0) {
      return fail(
        `${wide.join(', ')}: nearly everybody is believed to be a proxy, so anybody can pretend to be any address`,
        'Name the addresses of your proxies and nothing else.',
      );
    }
    const behind = env.BARTIZAN_PUBLIC_URL?.startsWith('https:') ?? false;
    if (behind && list.length === 0) {
      return warn(
        'people come by https through a proxy, but no proxy is trusted: all of them seem to have its address',
        'Set BARTIZAN_TRUSTED_PROXIES to the proxy, else guesses of one person lock out all.',
      );
    }
    return ok(list.length === 0 ? 'none' : list.join(', '));
  },
};

const demo: Check = {
  id: 'settings.demo',
  title: 'Demo',
  async run({ env, dataDir, database }) {
    const production = env.BARTIZAN_PUBLIC_URL?.startsWith('https:') ?? false;
    if (database === null) return skipped('the database does not answer');
    if (!(await hasTable(database, 'api_keys'))) return skipped('there is no Bartizan in the database');
    const { rows } = await database.query<{ n: number }>(
      `select count(*)::integer as n from api_keys
       where owner_id is null and revoked_at is null and (expires_at is null or expires_at > now())`,
    );
    const on = (rows[0]?.n ?? 0) > 0;
    if (!on) return ok('its key does not work');
    const where = existsSync(join(dataDir, 'demo-key')) ? ` and lies in ${join(dataDir, 'demo-key')}` : '';
    return production
      ? warn(`the key of the demo still works${where}`, DEMO_ADVICE)
      : ok(`its key works${where}; this is no public instance`);
  },
};

/** True when the database has this table. */
export async function hasTable(database: NonNullable<Subject['database']>, name: string): Promise<boolean> {
  const { rows } = await database.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
    name,
  ]);
  return rows[0]?.there ?? false;
}

export const settingsChecks: readonly Check[] = [config, secrets, publicUrl, proxies, demo];
