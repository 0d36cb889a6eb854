import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Another live process holds the directory. */
export class DirectoryLocked extends Error {
  readonly pid: number;
  constructor(directory: string, pid: number) {
    super(`${directory} is in use by process ${pid}; stop that process or use another data directory`);
    this.name = 'DirectoryLocked';
    this.pid = pid;
  }
}

interface Holder {
  readonly pid: number;
  /** Start time of the process in clock ticks, where /proc tells it: tells a reused pid apart. */
  readonly started: string;
}

async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  // Field 22 (proc(5)), counted behind the command name, which may hold spaces and parentheses.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const held = new Set<string>();

async function isAlive(holder: Holder, path: string): Promise<boolean> {
  if (holder.pid === process.pid) return held.has(path);
  if (!exists(holder.pid)) return false;
  const started = await startOf(holder.pid);
  return started === '' || holder.started === '' || started === holder.started;
}

async function readHolder(path: string): Promise<Holder | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  const [pid, started] = text.split(' ');
  const number = Number(pid);
  return Number.isSafeInteger(number) && number > 0 ? { pid: number, started: started ?? '' } : null;
}

/**
 * Takes the directory for this process and returns what gives it back. The lock of a dead process is taken
 * over. Throws {@link DirectoryLocked}. Between containers that share a volume pids say nothing: give each
 * gateway its own id.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const path = join(directory, 'lock');
  const content = `${process.pid} ${await startOf(process.pid)}`;
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await create(path, content)) {
      held.add(path);
      return async () => {
        if (held.delete(path)) await rm(path, { force: true });
      };
    }
    const holder = await readHolder(path);
    if (holder && (await isAlive(holder, path))) throw new DirectoryLocked(directory, holder.pid);
    await removeStale(path, holder);
  }
  throw new DirectoryLocked(directory, (await readHolder(path))?.pid ?? 0);
}

/** Creates the lock with its content in one step, so that nobody ever reads half a lock; false when it exists. */
async function create(path: string, content: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, content, { mode: 0o600 });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Moves a dead lock away; when another process was quicker and the moved one is its live lock, it goes back. */
async function removeStale(path: string, seen: Holder | null): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const moved = await readHolder(aside);
  if (moved && (moved.pid !== seen?.pid || moved.started !== seen.started)) {
    await link(aside, path).catch(() => undefined);
  }
  await rm(aside, { force: true });
}
