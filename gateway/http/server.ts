import { createServer, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Gateway } from '../gateway.ts';
import { errorBody } from './errors.ts';
import { type Problem, problem } from './problem.ts';

/** Slow or silent clients are cut: headers within 15 s, a whole request within 2 minutes. */
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 120_000;
const CHECK_EVERY_MS = 2_000;
/** Longer than the idle timeout of usual load balancers (60 s), so that they close first. */
const KEEP_ALIVE_MS = 65_000;
const MAX_HEADER_BYTES = 32 * 1024;
/** How long someone who was refused may take to read why and close. */
const LINGER_MS = 2_000;

/** What the HTTP parser refuses before there is a request. */
function parserProblem(code: string | undefined): Problem {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problem('request_timeout', 'The request did not arrive in time. Send it faster.');
    case 'HPE_HEADER_OVERFLOW':
      return problem('request_too_large', `The request headers are larger than ${MAX_HEADER_BYTES} bytes.`, {
        status: 431,
      });
    default:
      return problem('invalid_request', 'The request is not valid HTTP/1.1.');
  }
}

/** Answers on a socket that has no request, and sees to it that it closes. */
function answerRaw(socket: Duplex, fault: Problem): void {
  if (socket.destroyed || !socket.writable) return void socket.destroy();
  const body = errorBody('openai', fault, '');
  const linger = setTimeout(() => socket.destroy(), LINGER_MS);
  // Node has let go of this socket: without a listener its errors would end the process.
  socket.on('error', () => socket.destroy());
  socket.once('close', () => clearTimeout(linger));
  socket.resume();
  socket.end(
    [
      `HTTP/1.1 ${fault.status} ${STATUS_CODES[fault.status] ?? 'Error'}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

/**
 * An HTTP server for a gateway, not yet listening: slow, oversized and malformed requests are answered in the
 * OpenAI error shape, and upgrades (websockets) are refused, because nothing would guard what goes through.
 */
export function createGatewayServer(gateway: Pick<Gateway, 'handle'>): Server {
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      noDelay: true,
    },
    gateway.handle,
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET') socket.destroy();
    else answerRaw(socket, parserProblem(error.code));
  });
  server.on('upgrade', (_request, socket) => {
    const message =
      'Websockets are not offered: nothing would guard them. Use POST, with `stream: true` for streams.';
    answerRaw(socket, problem('invalid_request', message, { status: 426 }));
  });
  return server;
}
