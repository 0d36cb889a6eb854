import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { json, sse, startTestGateway, TEST_KEY, type TestGateway, testEndpoint } from './testing.ts';

const soon = { timeout: 20_000, interval: 20 };
let gateway: TestGateway;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await gateway.close();
});

const CHUNK = `data: ${JSON.stringify({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta: { content: 'x'.repeat(8_000) }, finish_reason: null }],
})}\n\n`;

/** A provider whose streams never end; says how many of them are being read. */
function endless() {
  let open = 0;
  async function* chunks() {
    open += 1;
    try {
      for (;;) {
        yield CHUNK;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } finally {
      open -= 1;
    }
  }
  return { open: () => open, chunks };
}

/** Asks for a stream and never reads a byte of it. Resolves when the gateway cuts it. */
function askUnread(url: string): Promise<void> {
  const body = JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'Hello' }] });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  sockets.push(socket);
  socket.pause();
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TEST_KEY}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  return new Promise((resolve) => {
    socket.on('error', () => resolve());
    socket.on('close', () => resolve());
  });
}

describe('clients that do not read', () => {
  test('are cut after a while, and their upstream is let go', async () => {
    const provider = endless();
    gateway = await startTestGateway({
      respond: () => sse(provider.chunks()),
      unread: { timeoutMs: 300 },
    });
    void askUnread(gateway.url);
    await expect.poll(provider.open, soon).toBe(1);
    await expect.poll(provider.open, soon).toBe(0);
    await expect.poll(() => gateway.gateway.counts().active, soon).toBe(0);
  });

  test('are bounded in number and keep nobody waiting', async () => {
    const provider = endless();
    gateway = await startTestGateway({
      // What streams said is not kept after them: it would be what fills the memory of this test.
      endpoints: [testEndpoint({ retention: { content: 'hash', days: 1 } })],
      respond: (_request, body) =>
        (body as { stream?: boolean }).stream ? sse(provider.chunks()) : json({ choices: [] }),
      unread: { timeoutMs: 60_000, most: 8 },
    });
    for (let index = 0; index < 40; index++) void askUnread(gateway.url);
    const ask = () =>
      gateway.post('/v1/chat/completions', { model: 'm', messages: [{ role: 'user', content: 'Hello' }] });
    // While they come in and fill their connections, others are answered.
    for (let index = 0; index < 10; index++) {
      const before = performance.now();
      expect((await ask()).status).toBe(200);
      expect(performance.now() - before).toBeLessThan(20_000);
    }
    // Those that filled theirs and were too many are gone; without the bound all would stay for a minute.
    await expect.poll(provider.open, { timeout: 45_000, interval: 50 }).toBeLessThanOrEqual(8);
    const before = performance.now();
    expect((await ask()).status).toBe(200);
    expect(performance.now() - before).toBeLessThan(20_000);
  }, 180_000);

  test('do not keep a whole answer in memory for ever', async () => {
    const large = json({ choices: [], padding: 'x'.repeat(12_000_000) });
    gateway = await startTestGateway({ respond: () => large, unread: { timeoutMs: 300 } });
    const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hello' }] });
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.pause();
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TEST_KEY}\r\n` +
        `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await expect.poll(() => gateway.records.length, soon).toBe(1);
    await expect.poll(() => gateway.gateway.counts().active, soon).toBe(0);
  });
});
