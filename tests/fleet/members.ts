import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, startRedis, type TestRedis } from '../support/redis.ts';
import { type SystemPostgres, startSystemPostgres } from './postgres.ts';

/** A process of the fleet that can be killed and started again where it was. */
export interface Member {
  readonly name: string;
  readonly url: string;
  readonly start: () => Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  readonly kill: () => Promise<void>;
  readonly log: () => string;
}

export interface Fleet {
  readonly postgres: SystemPostgres;
  readonly redis: TestRedis;
  readonly servers: readonly [Member, Member];
  readonly gateways: readonly [Member, Member, Member];
  /** One-time link of the first server that made one. */
  readonly setupUrl: () => string;
  readonly close: () => Promise<void>;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const START_MS = 120_000;

interface Command {
  readonly name: string;
  readonly entry: string;
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  readonly onReady?: (message: Record<string, unknown>) => void;
}

function member({ name, entry, url, env, onReady }: Command): Member {
  let child: ChildProcess | null = null;
  let log = '';

  async function start(): Promise<void> {
    const started = spawn(process.execPath, [join(ROOT, entry)], {
      env: { PATH: process.env.PATH, NODE_ENV: 'production', BARTIZAN_LOG_LEVEL: 'warn', ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    child = started;
    started.stderr?.on('data', (data: Buffer) => {
      log = (log + data.toString()).slice(-50_000);
    });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${name} did not start:\n${log}`)), START_MS);
      started.once('exit', (code) => reject(new Error(`${name} ended with ${code}:\n${log}`)));
      started.on('message', (message: Record<string, unknown>) => {
        if (message.type !== 'ready') return;
        clearTimeout(timer);
        onReady?.(message);
        resolve();
      });
    });
  }

  async function kill(): Promise<void> {
    const running = child;
    child = null;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await ended;
  }

  return Object.freeze({ name, url, start, kill, log: () => log });
}

/** Two servers and three gateways as processes, on one PostgreSQL and one Redis of the system. */
export async function startFleet(): Promise<Fleet> {
  const home = mkdtempSync(join(tmpdir(), 'bartizan-fleet-'));
  const ends: (() => Promise<unknown> | unknown)[] = [() => rmSync(home, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const end of ends.splice(0).toReversed()) await end();
  };
  try {
    const postgres = await startSystemPostgres();
    ends.push(postgres.close);
    const redis = await startRedis();
    ends.push(redis.close);
    const shared = {
      BARTIZAN_MASTER_KEY: randomBytes(32).toString('hex'),
      BARTIZAN_INTERNAL_TOKEN: randomBytes(32).toString('hex'),
      BARTIZAN_INJECTION_MODEL: 'none',
    };
    const ports = await Promise.all(Array.from({ length: 5 }, freePort));
    const urlOf = (index: number): string => `http://127.0.0.1:${ports[index]}`;
    const dataDir = (name: string): string => {
      mkdirSync(join(home, name), { recursive: true });
      return join(home, name);
    };
    let setupUrl = '';
    const server = (index: number): Member =>
      member({
        name: `server ${index + 1}`,
        entry: 'server/main.ts',
        url: urlOf(index),
        env: {
          ...shared,
          DATABASE_URL: postgres.url,
          BARTIZAN_DATA_DIR: dataDir(`server-${index}`),
          BARTIZAN_PORT: String(ports[index]),
        },
        onReady: (message) => {
          if (typeof message.setupUrl === 'string') setupUrl ||= message.setupUrl;
        },
      });
    const gateway = (index: number): Member =>
      member({
        name: `gateway ${index + 1}`,
        entry: 'gateway/main.ts',
        url: urlOf(2 + index),
        env: {
          ...shared,
          BARTIZAN_SERVER_URL: `${urlOf(0)},${urlOf(1)}`,
          BARTIZAN_DATA_DIR: dataDir(`gateway-${index}`),
          BARTIZAN_GATEWAY_PORT: String(ports[2 + index]),
          BARTIZAN_GATEWAY_ID: `gw-${index + 1}`,
          BARTIZAN_GATEWAYS: '3',
          BARTIZAN_REDIS_URL: redis.url,
          // The machine that tests is slow and busy; how long is waited is not what is tested.
          BARTIZAN_REDIS_TIMEOUT_MS: '2000',
        },
      });
    const servers = [server(0), server(1)] as const;
    const gateways = [gateway(0), gateway(1), gateway(2)] as const;
    for (const each of [...servers, ...gateways]) ends.push(each.kill);
    // Both at once on an empty database: one brings it forward, the other waits.
    await Promise.all(servers.map((each) => each.start()));
    await Promise.all(gateways.map((each) => each.start()));
    return Object.freeze({ postgres, redis, servers, gateways, setupUrl: () => setupUrl, close });
  } catch (error) {
    await close();
    throw error;
  }
}
