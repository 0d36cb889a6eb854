import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDirectory } from './journal/testing.ts';
import { endpointWith, httpServer, type TestServer, upstreamOf } from './upstream/testing.ts';
import { type FakeServer, fakeServer, TEST_KEY, testSnapshot } from './workers/testing.ts';

/** Streams that nobody reads, and what the gateway has for them. */
const FLOOD = 300;
const ROOM_MB = 32;
const HEAP_MB = 144;
/** Heap, what Node needs beside it, and 1 MiB for the buffers of both connections of each stream. */
const MOST_RSS_MB = HEAP_MB + 100 + FLOOD;
const FEWEST_OTHERS = 6;
/** Seconds on a quiet machine; most of it is making the records of those that had to end. */
const WITHIN_MS = 20_000;

const chunk = (content: string): string =>
  `data: ${JSON.stringify({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta: { content }, finish_reason: null }],
  })}\n\n`;
const BLOCK = chunk('x'.repeat(8_000)).repeat(4);
const END = `${chunk('').replace('"finish_reason":null', '"finish_reason":"stop"')}data: [DONE]\n\n`;

let directory: string;
let remove: () => Promise<void>;
let provider: TestServer & { readonly asked: () => number };
let server: FakeServer;
let child: ChildProcess | null = null;
const sockets: Socket[] = [];

/** A provider whose answers are as long as the question says, in KiB; without end when it says nothing. */
async function startProvider(): Promise<typeof provider> {
  let asked = 0;
  const listening = await httpServer((request, response) => {
    asked += 1;
    let text = '';
    request.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    request.on('end', () => {
      let left = Number(/KIB-(\d+)/.exec(text)?.[1] ?? Number.POSITIVE_INFINITY) * 1024;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const more = (): void => {
        while (!response.destroyed && left > 0) {
          left -= BLOCK.length;
          if (!response.write(BLOCK)) return;
        }
        if (left <= 0 && !response.writableEnded) response.end(END);
      };
      response.on('drain', more);
      more();
    });
  });
  return { ...listening, asked: () => asked };
}

beforeEach(async () => {
  ({ path: directory, remove } = await temporaryDirectory());
  provider = await startProvider();
  const upstream = upstreamOf({ baseUrl: `${provider.url}/v1` });
  server = await fakeServer(testSnapshot({ endpoints: [endpointWith([upstream], { slug: 'main' })] }));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  const running = child;
  child = null;
  if (running !== null && running.exitCode === null && running.signalCode === null) {
    const gone = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await gone;
  }
  await server.close();
  await provider.close();
  await remove();
});

async function start(): Promise<{ url: string; pid: number }> {
  const started = fork(join(import.meta.dirname, 'main.ts'), [], {
    execArgv: [`--max-old-space-size=${HEAP_MB}`, '--max-semi-space-size=16'],
    env: {
      ...process.env,
      BARTIZAN_DATA_DIR: directory,
      BARTIZAN_GATEWAY_PORT: '0',
      BARTIZAN_SERVER_URL: server.url,
      BARTIZAN_MASTER_KEY: 'ab'.repeat(32),
      BARTIZAN_INTERNAL_TOKEN: 'internal-token-of-the-test'.repeat(2),
      BARTIZAN_LOG_LEVEL: 'silent',
      BARTIZAN_ANSWERS_MAX_MB: String(ROOM_MB),
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  child = started;
  const url = await new Promise<string>((resolve, reject) => {
    started.once('exit', (code) => reject(new Error(`gateway ended with ${code}`)));
    started.on('message', (message: { type?: string; url?: string }) => {
      if (message.type === 'ready' && message.url) resolve(message.url);
    });
  });
  return { url, pid: started.pid ?? 0 };
}

const question = (text: string): string =>
  JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: text }] });

/** Asks for an endless stream and never reads a byte of it. */
function askUnread(url: string): void {
  const body = question('Go on');
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TEST_KEY}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
}

async function ask(url: string, kib: number): Promise<{ whole: boolean; ms: number }> {
  const before = performance.now();
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json' },
    body: question(`KIB-${kib}`),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  return { whole: text.endsWith('data: [DONE]\n\n'), ms: performance.now() - before };
}

/** The most memory that a process has had resident, in MiB; null where the system does not say. */
function peakRss(pid: number): number | null {
  const path = `/proc/${pid}/status`;
  const kib = existsSync(path) ? /VmHWM:\s*(\d+) kB/.exec(readFileSync(path, 'utf8'))?.[1] : undefined;
  return kib === undefined ? null : Number(kib) / 1024;
}

const told = (): number => server.endings().filter(({ code }) => code === 'overloaded').length;

test(`${FLOOD} endless streams that nobody reads stay within the room for answers, and others are answered`, async () => {
  const { url, pid } = await start();
  expect((await ask(url, 4)).whole).toBe(true);
  let others = 1;
  let slowest = 0;
  for (let index = 0; index < FLOOD; index++) askUnread(url);
  const began = performance.now();
  const unfinished = (): boolean =>
    told() === 0 || provider.asked() < FLOOD + others || others < FEWEST_OTHERS;
  while (performance.now() - began < 60_000 && unfinished()) {
    const { whole, ms } = await ask(url, 4);
    expect(whole).toBe(true);
    others += 1;
    slowest = Math.max(slowest, ms);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(told()).toBeGreaterThan(0);
  expect(slowest).toBeLessThan(WITHIN_MS);
  for (const socket of sockets.splice(0)) socket.destroy();

  // Each is on record, with the text that went out.
  await expect.poll(() => server.shipped().length, { timeout: 40_000, interval: 100 }).toBe(FLOOD + others);
  expect(new Set(server.shipped()).size).toBe(FLOOD + others);
  const endings = server.endings();
  expect(endings.filter(({ outcome }) => outcome === 'answered')).toHaveLength(others);
  for (const { code, outcome, answerChars } of endings) {
    if (code === 'overloaded') expect(outcome).toBe('failed');
    else expect([null, 'client_closed']).toContain(code);
    if (code === 'overloaded') expect(answerChars).toBeGreaterThan(0);
  }

  // The room is free again: one answer may have most of it.
  expect((await ask(url, (ROOM_MB / 2) * 1024 * 0.7)).whole).toBe(true);
  const peak = peakRss(pid);
  if (peak !== null) expect(peak).toBeLessThan(MOST_RSS_MB);
}, 300_000);
