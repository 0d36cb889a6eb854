import { type ChildProcess, fork } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { NO_LIMITS } from '@bartizan/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from './config.ts';
import { type Demo, startDemo } from './demo/index.ts';
import { temporaryDirectory } from './journal/testing.ts';
import { type FakeServer, fakeServer, TEST_KEY, testSnapshot } from './workers/testing.ts';

let directory: string;
let remove: () => Promise<void>;
let demo: Demo;
let server: FakeServer;
const children: ChildProcess[] = [];

beforeEach(async () => {
  ({ path: directory, remove } = await temporaryDirectory());
  demo = await startDemo({ host: '127.0.0.1', port: 0, delayMs: 0 });
  server = await fakeServer(testSnapshot());
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => ended(child, 'SIGKILL')));
  await server.close();
  await demo.close();
  await remove();
});

function ended(child: ChildProcess, signal?: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => {
    child.once('exit', (code) => resolve(code));
    if (signal) child.kill(signal);
  });
}

const environment = (): Record<string, string> => ({
  BARTIZAN_DATA_DIR: directory,
  BARTIZAN_GATEWAY_PORT: '0',
  BARTIZAN_SERVER_URL: server.url,
  BARTIZAN_DEMO_URL: demo.url,
  BARTIZAN_MASTER_KEY: 'ab'.repeat(32),
  BARTIZAN_INTERNAL_TOKEN: 'internal-token-of-the-test'.repeat(2),
  BARTIZAN_LOG_LEVEL: 'silent',
});

async function start(env: Record<string, string> = {}): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(join(import.meta.dirname, 'main.ts'), [], {
    env: { ...process.env, ...environment(), ...env },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  children.push(child);
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`gateway ended with ${code}`)));
    child.on('message', (message: { type?: string; url?: string }) => {
      if (message.type === 'ready' && message.url) resolve(message.url);
    });
  });
  return { child, url };
}

const ask = (url: string, text = 'Hello', fields: object = {}): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo', messages: [{ role: 'user', content: text }], ...fields }),
  });

describe('gateway process', () => {
  it('serves, ships, drains and starts again with everything else down', async () => {
    const { child, url } = await start();
    const answer = await ask(url);
    expect(answer.status).toBe(200);
    expect(JSON.stringify(await answer.json())).toContain('Lantern');
    await expect.poll(() => server.shipped().length).toBe(1);

    server.setShipStatus(503);
    await (await ask(url, 'kept here')).text();
    const slow = await ask(url, 'repeat: stream slowly, a b c d', { stream: true });
    child.kill('SIGTERM');
    expect(await slow.text()).toContain('[DONE]');
    expect(await ended(child)).toBe(0);
    expect(server.shipped().length).toBe(1);

    const alone = await start({ BARTIZAN_SERVER_URL: 'http://127.0.0.1:1' });
    expect((await ask(alone.url)).status).toBe(200);
    await ended(alone.child, 'SIGKILL');

    server.setShipStatus(200);
    await start();
    await expect.poll(() => server.shipped().length, { timeout: 30_000 }).toBe(4);
    expect(new Set(server.shipped()).size).toBe(4);
  }, 300_000);

  it('ends when its supervisor is gone', async () => {
    const { child } = await start();
    child.disconnect();
    expect(await ended(child)).toBe(0);
  });

  it('answers what is not HTTP and headers that are too large in the shape of the API', async () => {
    const { url } = await start();
    const talk = (bytes: string): Promise<string> =>
      new Promise((resolve) => {
        let text = '';
        const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes));
        socket.on('data', (chunk) => (text += chunk.toString()));
        socket.on('close', () => resolve(text)).on('error', () => undefined);
      });
    expect(await talk('nonsense\r\n\r\n')).toMatch(/^HTTP\/1.1 400 [^]*"invalid_request_error"/);
    expect(await talk(`GET / HTTP/1.1\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431 /);
  });
});

describe('workers', () => {
  it('share limits, outlive a crash, and leave no interaction behind', async () => {
    await server.close();
    const snapshot = testSnapshot();
    const [key] = snapshot.keys;
    if (!key) throw new Error('no key');
    key.limits = { ...NO_LIMITS, requestsPerMinute: 30 };
    server = await fakeServer(snapshot);
    const { child, url } = await start({ BARTIZAN_WORKERS: '2' });
    let answered = 0;
    let refused = 0;
    for (let index = 0; index < 60 && refused < 3; index++) {
      const answer = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${TEST_KEY}`,
          'content-type': 'application/json',
          connection: 'close',
        },
        body: JSON.stringify({ model: 'demo', messages: [{ role: 'user', content: 'Hello' }] }),
      });
      await answer.text();
      if (answer.status === 200) answered += 1;
      else if (answer.status === 429) refused += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(answered).toBeGreaterThanOrEqual(30);
    expect(answered).toBeLessThanOrEqual(36);
    const journals = (await readdir(join(directory, 'journal'))).toSorted();
    expect(journals).toEqual([expect.stringMatching(/-w1$/), expect.stringMatching(/-w2$/)]);

    const lock = await readFile(join(directory, 'journal', String(journals[1]), 'lock'), 'utf8');
    process.kill(Number(lock.split(' ')[0]), 'SIGKILL');
    const locked = (): Promise<string> =>
      readFile(join(directory, 'journal', String(journals[1]), 'lock'), 'utf8').catch(() => lock);
    await expect.poll(locked, { timeout: 30_000 }).not.toBe(lock);
    await expect.poll(async () => (await ask(url)).status, { timeout: 30_000 }).toBe(429);
    await expect.poll(() => server.shipped().length, { timeout: 30_000 }).toBeGreaterThanOrEqual(answered);
    expect(await ended(child, 'SIGTERM')).toBe(0);
  }, 300_000);
});

describe('settings', () => {
  it('are read from the environment, secrets also from files', async () => {
    await writeFile(join(directory, 'key'), `${'cd'.repeat(32)}\n`);
    const config = await readConfig({
      ...environment(),
      BARTIZAN_MASTER_KEY: '',
      BARTIZAN_MASTER_KEY_FILE: join(directory, 'key'),
    });
    expect(config).toMatchObject({ host: '127.0.0.1', port: 0, workers: 1, demoUrl: demo.url });
    expect(config.master.bytes.toString('hex')).toBe('cd'.repeat(32));
    expect(config.gatewayId).toMatch(/^gw-[0-9a-f]{8}$/);
    expect((await readConfig(environment())).gatewayId).toBe(config.gatewayId);
    expect((await stat(join(directory, 'gateway', 'id'))).mode & 0o077).toBe(0);
  });

  it.each([
    ['BARTIZAN_DATA_DIR', ''],
    ['BARTIZAN_SERVER_URL', 'file:///etc/passwd'],
    ['BARTIZAN_GATEWAY_PORT', '70000'],
    ['BARTIZAN_MASTER_KEY', 'secret-but-short'],
    ['BARTIZAN_INTERNAL_TOKEN', 'short'],
    ['BARTIZAN_GATEWAY_ID', '../escape'],
    ['BARTIZAN_WORKERS', '0'],
  ])('a wrong %s is named and not quoted', async (name, value) => {
    await mkdir(directory, { recursive: true });
    const reading = readConfig({ ...environment(), [name]: value });
    await expect(reading).rejects.toBeInstanceOf(ConfigError);
    await expect(reading).rejects.toThrow(name);
    await expect(reading).rejects.not.toThrow('secret-but-short');
  });
});
