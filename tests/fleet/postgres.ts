import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../support/redis.ts';

export interface SystemPostgres {
  readonly url: string;
  readonly version: number;
  readonly close: () => Promise<void>;
}

const ROOT = '/usr/lib/postgresql';

/** Folder of the newest PostgreSQL that the system's packages brought (15 or later), or null. */
export function postgresBinaries(): { readonly bin: string; readonly version: number } | null {
  if (!existsSync(ROOT)) return null;
  const versions = readdirSync(ROOT)
    .map(Number)
    .filter((version) => version >= 15 && existsSync(join(ROOT, String(version), 'bin', 'initdb')));
  const version = Math.max(0, ...versions);
  return version === 0 ? null : { bin: join(ROOT, String(version), 'bin'), version };
}

/** PostgreSQL refuses to run as root: then as whom it runs. */
function unprivileged(): { uid: number; gid: number } | Record<string, never> {
  if (process.getuid?.() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) =>
        Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // No such user here; try the next.
    }
  }
  throw new Error('there is neither a user postgres nor nobody');
}

/** Starts a PostgreSQL of the system on loopback, with data of its own in a temporary folder. */
export async function startSystemPostgres(): Promise<SystemPostgres> {
  const binaries = postgresBinaries();
  if (binaries === null) throw new Error('no PostgreSQL 15 or later is installed');
  const home = mkdtempSync(join(tmpdir(), 'bartizan-fleet-pg-'));
  const user = unprivileged();
  const data = join(home, 'data');
  const password = randomBytes(16).toString('hex');
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(join(home, 'password'), password, { mode: 0o600 });
  if (user.uid !== undefined && user.gid !== undefined) {
    chmodSync(home, 0o711);
    chownSync(data, user.uid, user.gid);
    chownSync(join(home, 'password'), user.uid, user.gid);
  }
  const setUp = [
    '-D',
    data,
    '-U',
    'bartizan',
    '-A',
    'scram-sha-256',
    '-E',
    'UTF8',
    '--no-locale',
    '--no-sync',
  ];
  execFileSync(join(binaries.bin, 'initdb'), [...setUp, `--pwfile=${join(home, 'password')}`], {
    stdio: 'pipe',
    cwd: home,
    ...user,
  });
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '100',
    fsync: 'off',
  };
  const args = [
    '-D',
    data,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const child = spawn(join(binaries.bin, 'postgres'), args, { stdio: 'ignore', cwd: home, ...user });
  const url = `postgres://bartizan:${password}@127.0.0.1:${port}/postgres`;
  await answering(url, child);
  return Object.freeze({
    url,
    version: binaries.version,
    close: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      // Fast shutdown: connections are cut.
      if (child.exitCode === null) {
        child.kill('SIGINT');
        await Promise.race([ended, sleep(20_000, undefined, { ref: false })]);
        if (child.exitCode === null) child.kill('SIGKILL');
      }
      rmSync(home, { recursive: true, force: true });
    },
  });
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + 60_000; ; await sleep(50)) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    try {
      await client.connect();
      return;
    } catch (cause) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error('PostgreSQL did not start', { cause });
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
