import { randomUUID } from 'node:crypto';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net';
import type { SnapshotEndpoint, SnapshotUpstream } from '@bartizan/contracts';
import { EndpointFields, UpstreamFields } from '@bartizan/contracts';

/** For tests: upstreams, endpoints and servers that misbehave. */
export function upstreamOf(fields: Partial<SnapshotUpstream> = {}): SnapshotUpstream {
  const defaults = UpstreamFields.parse({ name: 'upstream', provider: 'openai', allowPrivateNetwork: true });
  return { ...defaults, id: randomUUID(), sealedApiKey: null, ...fields };
}

export function endpointWith(
  upstreams: readonly SnapshotUpstream[],
  fields: Partial<SnapshotEndpoint> = {},
): SnapshotEndpoint {
  const defaults = EndpointFields.parse({ slug: 'test', name: 'Test' });
  return {
    ...defaults,
    id: randomUUID(),
    kind: 'llm',
    retry: { maxAttempts: 3, baseDelayMs: 10, maxDelayMs: 200 },
    upstreams: [...upstreams],
    ...fields,
  };
}

export interface TestServer {
  readonly url: string;
  readonly sockets: () => number;
  readonly close: () => Promise<void>;
}

async function listen(server: Server): Promise<TestServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const httpServer = (
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<TestServer> => listen(createHttp(handler));

export const tcpServer = (handler: (socket: Socket) => void): Promise<TestServer> =>
  listen(createTcp(handler));
