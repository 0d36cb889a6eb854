import { type Config, ConfigError, loadConfig } from './platform/config/index.ts';
import { MigrationError } from './platform/database/index.ts';

interface Started {
  readonly url: string;
  readonly setupUrl: string | null;
  readonly demoKey: string | null;
  readonly close: () => Promise<void>;
}

/** Stops taking requests, lets running ones finish, and exits; a second signal exits at once. */
function drainOnSignals(server: Started): void {
  let draining = false;
  const drain = () => {
    if (draining) process.exit(1);
    draining = true;
    server.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', drain);
  process.on('SIGINT', drain);
  // The supervisor is gone: nobody would restart or stop us.
  process.on('disconnect', drain);
}

/** Errors whose message says all that a person needs. */
function isPlain(error: unknown): error is Error {
  if (error instanceof ConfigError || error instanceof MigrationError) return true;
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}

/**
 * Runs the server as this process, configured by its environment. A supervisor that has an IPC channel gets
 * `{ type: 'ready', url, setupUrl, demoKey }`; otherwise the addresses go to standard error. Exits with 1
 * when it cannot start.
 */
export async function runAsProcess(start: (config: Config) => Promise<Started>): Promise<void> {
  try {
    const server = await start(loadConfig(process.env));
    drainOnSignals(server);
    const { url, setupUrl, demoKey } = server;
    if (process.send) {
      process.send({ type: 'ready', url, setupUrl, demoKey });
      return;
    }
    console.error(`Console: ${url}`);
    if (setupUrl) console.error(`Set it up here (one-time link): ${setupUrl}`);
  } catch (error) {
    console.error(isPlain(error) ? error.message || String(error) : error);
    process.exit(1);
  }
}
