import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { identityRoutes } from '@bartizan/contracts';
import { type Client, createClient } from '@bartizan/contracts/client.ts';

const BIN = fileURLToPath(new URL('../../cli/bin/bartizan.mjs', import.meta.url));

/** The line that `bartizan up --json` prints. */
export interface Announcement {
  readonly console: string;
  readonly gateway: string;
  readonly setup: string | null;
  readonly key: string | null;
  readonly model: string | null;
}

/** A whole Bartizan of its own: database, server, gateway and demo assistant as real processes. */
export interface TestInstance extends Announcement {
  readonly dataDir: string;
  readonly process: ChildProcess;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
  /** Everything it said on standard error so far. */
  readonly log: () => string;
  /** Stops it with SIGTERM and, unless `keep`, removes its data. Resolves with the exit code. */
  readonly stop: (options?: { keep?: boolean }) => Promise<number | null>;
}

export const ADMIN = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' } as const;

export async function startInstance(
  options: { args?: readonly string[]; dataDir?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<TestInstance> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'bartizan-test-'));
  // As root, PostgreSQL runs as another user, who must be able to walk in; else its files would lie elsewhere.
  if (!options.dataDir) chmodSync(dataDir, 0o711);
  const args = [
    'up',
    '--data-dir',
    dataDir,
    '--port',
    '0',
    '--gateway-port',
    '0',
    '--json',
    ...(options.args ?? []),
  ];
  const child = spawn(process.execPath, [BIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...cleanEnv(), ...options.env },
  });
  let log = '';
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error('the process has no output to read');
  stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-200_000);
  });
  const exited = new Promise<number | null>((settle) => child.once('exit', settle));
  const line = await new Promise<string>((settle, reject) => {
    let text = '';
    stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) settle(text.slice(0, text.indexOf('\n')));
    });
    void exited.then((code) => reject(new Error(`bartizan up ended with ${code}:\n${log}`)));
  });
  return {
    ...(JSON.parse(line) as Announcement),
    dataDir,
    process: child,
    ended: exited,
    log: () => log,
    async stop({ keep = false } = {}) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const code = await exited;
      if (!keep) rmSync(dataDir, { recursive: true, force: true });
      return code;
    },
  };
}

/** The environment of this run without settings that would reach the instance by accident. */
function cleanEnv(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(BARTIZAN_|DATABASE_URL|PG|VITEST|NODE_OPTIONS)/.test(name),
  );
  return { ...Object.fromEntries(kept), BARTIZAN_INJECTION_MODEL: 'none' };
}

/** Makes the first administrator and returns a client that is signed in as them. */
export async function signInAsAdmin(instance: Announcement): Promise<Client> {
  const jar = cookieClient(instance.console);
  const token = instance.setup ? new URL(instance.setup).searchParams.get('token') : null;
  if (token) await jar.call(identityRoutes.setup, { body: { token, ...ADMIN } });
  else await jar.call(identityRoutes.login, { body: { email: ADMIN.email, password: ADMIN.password } });
  return jar;
}

/** A client that keeps its cookies, as a browser on the console's own origin would. */
export function cookieClient(baseUrl: string): Client {
  const cookies = new Map<string, string>();
  return createClient({
    baseUrl,
    headers: () => ({
      origin: baseUrl,
      ...(cookies.size > 0
        ? { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }
        : {}),
    }),
    fetch: async (...request) => {
      await turn();
      const response = await fetch(...request);
      for (const line of response.headers.getSetCookie()) {
        const [pair = ''] = line.split(';');
        const at = pair.indexOf('=');
        cookies.set(pair.slice(0, at), pair.slice(at + 1));
      }
      return response;
    },
  });
}

/**
 * A turn of the event loop. After a child that was waited for synchronously, connections that the server closed
 * meanwhile are only then seen as closed; a request on one of them would fail.
 */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** Asks the demo endpoint through the gateway. */
export async function ask(instance: Announcement, content: string, extra: object = {}): Promise<Response> {
  await turn();
  return fetch(`${instance.gateway}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${instance.key}` },
    body: JSON.stringify({ model: 'demo', messages: [{ role: 'user', content }], ...extra }),
  });
}

/** Process ids of an instance's parts, found by their command lines (Linux). */
export function pidsOf(
  instance: Pick<TestInstance, 'process'>,
): Record<'gateway' | 'server' | 'database', number[]> {
  const children = descendants(instance.process.pid ?? 0).map((pid) => ({ pid, line: commandLine(pid) }));
  const where = (part: string) => children.filter(({ line }) => line.includes(part)).map(({ pid }) => pid);
  return {
    gateway: where('gateway/main.ts'),
    server: where('server/main.ts'),
    database: children
      .filter(({ line }) => /\/postgres\0?.*-D/.test(line))
      .map(({ pid }) => pid)
      .slice(0, 1),
  };
}

function descendants(pid: number): number[] {
  try {
    const direct = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number);
    return direct.flatMap((child) => [child, ...descendants(child)]);
  } catch {
    return [];
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** Polls until `probe` answers with something truthy; throws with `what` after `timeoutMs`. */
export async function eventually<Value>(
  what: string,
  probe: () => Promise<Value | null | undefined | false>,
  timeoutMs = 60_000,
): Promise<Value> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const value = await probe();
      if (value) return value;
    } catch (error) {
      last = error;
    }
    await new Promise((settle) => setTimeout(settle, 50));
  }
  throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: last });
}
