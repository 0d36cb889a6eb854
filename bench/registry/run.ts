/**
 * Uploads a large file to a real server with the command line, kills the client half-way and resumes; then again,
 * killing the server. Compares the digest that the server has with the file's, and tells throughput beside
 * `sha256sum` and `cp` alone, and the most memory that client and server had. Linux only.
 *
 *   DATABASE_URL=postgres://… npm run -s bench:registry -- [--size-gib 5] [--json] [--folder DIR]
 *
 * A database of its own is made on that server and dropped afterwards, so the user needs CREATEDB. DIR (the folder for
 * temporary files where absent) needs room for four times the size; everything is removed.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { uploadRoutes } from '@bartizan/contracts';
import { createClient } from '@bartizan/contracts/client.ts';
import pg from 'pg';
import { freePort } from '../../cli/up/ports.ts';
import { type Peak, watchMemory } from './memory.ts';

const { values } = parseArgs({
  options: {
    'size-gib': { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    folder: { type: 'string', default: tmpdir() },
  },
});
const size = Math.round(Number(values['size-gib']) * 2 ** 30);
const given = process.env.DATABASE_URL;
if (!given) throw new Error('set DATABASE_URL to a PostgreSQL on which a database may be made');
if (!(size > 0)) throw new Error('--size-gib takes a number');

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const seconds = (sinceMs: number): number => (performance.now() - sinceMs) / 1000;
const home = mkdtempSync(join(values.folder, 'bartizan-registry-'));
const file = join(home, 'weights.bin');
const running = new Set<ChildProcess>();

/** Random bytes, a block of them again and again with a counter: nothing in between can compress it. */
async function makeFile(): Promise<void> {
  const block = randomBytes(8 * 2 ** 20);
  const handle = await open(file, 'wx');
  try {
    for (let at = 0; at < size; at += block.byteLength) {
      block.writeBigUInt64LE(BigInt(at));
      await handle.writeFile(block.subarray(0, Math.min(block.byteLength, size - at)));
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function timed(command: string, ...args: string[]): number {
  const started = performance.now();
  const { status } = spawnSync(command, args, { stdio: 'ignore' });
  if (status !== 0) throw new Error(`${command} failed`);
  return seconds(started);
}

const name = `bartizan_bench_${randomBytes(4).toString('hex')}`;
const admin = new pg.Client(given);
await admin.connect();
await admin.query(`create database ${name}`);
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const secret = (): string => randomBytes(32).toString('hex');
const environment = {
  PATH: process.env.PATH,
  DATABASE_URL: Object.assign(new URL(given), { pathname: `/${name}` }).href,
  BARTIZAN_DATA_DIR: join(home, 'data'),
  BARTIZAN_PORT: String(port),
  BARTIZAN_MASTER_KEY: secret(),
  BARTIZAN_INTERNAL_TOKEN: secret(),
  // What is measured is the upload, not the scan that follows it.
  BARTIZAN_BACKGROUND: 'off',
  BARTIZAN_LOG_LEVEL: 'warn',
};
const serverPeak: Peak = { mib: 0 };
const clientPeak: Peak = { mib: 0 };

let said = '';
async function startServer(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [here('./server.ts')], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  watchMemory(child, serverPeak);
  for (let tries = 0; tries < 1_200; tries++) {
    if (child.exitCode !== null) throw new Error('the server ended');
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) return child;
    await sleep(100);
  }
  throw new Error('the server did not come up');
}

async function signUp(): Promise<string> {
  const setup = /https?:\S+token=\S+/.exec(said)?.[0] ?? '';
  const token = new URL(setup).searchParams.get('token');
  const post = async (path: string, body: object, cookie = '') => {
    const answer = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const person = { token, name: 'Bench', email: 'bench@example.com', password: 'correct horse battery' };
  const set = await post('/api/v1/auth/setup', person);
  const cookie = set.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  const scopes = ['models.read', 'models.write', 'models.download'];
  const made = await post('/api/v1/keys', { name: 'bench', scopes, endpoints: '*', expiresAt: null }, cookie);
  return ((await made.json()) as { secret: string }).secret;
}

interface Client {
  readonly child: ChildProcess;
  readonly done: Promise<{ readonly code: number | null; readonly out: string }>;
}

function startClient(model: string, key: string): Client {
  const child = spawn(
    process.execPath,
    [here('../../cli/main.ts'), 'model', 'push', file, '--name', model, '--json'],
    {
      env: { PATH: process.env.PATH, HOME: home, BARTIZAN_URL: url, BARTIZAN_API_KEY: key },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  running.add(child);
  watchMemory(child, clientPeak);
  let out = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  const done = new Promise<{ code: number | null; out: string }>((resolve) => {
    child.once('exit', (code) => {
      running.delete(child);
      resolve({ code, out });
    });
  });
  return { child, done };
}

/** Resolves once the server has kept so much of the upload of this model. */
async function untilKept(model: string, key: string, bytes: number): Promise<number> {
  const api = createClient({ baseUrl: url, headers: () => ({ authorization: `Bearer ${key}` }) });
  for (let tries = 0; tries < 36_000; tries++) {
    const { items } = await api.call(uploadRoutes.list, {});
    const one = items.find((upload) => upload.model === model);
    if (one) {
      const { receivedBytes } = await api.call(uploadRoutes.get, { params: { id: one.id } });
      if (receivedBytes >= bytes) return receivedBytes;
    }
    await sleep(100);
  }
  throw new Error('the upload does not get on');
}

async function finished(client: Client): Promise<string> {
  const { code, out } = await client.done;
  if (code !== 0) throw new Error(`the client ended with ${code}`);
  return (JSON.parse(out) as { digest: string }).digest;
}

async function sha256(): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 }))
    hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** Forgets what a pass stored, so that the next one sends it again. */
async function forget(): Promise<void> {
  const client = new pg.Client(environment.DATABASE_URL);
  await client.connect();
  await client.query('delete from uploads; delete from model_version_files; delete from objects');
  await client.end();
  rmSync(join(home, 'data', 'objects'), { recursive: true, force: true });
}

async function measure() {
  say(`making ${values['size-gib']} GiB`);
  await makeFile();
  const alone = { sha256sum: timed('sha256sum', file), cp: timed('cp', file, join(home, 'copy')) };
  rmSync(join(home, 'copy'));
  const synced = timed('sh', '-c', `cp "${file}" "${join(home, 'copy')}" && sync "${join(home, 'copy')}"`);
  rmSync(join(home, 'copy'));
  const content = await sha256();
  const digest = createHash('sha256').update(content, 'hex').digest('hex');

  let server = await startServer();
  const idle = serverPeak.mib;
  const key = await signUp();
  say('one push, not disturbed');
  let started = performance.now();
  const straight = await finished(startClient('straight', key));
  const straightSeconds = seconds(started);
  await forget();

  say('the client is killed half-way');
  const first = startClient('client-killed', key);
  await untilKept('client-killed', key, size / 2);
  await kill(first.child);
  const keptAfterClient = await untilKept('client-killed', key, 1);
  started = performance.now();
  const resumed = await finished(startClient('client-killed', key));
  const resumedSeconds = seconds(started);
  await forget();

  say('the server is killed half-way');
  const second = startClient('server-killed', key);
  await untilKept('server-killed', key, size / 2);
  await kill(server);
  server = await startServer();
  const keptAfterServer = await untilKept('server-killed', key, 1);
  const survived = await finished(second);
  await kill(server);
  const same = [straight, resumed, survived].every((one) => one === digest);
  return {
    sizeBytes: size,
    digestsRight: same,
    sha256sumSeconds: alone.sha256sum,
    cpSeconds: alone.cp,
    cpAndSyncSeconds: synced,
    pushSeconds: straightSeconds,
    pushMibPerSecond: size / 2 ** 20 / straightSeconds,
    resumeAfterClientKilled: { keptBytes: keptAfterClient, seconds: resumedSeconds },
    afterServerKilled: { keptBytes: keptAfterServer },
    serverPeakMib: serverPeak.mib,
    serverStartedMib: idle,
    clientPeakMib: clientPeak.mib,
  };
}

try {
  const result = await measure();
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else
    for (const [what, value] of Object.entries(result))
      process.stdout.write(`${what}: ${JSON.stringify(value)}\n`);
  process.exitCode = result.digestsRight ? 0 : 1;
} finally {
  for (const child of running) child.kill('SIGKILL');
  await admin.query(`drop database if exists ${name} with (force)`);
  await admin.end();
  rmSync(home, { recursive: true, force: true });
}
