import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type Listener, listen } from './listener.ts';

let listener: Listener | null = null;
afterEach(async () => {
  await listener?.close(0);
  listener = null;
});

async function serve(handle: (req: IncomingMessage, res: ServerResponse) => void): Promise<Listener> {
  let active = 0;
  listener = await listen({
    host: '127.0.0.1',
    port: 0,
    maxConnections: 10,
    gateway: {
      handle: (req, res) => {
        active += 1;
        res.once('close', () => {
          active -= 1;
        });
        handle(req, res);
      },
      counts: () => ({ requests: 0, unauthenticated: 0, streams: 0, held: 0, active }),
    },
  });
  return listener;
}

/** What comes back until the other side closes. */
function exchangeRaw(url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' }, () => socket.write(text));
    let got = '';
    socket.on('data', (chunk) => {
      got += chunk.toString();
    });
    socket.on('close', () => resolve(got)).on('error', reject);
  });
}

test('a websocket is refused and its connection closed', async () => {
  const { url } = await serve((_req, res) => res.end('served'));
  const upgrade = 'GET /v1/realtime HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';
  const got = await exchangeRaw(url, upgrade);
  expect(got).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/);
  expect(got).toContain('Websockets are not offered');
  expect(await (await fetch(url)).text()).toBe('served');
});

test('what is not HTTP is answered in the shape of the API', async () => {
  const { url } = await serve((_req, res) => res.end());
  const got = await exchangeRaw(url, 'hello there\r\n\r\n');
  expect(got).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(JSON.parse(got.slice(got.indexOf('\r\n\r\n')))).toMatchObject({
    error: { type: 'invalid_request_error' },
  });
});

test('closing lets a request under way finish', async () => {
  const { url, close } = await serve((_req, res) => setTimeout(() => res.end('whole'), 150));
  const answer = fetch(url);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const closing = close(5_000);
  expect(await (await answer).text()).toBe('whole');
  await closing;
  await expect(fetch(url)).rejects.toThrow();
});
