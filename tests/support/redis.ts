import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect as tcpConnect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A redis-server (or valkey-server) of its own on loopback, which forgets everything when it ends. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: () => number;
  /** Ends it at once; what it knew is gone. */
  readonly kill: () => Promise<void>;
  /** Starts it again on the same port, empty. */
  readonly start: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Path of the binary, or null where none is installed. */
export function redisBinary(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const name of ['redis-server', 'valkey-server']) {
    const found = [...folders, '/usr/bin', '/usr/local/bin'].find((folder) => existsSync(join(folder, name)));
    if (found) return join(found, name);
  }
  return null;
}

/** A port of loopback that is free now. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = tcpConnect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const done = (yes: boolean): void => {
      socket.destroy();
      resolve(yes);
    };
    socket.setTimeout(1_000, () => done(false));
    socket.on('data', (data) => done(data.toString().startsWith('+PONG')));
    socket.on('error', () => done(false));
  });

export async function startRedis(): Promise<TestRedis> {
  const binary = redisBinary();
  if (binary === null) throw new Error('no redis-server or valkey-server is installed');
  const directory = mkdtempSync(join(tmpdir(), 'bartizan-redis-'));
  const port = await freePort();
  let child: ChildProcess | null = null;

  async function start(): Promise<void> {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory];
    const started = spawn(
      binary as string,
      [...args, '--save', '', '--appendonly', 'no', '--loglevel', 'warning'],
      {
        stdio: 'ignore',
      },
    );
    child = started;
    for (const deadline = Date.now() + 20_000; !(await answers(port)); ) {
      if (started.exitCode !== null || Date.now() > deadline) throw new Error('redis-server did not start');
      await sleep(20);
    }
  }

  async function kill(): Promise<void> {
    const running = child;
    child = null;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await ended;
  }

  await start();
  return Object.freeze({
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: () => child?.pid ?? 0,
    kill,
    start,
    close: async () => {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  });
}
