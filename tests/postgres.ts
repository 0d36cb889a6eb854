import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface TestPostgres {
  /** A superuser's address; make a database of your own on it. */
  readonly url: string;
}

const START_TIMEOUT_MS = 90_000;
const HOLDER = fileURLToPath(new URL('./postgres.holder.ts', import.meta.url));

/** True for the one worker that comes first. */
function claims(directory: string): boolean {
  try {
    mkdirSync(join(directory, 'claimed'));
    return true;
  } catch {
    return false;
  }
}

/**
 * The PostgreSQL of this test run: that of BARTIZAN_TEST_DATABASE_URL, else an embedded one which the first
 * test that asks starts and which ends with the run (see postgres.setup.ts). Without durability: tests only.
 */
export async function testPostgres(): Promise<TestPostgres> {
  const given = process.env.BARTIZAN_TEST_DATABASE_URL;
  if (given) return { url: given };
  const directory = process.env.BARTIZAN_TEST_RUN_DIR;
  const owner = process.env.BARTIZAN_TEST_RUN_PID;
  if (!directory || !owner) {
    throw new Error('no test run is set up: run Vitest with the configuration at the root of the repository');
  }
  if (claims(directory)) {
    spawn(process.execPath, [HOLDER, directory, owner], { detached: true, stdio: 'ignore' }).unref();
  }
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!existsSync(join(directory, 'url'))) {
    const failure = join(directory, 'failure');
    if (existsSync(failure))
      throw new Error(`the test database did not start: ${readFileSync(failure, 'utf8')}`);
    if (Date.now() > deadline)
      throw new Error(`the test database did not start within ${START_TIMEOUT_MS} ms`);
    await sleep(50);
  }
  return { url: readFileSync(join(directory, 'url'), 'utf8') };
}
