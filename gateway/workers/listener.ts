import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly maxConnections: number;
  readonly handle: (req: IncomingMessage, res: ServerResponse) => void;
}

export interface Listener {
  readonly url: string;
  /** Stops accepting, lets requests under way finish for up to `graceMs`, then cuts what is left. */
  readonly close: (graceMs: number) => Promise<void>;
}

/** Slow or silent clients are cut: headers within 15 s, a whole request within 2 minutes. */
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 120_000;
/** Longer than the idle timeout of usual load balancers (60 s), so that they close first. */
const KEEP_ALIVE_MS = 65_000;
const MAX_HEADER_BYTES = 32 * 1024;

const REFUSALS: Readonly<Record<string, { readonly status: number; readonly message: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: 'The request headers are larger than 32 KiB.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'The request took too long to arrive.' },
};

/** Answers what is not HTTP in the error shape of the API, where there is still someone to answer. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const { status, message } = REFUSALS[error.code ?? ''] ?? {
    status: 400,
    message: 'The request is not valid HTTP/1.1.',
  };
  const body = JSON.stringify({
    error: { message, type: 'invalid_request_error', param: null, code: 'bad_request' },
  });
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

export async function listen(options: ListenOptions): Promise<Listener> {
  let active = 0;
  let draining = false;
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: MAX_HEADER_BYTES,
      noDelay: true,
    },
    (req, res) => {
      active += 1;
      res.once('close', () => {
        active -= 1;
      });
      if (draining) res.setHeader('connection', 'close');
      options.handle(req, res);
    },
  );
  server.maxConnections = options.maxConnections;
  server.on('clientError', (error, socket) => refuse(error, socket as Socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return Object.freeze({
    url: `http://${host}:${port}`,
    close: async (graceMs: number) => {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const until = Date.now() + graceMs;
      while (active > 0 && Date.now() < until) {
        server.closeIdleConnections();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      server.closeAllConnections();
      await closed;
    },
  });
}
