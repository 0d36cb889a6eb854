import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type StreamOptions, sendStream } from './stream.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Serves one stream; resolves how it ended. */
async function serve(options: Pick<StreamOptions, 'chunks' | 'mediaType'> & Partial<StreamOptions>) {
  let done: (result: Promise<void>) => void = () => undefined;
  const result = new Promise<void>((resolve, reject) => {
    done = (work) => void work.then(resolve, reject);
  });
  result.catch(() => undefined);
  const server = createServer((_, response: ServerResponse) => {
    const abort = new AbortController();
    response.once('close', () => abort.abort());
    done(sendStream(response, { headers: {}, signal: abort.signal, ...options }));
  });
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, result };
}

test('a client that stops reading is dropped, and the source is closed', async () => {
  let closed = false;
  async function* endless() {
    try {
      for (;;) yield 'x'.repeat(100_000);
    } finally {
      closed = true;
    }
  }
  const { url, result } = await serve({ chunks: endless(), mediaType: 'text/plain', stallMs: 100 });
  const response = await new Promise<IncomingMessage>((resolve) => get(url, resolve));
  response.on('error', () => undefined);
  response.pause();
  await expect(result).rejects.toThrow('stalled');
  expect(closed).toBe(true);
});

test('a quiet event stream is kept alive with comments', async () => {
  async function* quiet() {
    yield 'data: 1\n\n';
    await sleep(120);
    yield 'data: 2\n\n';
  }
  const { url, result } = await serve({ chunks: quiet(), mediaType: 'text/event-stream', pingMs: 25 });
  const text = await (await fetch(url)).text();
  expect(text.startsWith('data: 1\n\n: ping\n\n')).toBe(true);
  expect(text.endsWith('data: 2\n\n')).toBe(true);
  await result;
});

test('a source that never answers does not hold a stream whose client left', async () => {
  const never: AsyncIterable<string> = {
    [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
  };
  const { url, result } = await serve({ chunks: never, mediaType: 'text/event-stream' });
  const stop = new AbortController();
  await fetch(url, { signal: stop.signal });
  stop.abort();
  await result;
});

test('a later failure cuts the answer, so that nobody takes it for whole', async () => {
  async function* failing() {
    yield 'first\n';
    throw new Error('lost');
  }
  const { url, result } = await serve({ chunks: failing(), mediaType: 'application/x-ndjson' });
  await expect(fetch(url).then((answer) => answer.text())).rejects.toThrow();
  await expect(result).rejects.toThrow('lost');
});
