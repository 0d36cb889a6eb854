import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GATEWAY_NODE_FLAGS } from '@bartizan/gateway/node-flags.ts';
import { freePort } from '../../cli/up/ports.ts';

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const running: ChildProcess[] = [];
const folders: string[] = [];

export interface Target {
  readonly url: string;
  readonly pid: number;
}

/** Starts one of the small programs beside this file; it prints its port. */
export async function startProgram(file: string, ...args: string[]): Promise<Target> {
  const child = spawn(process.execPath, [here(file), ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  running.push(child);
  const port = await new Promise<string>((settle, reject) => {
    child.stdout?.once('data', (line: Buffer) => settle(line.toString().trim()));
    child.once('exit', () => reject(new Error(`${file} ended`)));
  });
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0 };
}

/** Starts the real gateway against a control plane, with its own empty data folder. */
export async function startGateway(
  serverUrl: string,
  workers: number,
  env: Readonly<Record<string, string>> = {},
): Promise<Target> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bartizan-bench-'));
  folders.push(dataDir);
  const secret = (name: string) => {
    const file = join(dataDir, name);
    writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600 });
    return file;
  };
  const port = await freePort();
  const child = spawn(process.execPath, [...GATEWAY_NODE_FLAGS, here('../../gateway/main.ts')], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      PATH: process.env.PATH,
      BARTIZAN_DATA_DIR: dataDir,
      BARTIZAN_HOST: '127.0.0.1',
      BARTIZAN_GATEWAY_PORT: String(port),
      BARTIZAN_SERVER_URL: serverUrl,
      BARTIZAN_WORKERS: String(workers),
      BARTIZAN_MASTER_KEY_FILE: secret('master.key'),
      BARTIZAN_INTERNAL_TOKEN_FILE: secret('internal.token'),
      BARTIZAN_LOG_LEVEL: 'error',
      ...env,
    },
  });
  running.push(child);
  const url = `http://127.0.0.1:${port}`;
  await until(`${url}/readyz`);
  return { url, pid: child.pid ?? 0 };
}

/** Starts the peer's server from its npm package. */
export async function startPortkey(): Promise<Target> {
  const port = await freePort();
  const script = here('../../node_modules/@portkey-ai/gateway/build/start-server.js');
  const child = spawn(process.execPath, [script, '--headless', `--port=${port}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: process.env.PATH, NODE_ENV: 'production', TRUSTED_CUSTOM_HOSTS: '127.0.0.1,localhost' },
  });
  running.push(child);
  const url = `http://127.0.0.1:${port}`;
  await until(url);
  return { url, pid: child.pid ?? 0 };
}

/** Ends everything that was started here, by process id, and removes the folders. */
export function stopAll(): void {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** CPU time (user and system) that a process and its children have used, in milliseconds; Linux only. */
export function cpuMs(pid: number): number {
  return family(pid).reduce((sum, id) => {
    const stat = readFileSync(`/proc/${id}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) * 10;
  }, 0);
}

/** Resident memory of a process and its children in MiB; Linux only. */
export function residentMib(pid: number): number {
  return family(pid).reduce((sum, id) => {
    const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1];
    return sum + Number(kib ?? 0) / 1024;
  }, 0);
}

function family(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
  return [pid, ...children.flatMap(family)];
}

async function until(url: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const answer = await fetch(url).catch(() => null);
    if (answer && answer.status < 500) return;
    await new Promise((settle) => setTimeout(settle, 100));
  }
  throw new Error(`${url} did not come up`);
}
