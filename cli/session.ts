import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Client, createClient } from '@bartizan/contracts/client.ts';
import { z } from 'zod';
import { CliError, EXIT } from './exit.ts';

/** Where the command line keeps the server's address and its key (mode 0600). */
const Stored = z.object({ url: z.url(), key: z.string() });
export type Stored = z.infer<typeof Stored>;

export function sessionFile(): string {
  const base = process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config');
  return process.env.BARTIZAN_CONFIG ?? join(base, 'bartizan', 'session.json');
}

export function saveSession(session: Stored): void {
  mkdirSync(dirname(sessionFile()), { recursive: true, mode: 0o700 });
  rmSync(sessionFile(), { force: true });
  writeFileSync(sessionFile(), `${JSON.stringify(session)}\n`, { mode: 0o600 });
}

export function forgetSession(): boolean {
  const known = existsSync(sessionFile());
  rmSync(sessionFile(), { force: true });
  return known;
}

/** From BARTIZAN_URL and BARTIZAN_API_KEY, else from `bartizan login`. */
export function readSession(): Stored {
  const { BARTIZAN_URL: url, BARTIZAN_API_KEY: key } = process.env;
  if (url && key) return { url: url.replace(/\/$/, ''), key };
  if (!existsSync(sessionFile())) {
    throw new CliError(
      'Not signed in. Run "bartizan login", or set BARTIZAN_URL and BARTIZAN_API_KEY.',
      EXIT.denied,
    );
  }
  const stored = Stored.safeParse(JSON.parse(readFileSync(sessionFile(), 'utf8')));
  if (!stored.success) throw new CliError(`${sessionFile()} is damaged; run "bartizan login" again.`);
  return stored.data;
}

export function clientFor(session: Stored): Client {
  return createClient({ baseUrl: session.url, headers: () => ({ authorization: `Bearer ${session.key}` }) });
}

export const client = (): Client => clientFor(readSession());
