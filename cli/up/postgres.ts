import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './ports.ts';
import {
  type Binaries,
  canEnter,
  DATABASE,
  findBinaries,
  homeApart,
  libraryEnv,
  noteOwner,
  SUPERUSER,
  SYSTEM_DIR,
} from './postgres-binaries.ts';
import { stopStalePostmaster } from './postgres-stale.ts';

const READY_TIMEOUT_MS = 60_000;
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

export interface PostgresOptions {
  /** The instance's data directory; PostgreSQL keeps its own folder in it (or below /var/lib/bartizan as root). */
  readonly dataDir: string;
  /** A port to reuse after a restart; any free one where absent. */
  readonly port?: number;
  /** Extra server settings, e.g. `{ fsync: 'off' }` for tests. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

export interface RunningPostgres {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly directory: string;
  /** Resolves with the exit code when the postmaster ends, for whatever reason. */
  readonly exited: Promise<number | null>;
  /** Fast shutdown: ends connections, writes a checkpoint. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts a PostgreSQL of our own on loopback with a generated password, making its data on first use.
 * Stops one that a killed supervisor left behind on the same data. Throws with what to do when the data
 * belong to another major version.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const binaries = findBinaries();
  const home = homeOf(options.dataDir, binaries);
  if (!home.startsWith(resolve(options.dataDir))) options.log(`The database's files lie in ${home}`);
  const data = join(home, 'data');
  const password = readOrCreatePassword(home, binaries);
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise(binaries, home, password, options.log);
  refuseOtherMajor(data, binaries.major);
  await stopStalePostmaster(data, options.log);

  const port = options.port ?? (await freePort());
  const launch = async () => {
    const from = sizeOf(logOf(home));
    const child = spawnPostmaster(binaries, home, port, options.settings ?? {});
    const exited = new Promise<number | null>((settle) => child.once('exit', (code) => settle(code)));
    return { child, exited, url: await ready({ child, port, password, home, from }) };
  };
  const { child, exited, url } = await whenDataAreFree(launch);
  return Object.freeze({
    url,
    port,
    pid: child.pid ?? 0,
    directory: data,
    exited,
    stop: () => stop(child, exited),
  });
}

const logOf = (home: string): string => join(home, 'postgres.log');
const sizeOf = (file: string): number => (existsSync(file) ? statSync(file).size : 0);

/** Helpers of a killed postmaster still hold the data: PostgreSQL refuses to start beside them, rightly. */
class DataInUse extends Error {}

/** Helpers of a killed postmaster end by themselves within moments; the new one waits for that. */
async function whenDataAreFree<T>(launch: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    try {
      return await launch();
    } catch (error) {
      if (!(error instanceof DataInUse) || Date.now() > deadline) throw error;
      await delay(300);
    }
  }
}

/** Where PostgreSQL's files live: inside the data directory, unless its user could not get there. */
function homeOf(dataDir: string, binaries: Binaries): string {
  const wanted = join(resolve(dataDir), 'postgres');
  if (!binaries.user) {
    mkdirSync(wanted, { recursive: true, mode: 0o700 });
    return wanted;
  }
  mkdirSync(SYSTEM_DIR, { recursive: true, mode: 0o755 });
  const home = canEnter(resolve(dataDir), binaries.user) ? wanted : homeApart(dataDir);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  chownSync(home, binaries.user.uid, binaries.user.gid);
  if (home !== wanted) noteOwner(home, dataDir);
  return home;
}

function readOrCreatePassword(home: string, binaries: Binaries): string {
  const file = join(home, 'password');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const password = randomBytes(24).toString('base64url');
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  if (binaries.user) chownSync(file, binaries.user.uid, binaries.user.gid);
  return password;
}

/** Runs initdb into a side folder and renames it, so that a killed first start leaves nothing half-made. */
async function initialise(
  binaries: Binaries,
  home: string,
  password: string,
  log: (line: string) => void,
): Promise<void> {
  log('Preparing the database (once, a few seconds)');
  const fresh = join(home, 'data.new');
  rmSync(fresh, { recursive: true, force: true });
  const passwordFile = join(home, 'password');
  const child = spawn(
    binaries.initdb,
    [
      '-D',
      fresh,
      '-U',
      SUPERUSER,
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '--locale=C',
      '-N',
    ],
    { ...asUser(binaries), cwd: home, env: libraryEnv(binaries.libDir), stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let problem = '';
  child.stderr.on('data', (chunk: Buffer) => {
    problem = (problem + chunk.toString()).slice(-2000);
  });
  const code = await new Promise<number | null>((settle, reject) => {
    child.once('error', reject);
    child.once('exit', settle);
  });
  if (code !== 0 || password === '') {
    throw new Error(
      `the database could not be prepared in ${home} (initdb ended with ${code}): ${problem.trim()}`,
    );
  }
  renameSync(fresh, join(home, 'data'));
}

function refuseOtherMajor(data: string, major: number): void {
  const found = Number(readFileSync(join(data, 'PG_VERSION'), 'utf8'));
  if (found === major) return;
  throw new Error(
    `the data in ${data} belong to PostgreSQL ${found}, but this Bartizan runs PostgreSQL ${major}. ` +
      `Nothing was touched. Start the earlier Bartizan and dump them (pg_dump), or choose another --data-dir.`,
  );
}

function spawnPostmaster(
  binaries: Binaries,
  home: string,
  port: number,
  settings: Readonly<Record<string, string>>,
): ChildProcess {
  const logFile = logOf(home);
  if (sizeOf(logFile) > LOG_LIMIT_BYTES) renameSync(logFile, `${logFile}.1`);
  const log = openSync(logFile, 'a', 0o600);
  const all: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '100',
    shared_buffers: '128MB',
    log_min_messages: 'warning',
    ...settings,
  };
  const child = spawn(
    binaries.postgres,
    ['-D', join(home, 'data'), ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    // Its own process group: Ctrl-C reaches the supervisor, which stops the database last.
    {
      ...asUser(binaries),
      cwd: home,
      env: libraryEnv(binaries.libDir),
      stdio: ['ignore', log, log],
      detached: true,
    },
  );
  closeSync(log);
  return child;
}

function asUser(binaries: Binaries): { uid?: number; gid?: number } {
  return binaries.user ? { uid: binaries.user.uid, gid: binaries.user.gid } : {};
}

interface Starting {
  readonly child: ChildProcess;
  readonly port: number;
  readonly password: string;
  readonly home: string;
  /** Length of the log before this start, in bytes. */
  readonly from: number;
}

/** Waits until the server takes connections and our database exists. */
async function ready({ child, port, password, home, from }: Starting): Promise<string> {
  const connect = (database: string) => `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) {
      const words = readFileSync(logOf(home)).subarray(from).toString();
      const message = `the database ended at once; its last words are in ${logOf(home)}`;
      // Both in English whatever the machine speaks: the cluster is made with --locale=C.
      throw /shared memory block .* is still in use|lock file .* already exists/.test(words)
        ? new DataInUse(message)
        : new Error(message);
    }
    try {
      await ensureDatabase(connect('postgres'));
      return connect(DATABASE);
    } catch (error) {
      if (Date.now() > deadline) {
        child.kill('SIGQUIT');
        throw new Error(`the database did not answer within ${READY_TIMEOUT_MS / 1000} s`, { cause: error });
      }
      await delay(100);
    }
  }
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => {});
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

async function stop(child: ChildProcess, exited: Promise<number | null>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGINT');
  const done = await Promise.race([exited.then(() => true), delay(20_000, false)]);
  if (done) return;
  child.kill('SIGQUIT');
  await exited;
}
