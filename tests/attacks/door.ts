import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Door } from './wire.ts';

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url));
const START_MS = 110_000;
const STOP_MS = 20_000;

/** A server as a process of its own, with its log kept. */
export interface RunningDoor {
  readonly door: Door;
  readonly setupUrl: string | null;
  readonly log: () => string;
  readonly alive: () => boolean;
  readonly pid: () => number;
  readonly stop: () => Promise<void>;
}

interface Ready {
  readonly type: 'ready';
  readonly url: string;
  readonly setupUrl: string | null;
}

export async function startDoor(env: Readonly<Record<string, string>>): Promise<RunningDoor> {
  const dataDir = mkdtempSync(join(tmpdir(), 'attacks-'));
  const child = spawn(process.execPath, [MAIN], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      BARTIZAN_DATA_DIR: dataDir,
      BARTIZAN_PORT: '0',
      BARTIZAN_LOG_LEVEL: 'debug',
      BARTIZAN_INJECTION_MODEL: 'none',
      ...env,
    },
  });
  let log = '';
  child.stderr?.on('data', (data: Buffer) => {
    log += data.toString();
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const alive = () => child.exitCode === null && child.signalCode === null;

  async function stop(): Promise<void> {
    if (alive()) child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(kill);
    rmSync(dataDir, { recursive: true, force: true });
  }

  try {
    const ready = await new Promise<Ready>((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`the server did not start:\n${log}`)), START_MS);
      child.once('error', reject);
      void ended.then(() => reject(new Error(`the server ended:\n${log}`)));
      child.on('message', (message: Ready) => {
        if (message.type !== 'ready') return;
        clearTimeout(limit);
        resolve(message);
      });
    });
    const { host, port } = new URL(ready.url);
    return Object.freeze({
      door: Object.freeze({ url: ready.url, host, port: Number(port) }),
      setupUrl: ready.setupUrl,
      log: () => log,
      alive,
      pid: () => child.pid ?? 0,
      stop,
    });
  } catch (error) {
    await stop();
    throw error;
  }
}
