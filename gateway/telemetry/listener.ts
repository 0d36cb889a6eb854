import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface MetricsListenerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What scrapers send as `Authorization: Bearer …`. There is no way in without. */
  readonly token: string;
  readonly expose: () => Promise<string>;
}

export interface MetricsListener {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Equal digests in constant time, whatever the lengths. */
function presents(header: string | undefined, expected: Buffer): boolean {
  const match = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(header ?? '');
  return match !== null && timingSafeEqual(digest(match[1] as string), expected);
}

/**
 * Serves `GET /metrics` at an address of its own, so that a network policy can let scrapers in without letting
 * them near the endpoints. Rejects when the address cannot be had.
 */
export async function listenForScrapes(options: MetricsListenerOptions): Promise<MetricsListener> {
  const { host, port, token, expose } = options;
  const expected = digest(token);

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const send = (status: number, body: string, headers: Record<string, string> = {}): void =>
      void res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(body);
    if (!presents(req.headers.authorization, expected)) {
      return send(401, 'send the token of BARTIZAN_METRICS_TOKEN as a bearer\n', {
        'www-authenticate': 'Bearer',
      });
    }
    if (req.url?.split('?', 1)[0] !== '/metrics') return send(404, 'the metrics are at /metrics\n');
    if (req.method !== 'GET') return send(405, 'use GET\n', { allow: 'GET' });
    return send(200, await expose(), { 'content-type': CONTENT_TYPE, 'cache-control': 'no-store' });
  }

  const server = createServer(
    { headersTimeout: 5_000, requestTimeout: 10_000, maxHeaderSize: 8_192 },
    (req, res) => {
      req.resume();
      answer(req, res).catch(() => {
        if (!res.headersSent) res.writeHead(500);
        res.end();
      });
    },
  );
  server.maxConnections = 32;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  return Object.freeze({
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}/metrics`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  });
}
