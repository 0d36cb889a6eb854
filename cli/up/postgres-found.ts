import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DATABASE, homeApart, SUPERUSER } from './postgres-binaries.ts';
import { alive, isPostmasterOn } from './postgres-stale.ts';

/** The embedded database of a data directory as it lies there; nothing is made or changed. */
export interface FoundPostgres {
  readonly home: string;
  readonly data: string;
  /** As PG_VERSION says, e.g. 18. */
  readonly major: number;
  /** The process in postmaster.pid; null without that file. */
  readonly pid: number | null;
  /** Its address when it runs; null when it does not. */
  readonly url: string | null;
}

/** Looks in the data directory and below /var/lib/bartizan; null when neither holds a database. */
export function findPostgres(dataDir: string): FoundPostgres | null {
  for (const home of [join(resolve(dataDir), 'postgres'), homeApart(dataDir)]) {
    const data = join(home, 'data');
    if (!existsSync(join(data, 'PG_VERSION'))) continue;
    const major = Number(readFileSync(join(data, 'PG_VERSION'), 'utf8'));
    const [pidLine = '', , , port = ''] = existsSync(join(data, 'postmaster.pid'))
      ? readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
      : [];
    const pid = Number(pidLine) > 1 ? Number(pidLine) : null;
    const runs = pid !== null && alive(pid) && isPostmasterOn(pid, data);
    return Object.freeze({ home, data, major, pid, url: runs ? addressOf(home, port) : null });
  }
  return null;
}

function addressOf(home: string, port: string): string | null {
  const file = join(home, 'password');
  if (!existsSync(file) || !/^\d{1,5}$/.test(port)) return null;
  const password = encodeURIComponent(readFileSync(file, 'utf8').trim());
  return `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${DATABASE}`;
}
