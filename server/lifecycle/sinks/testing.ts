import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import { gunzipSync } from 'node:zlib';

export interface Certificate {
  /** PEM of the authority that signed it. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** An authority and a certificate for 127.0.0.1 and localhost, made for this run with openssl. */
export function makeCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'bartizan-tls-'));
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  try {
    const run = (line: string, ...last: string[]) => openssl(...line.split(' '), ...fresh, ...last);
    run('req -x509 -days 2 -subj /CN=authority -keyout ca.key -out ca.pem');
    const extensions = ['subjectAltName=DNS:localhost,IP:127.0.0.1', 'basicConstraints=critical,CA:FALSE'];
    run(
      'req -x509 -days 2 -subj /CN=localhost -CA ca.pem -CAkey ca.key -keyout key.pem -out cert.pem',
      ...extensions.flatMap((one) => ['-addext', one]),
    );
    const read = (name: string): string => readFileSync(at(name), 'utf8');
    return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Listening {
  readonly port: number;
  readonly close: () => Promise<void>;
}

async function listening(server: Server, port: number): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((done, fail) => server.once('error', fail).listen(port, '127.0.0.1', done));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

export interface Request {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
/** What a receiver says to a request; `null` hangs, `'reset'` cuts the connection. */
export type Answer =
  | { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> }
  | 'reset'
  | null;

export interface HttpReceiver extends Listening {
  readonly requests: Request[];
}

/** An HTTPS receiver that answers as `answer` says. */
export async function httpReceiver(
  certificate: Certificate,
  answer: (request: Request) => Answer | Promise<Answer>,
  options: { readonly port?: number; readonly clientCa?: string } = {},
): Promise<HttpReceiver> {
  const requests: Request[] = [];
  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const body = (incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString();
    const request = { path: incoming.url ?? '', headers: incoming.headers, body };
    requests.push(request);
    const said = await answer(request);
    if (said === 'reset') incoming.socket.destroy();
    else if (said !== null) response.writeHead(said.status, said.headers).end(said.body ?? '');
  }
  const { cert, key } = certificate;
  const client = options.clientCa ? { ca: options.clientCa, requestCert: true } : {};
  const server = createHttps({ cert, key, ...client }, (incoming, response) => {
    handle(incoming, response).catch(() => incoming.socket.destroy());
  });
  return { ...(await listening(server, options.port ?? 0)), requests };
}

/** Splits a stream of octet-counted messages (RFC 5425 §4.3); throws where the count is wrong. */
export function readOctetCounted(bytes: Buffer): { messages: string[]; rest: Buffer } {
  const messages: string[] = [];
  let rest = bytes;
  for (;;) {
    const space = rest.indexOf(0x20);
    if (space < 0) return { messages, rest };
    const digits = rest.subarray(0, space).toString('latin1');
    if (!/^[1-9]\d{0,8}$/.test(digits)) throw new Error(`not a message length: ${digits.slice(0, 20)}`);
    const end = space + 1 + Number(digits);
    if (rest.length < end) return { messages, rest };
    messages.push(rest.subarray(space + 1, end).toString());
    rest = rest.subarray(end);
  }
}

export interface SyslogReceiver extends Listening {
  readonly messages: string[];
  readonly errors: unknown[];
}

/** A syslog receiver over TLS, or over TCP without a certificate. */
export async function syslogReceiver(certificate: Certificate | null, port = 0): Promise<SyslogReceiver> {
  const messages: string[] = [];
  const errors: unknown[] = [];
  const serve = (socket: Socket): void => {
    let rest: Buffer = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      try {
        const read = readOctetCounted(Buffer.concat([rest, chunk]));
        rest = read.rest;
        messages.push(...read.messages);
      } catch (error) {
        errors.push(error);
        socket.destroy();
      }
    });
  };
  const server = certificate
    ? createTls({ cert: certificate.cert, key: certificate.key }, serve)
    : createTcp(serve);
  return { ...(await listening(server, port)), messages, errors };
}
