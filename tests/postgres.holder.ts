import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres } from '../cli/up/postgres.ts';

/**
 * Holds the test run's PostgreSQL: `node postgres.holder.ts <directory> <pid of the run>`. It ends itself,
 * the database and the directory as soon as the run is gone, however that ended.
 */
const [directory = '', owner = ''] = process.argv.slice(2);

/** Written aside first, so that a reader never sees half of it. */
function publish(name: string, text: string): void {
  writeFileSync(join(directory, `${name}.new`), text);
  renameSync(join(directory, `${name}.new`), join(directory, name));
}

function ownerAlive(): boolean {
  try {
    process.kill(Number(owner), 0);
    return true;
  } catch {
    return false;
  }
}

try {
  const postgres = await startPostgres({
    dataDir: join(directory, 'data'),
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
    log: () => undefined,
  });
  publish('url', postgres.url);
  const finish = async () => {
    clearInterval(watch);
    await postgres.stop();
    rmSync(directory, { recursive: true, force: true });
    process.exit(0);
  };
  const watch = setInterval(() => {
    if (!ownerAlive()) void finish();
  }, 500);
  publish('pid', String(process.pid));
  process.once('SIGTERM', () => void finish());
} catch (error) {
  publish('failure', error instanceof Error ? error.message : String(error));
}
