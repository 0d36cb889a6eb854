import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Running requests get this long to finish. */
const DRAIN_MS = 10_000;
const SWEEP_MS = 50;

/**
 * Watches a server's connections so that it can stop promptly. Node itself ends only connections that have
 * served a request before; one that was opened ahead of need would hold the server until it times out.
 * Returns a function that runs `close` while ending every connection as soon as no request runs on it.
 */
export function drainable(server: Server): (close: () => Promise<void>) => Promise<void> {
  const running = new Map<Socket, number>();
  server.on('connection', (socket: Socket) => {
    running.set(socket, 0);
    socket.once('close', () => running.delete(socket));
  });
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    running.set(socket, (running.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const count = running.get(socket);
      if (count !== undefined) running.set(socket, count - 1);
    });
  });
  return async (close) => {
    const sweep = setInterval(() => {
      for (const [socket, count] of running) if (count === 0) socket.destroy();
    }, SWEEP_MS);
    const cut = setTimeout(() => {
      for (const socket of running.keys()) socket.destroy();
    }, DRAIN_MS);
    try {
      await close();
    } finally {
      clearInterval(sweep);
      clearTimeout(cut);
    }
  };
}
