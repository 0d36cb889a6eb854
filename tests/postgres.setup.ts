import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Vitest's global set-up: a folder in which the first test that needs a database starts one (a run of
 * tests that need none pays nothing), and its end when the run ends.
 */
export default function setup(): () => Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bartizan-tests-'));
  // As root, PostgreSQL runs as another user, who must be able to walk in.
  chmodSync(directory, 0o755);
  mkdirSync(join(directory, 'data'), { mode: 0o755 });
  process.env.BARTIZAN_TEST_RUN_DIR = directory;
  process.env.BARTIZAN_TEST_RUN_PID = String(process.pid);
  return async () => {
    if (!existsSync(join(directory, 'claimed'))) {
      rmSync(directory, { recursive: true, force: true });
      return;
    }
    const pidFile = join(directory, 'pid');
    if (!existsSync(pidFile)) return; // Never came up, or still starting: the holder ends it.
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGTERM');
    for (let waitedMs = 0; existsSync(directory) && waitedMs < 20_000; waitedMs += 50) await sleep(50);
  };
}
