import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { GATEWAY_NODE_FLAGS } from '@bartizan/gateway/node-flags.ts';
import { type DataDir, openDataDir } from './data-dir.ts';
import { passedOn } from './environment.ts';
import { freePort, isFree } from './ports.ts';
import { type RunningPostgres, startPostgres } from './postgres.ts';
import { createRole, type Role } from './process.ts';
import { noteRunning } from './running.ts';

export interface UpOptions {
  readonly dataDir: string;
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  readonly gatewayPort: number;
  /** Gateway processes; one per core is the most that helps. */
  readonly workers: number;
  /** A PostgreSQL 15 or later of the user's instead of the embedded one. */
  readonly databaseUrl: string | undefined;
  /** Address under which people reach the console, when it is not the one listened on. */
  readonly publicUrl: string | undefined;
  /** The same for the gateway. */
  readonly publicGatewayUrl: string | undefined;
  /** With the built-in demo assistant as the first upstream. */
  readonly demo: boolean;
  readonly log: (line: string) => void;
}

export interface Instance {
  readonly consoleUrl: string;
  readonly gatewayUrl: string;
  /** One-time link that makes the first administrator; null once there is one. */
  readonly setupUrl: string | null;
  /** Key for the demo endpoint; null without the demo or when the key was revoked. */
  readonly demoKey: string | null;
  readonly stop: () => Promise<void>;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SCRIPTS = {
  server: join(ROOT, 'server', 'main.ts'),
  gateway: join(ROOT, 'gateway', 'main.ts'),
  demo: join(ROOT, 'gateway', 'demo', 'main.ts'),
};
const GATEWAY_READY_MS = 60_000;

/** Starts database, server, demo assistant and gateway, each supervised, and resolves when all serve. */
export async function up(options: UpOptions): Promise<Instance> {
  const dataDir = openDataDir(options.dataDir);
  const stops: (() => Promise<void> | void)[] = [() => dataDir.release()];
  const stop = once(async () => {
    for (const part of stops.toReversed()) await part();
  });
  try {
    const addresses = await chooseAddresses(options);
    const databaseUrl = options.databaseUrl ?? (await ownDatabase(dataDir, options, stops));
    stops.push(noteRunning(dataDir.path, addresses));
    const roles = createRoles({ dataDir, options, addresses, databaseUrl });
    for (const role of Object.values(roles)) if (role) stops.push(() => role.stop());
    options.log('Starting the server');
    const [server] = await Promise.all([roles.server.start(), roles.demo?.start()]);
    options.log('Starting the gateway');
    await roles.gateway.start();
    await serving(addresses.gateway);
    return Object.freeze({
      consoleUrl: options.publicUrl ?? addresses.server,
      gatewayUrl: addresses.gateway,
      setupUrl: textOrNull(server.setupUrl),
      demoKey: textOrNull(server.demoKey),
      stop,
    });
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Where each role listens: chosen before anything starts, so that a restarted role comes back where it was. */
interface Addresses {
  readonly server: string;
  readonly gateway: string;
  readonly demo: string;
}

async function chooseAddresses(options: UpOptions): Promise<Addresses> {
  const shown = ['0.0.0.0', '::'].includes(options.host) ? '127.0.0.1' : options.host;
  const at = async (port: number, flag: string) => {
    if (port !== 0 && !(await isFree(port, options.host))) {
      throw new Error(
        `port ${port} on ${options.host} is taken by another program; choose another with ${flag}, 0 for any.`,
      );
    }
    return `http://${shown.includes(':') ? `[${shown}]` : shown}:${port === 0 ? await freePort(options.host) : port}`;
  };
  return {
    server: await at(options.port, '--port'),
    gateway: await at(options.gatewayPort, '--gateway-port'),
    demo: `http://127.0.0.1:${await freePort()}`,
  };
}

interface Setting {
  readonly dataDir: DataDir;
  readonly options: UpOptions;
  readonly addresses: Addresses;
  readonly databaseUrl: string;
}

/** The processes of an instance, in the order in which they start. */
function createRoles({ dataDir, options, addresses, databaseUrl }: Setting): {
  server: Role;
  demo: Role | null;
  gateway: Role;
} {
  const role = (name: string, script: string, env: NodeJS.ProcessEnv, nodeFlags: readonly string[] = []) =>
    createRole({ name, script, log: options.log, env, nodeFlags });
  const demoUrl = options.demo ? { BARTIZAN_DEMO_URL: addresses.demo } : {};
  return {
    demo: options.demo
      ? role('demo assistant', SCRIPTS.demo, {
          PATH: process.env.PATH,
          BARTIZAN_HOST: '127.0.0.1',
          BARTIZAN_DEMO_PORT: portOf(addresses.demo),
        })
      : null,
    server: role('server', SCRIPTS.server, {
      ...baseEnv(dataDir, options),
      BARTIZAN_PORT: portOf(addresses.server),
      BARTIZAN_GATEWAY_URL: options.publicGatewayUrl ?? addresses.gateway,
      BARTIZAN_DEMO: options.demo ? '1' : '',
      DATABASE_URL: databaseUrl,
      ...passedOn('server'),
      ...(options.publicUrl ? { BARTIZAN_PUBLIC_URL: options.publicUrl } : {}),
    }),
    gateway: role(
      'gateway',
      SCRIPTS.gateway,
      {
        ...baseEnv(dataDir, options),
        BARTIZAN_GATEWAY_PORT: portOf(addresses.gateway),
        BARTIZAN_SERVER_URL: addresses.server,
        BARTIZAN_WORKERS: String(options.workers),
        ...passedOn('gateway'),
        ...demoUrl,
      },
      GATEWAY_NODE_FLAGS,
    ),
  };
}

function baseEnv(dataDir: DataDir, options: UpOptions): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    TZ: process.env.TZ,
    NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS,
    BARTIZAN_LOG_LEVEL: process.env.BARTIZAN_LOG_LEVEL ?? 'warn',
    ...passedOn('both'),
    BARTIZAN_TRUSTED_PROXIES: process.env.BARTIZAN_TRUSTED_PROXIES,
    BARTIZAN_DATA_DIR: dataDir.path,
    BARTIZAN_HOST: options.host,
    BARTIZAN_MASTER_KEY_FILE: dataDir.masterKeyFile,
    BARTIZAN_INTERNAL_TOKEN_FILE: dataDir.internalTokenFile,
  };
}

/** The embedded PostgreSQL, started again on the same port when it dies. */
async function ownDatabase(
  dataDir: DataDir,
  options: UpOptions,
  stops: (() => Promise<void> | void)[],
): Promise<string> {
  options.log('Starting the database');
  let running: RunningPostgres = await startPostgres({ dataDir: dataDir.path, log: options.log });
  let stopping = false;
  const watch = async (): Promise<void> => {
    for (;;) {
      const code = await running.exited;
      if (stopping) return;
      options.log(`database ended (code ${code}); starting it again`);
      running = await restart(running.port);
    }
  };
  const restart = async (port: number): Promise<RunningPostgres> => {
    for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, 15_000)) {
      try {
        return await startPostgres({ dataDir: dataDir.path, port, log: options.log });
      } catch (error) {
        options.log(`database could not start: ${error instanceof Error ? error.message : String(error)}`);
        await delay(waitMs);
      }
    }
  };
  stops.push(async () => {
    stopping = true;
    await running.stop();
  });
  void watch();
  return running.url;
}

/** Waits until the gateway has a configuration to serve by. */
async function serving(url: string): Promise<void> {
  const deadline = Date.now() + GATEWAY_READY_MS;
  for (;;) {
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) return;
    if (Date.now() > deadline) throw new Error('the gateway got no configuration from the server in time');
    await delay(50);
  }
}

const portOf = (url: string): string => new URL(url).port;
const textOrNull = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

function once(run: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined;
  return () => {
    result ??= run();
    return result;
  };
}
