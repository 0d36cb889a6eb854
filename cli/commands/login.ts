import { hostname } from 'node:os';
import { type FactorKind, factorRoutes, identityRoutes, type Me, TotpCode } from '@bartizan/contracts';
import { type Client, createClient } from '@bartizan/contracts/client.ts';
import { isCancel, password, text } from '@clack/prompts';
import type { Command } from 'commander';
import { CliError, EXIT } from '../exit.ts';
import { createOutput } from '../output.ts';
import { clientFor, forgetSession, saveSession, sessionFile } from '../session.ts';
import { readStdin } from '../stdin.ts';

const KEY_DAYS = 30;
const DAY_MS = 86_400_000;

export function addLogin(program: Command): void {
  program
    .command('login')
    .description('remember a server and a key for the commands that ask a server')
    .option('--url <url>', 'address of the console', process.env.BARTIZAN_URL ?? 'http://127.0.0.1:7600')
    .option('--key-stdin', 'read an API key from standard input instead of asking for e-mail and password')
    .option('--json', 'print JSON')
    .action(async (flags: { url: string; keyStdin?: boolean; json?: boolean }) => {
      const output = createOutput(flags.json ?? false);
      const url = flags.url.replace(/\/$/, '');
      const key = flags.keyStdin ? (await readStdin(4096)).trim() : await keyByPassword(url);
      const me = await clientFor({ url, key }).call(identityRoutes.me, {});
      saveSession({ url, key });
      output.result(
        { url, name: me.name, roles: me.roles, permissions: me.permissions, file: sessionFile() },
        (value) => `Signed in to ${value.url} as ${value.name}. The key is kept in ${value.file}.`,
      );
    });

  program
    .command('logout')
    .description('forget the server and the key')
    .option('--json', 'print JSON')
    .action((flags: { json?: boolean }) => {
      createOutput(flags.json ?? false).result({ forgotten: forgetSession() }, (value) =>
        value.forgotten
          ? 'Forgotten. The key itself still works until it is revoked or expires.'
          : 'Nothing to forget.',
      );
    });
}

/** Signs in once and has a key made for this machine; the password is not kept. */
async function keyByPassword(url: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new CliError('This is no terminal to ask on. Pipe an API key in and add --key-stdin.', EXIT.usage);
  }
  const email = answered(await text({ message: 'E-mail' }));
  const secret = answered(await password({ message: 'Password' }));
  let cookie = '';
  const session = createClient({
    baseUrl: url,
    headers: () => ({ origin: url, ...(cookie ? { cookie } : {}) }),
    fetch: async (...request) => {
      const response = await fetch(...request);
      const fresh = response.headers.getSetCookie().map((line) => line.split(';')[0]);
      if (fresh.length > 0) cookie = fresh.join('; ');
      return response;
    },
  });
  const entered = await session.call(identityRoutes.login, { body: { email, password: secret } });
  const me = entered.status === 'signed-in' ? entered.me : await secondStep(session, entered.methods);
  try {
    if (me.mustEnrol) {
      throw new CliError('A second factor is demanded of you. Set one up in the console first.', EXIT.denied);
    }
    if (!me.permissions.includes('keys.manage')) {
      throw new CliError(
        'Your role may not create keys. Ask an administrator for one and use --key-stdin.',
        EXIT.denied,
      );
    }
    const made = await session.call(identityRoutes.createKey, {
      body: {
        name: `Command line on ${hostname()}`.slice(0, 100),
        // Calling endpoints too: what a key makes is never wider than that key, and this one makes keys.
        scopes: [...me.permissions, 'gateway.invoke'],
        endpoints: '*',
        expiresAt: Date.now() + KEY_DAYS * DAY_MS,
      },
    });
    return made.secret;
  } finally {
    await session.call(identityRoutes.logout, {}).catch(() => {});
  }
}

/** A terminal cannot use a passkey; an authenticator app and recovery codes are typed. */
async function secondStep(session: Client, methods: readonly FactorKind[]): Promise<Me> {
  if (!methods.includes('totp') && !methods.includes('recovery')) {
    throw new CliError(
      'Your second factor is a passkey, which a terminal cannot use. Make a key in the console and use --key-stdin.',
      EXIT.denied,
    );
  }
  const code = answered(await text({ message: 'Code of your authenticator app, or a recovery code' }));
  const digits = TotpCode.safeParse(code);
  const proof = digits.success
    ? { kind: 'totp' as const, code: digits.data }
    : { kind: 'recovery' as const, code };
  return (await session.call(factorRoutes.secondFactor, { body: proof })).me;
}

function answered(value: string | symbol | undefined): string {
  if (isCancel(value) || typeof value !== 'string') throw new CliError('Cancelled.', EXIT.usage);
  return value;
}
