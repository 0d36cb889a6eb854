import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { alive } from './postgres-stale.ts';

/** Files of an instance that are not in the database. Both secrets are 32 random bytes as hex, mode 0600. */
export interface DataDir {
  readonly path: string;
  readonly masterKeyFile: string;
  readonly internalTokenFile: string;
  /** Gives the lock back. */
  readonly release: () => void;
}

/** The data directory belongs to a running Bartizan. */
export class DataDirInUse extends Error {
  readonly pid: number;
  constructor(path: string, pid: number) {
    super(
      `Bartizan already runs on ${path} (process ${pid}). Use that one, stop it first, or choose another --data-dir.`,
    );
    this.name = 'DataDirInUse';
    this.pid = pid;
  }
}

/** Creates what is missing and locks the directory for this process; throws {@link DataDirInUse}. */
export function openDataDir(path: string): DataDir {
  const root = resolve(path);
  mkdirSync(join(root, 'keys'), { recursive: true, mode: 0o700 });
  const lock = join(root, 'bartizan.pid');
  takeLock(lock, root);
  return Object.freeze({
    path: root,
    masterKeyFile: secretFile(join(root, 'keys', 'master.key')),
    internalTokenFile: secretFile(join(root, 'keys', 'internal.token')),
    release: () => rmSync(lock, { force: true }),
  });
}

function takeLock(lock: string, root: string): void {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const file = openSync(lock, 'wx', 0o600);
      writeSync(file, `${process.pid}\n${startOf(process.pid)}\n`);
      closeSync(file);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const owner = ownerOf(lock);
      if (owner !== null && owner !== process.pid) throw new DataDirInUse(root, owner);
      rmSync(lock, { force: true });
    }
  }
  throw new Error(`another Bartizan is starting on ${root}`);
}

/** The living process that holds a data directory; null where none does. */
export const holderOf = (path: string): number | null => ownerOf(join(resolve(path), 'bartizan.pid'));

function ownerOf(lock: string): number | null {
  if (!existsSync(lock)) return null;
  const [pid = '', start = ''] = readFileSync(lock, 'utf8').split('\n');
  const owner = Number(pid);
  return owner > 1 && alive(owner) && startOf(owner) === start ? owner : null;
}

/** When a process began, in the kernel's ticks, so that a reused process id is not taken for the old one. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function secretFile(path: string): string {
  if (!existsSync(path)) {
    try {
      writeFileSync(path, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return path;
}
