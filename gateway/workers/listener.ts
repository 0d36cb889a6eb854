import type { AddressInfo } from 'node:net';
import type { Gateway } from '../gateway.ts';
import { createGatewayServer } from '../http/server.ts';

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly maxConnections: number;
  readonly gateway: Pick<Gateway, 'handle' | 'counts'>;
}

export interface Listener {
  readonly url: string;
  /** Stops accepting, lets requests under way finish for up to `graceMs`, then cuts what is left. */
  readonly close: (graceMs: number) => Promise<void>;
}

/** Serves a gateway at an address; rejects when the address cannot be had. */
export async function listen({ host, port, maxConnections, gateway }: ListenOptions): Promise<Listener> {
  let draining = false;
  const server = createGatewayServer({
    handle: (req, res) => {
      if (draining) res.setHeader('connection', 'close');
      gateway.handle(req, res);
    },
  });
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  return Object.freeze({
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    close: async (graceMs: number) => {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const until = Date.now() + graceMs;
      while (gateway.counts().active > 0 && Date.now() < until) {
        server.closeIdleConnections();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      server.closeAllConnections();
      await closed;
    },
  });
}
