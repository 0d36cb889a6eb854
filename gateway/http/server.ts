import { createServer, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Gateway } from '../gateway.ts';
import { errorBody } from './errors.ts';
import { type Problem, problem } from './problem.ts';

const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 120_000;
const CHECK_EVERY_MS = 2_000;
const KEEP_ALIVE_MS = 75_000;
const MAX_HEADER_BYTES = 32 * 1024;

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

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  426: 'Upgrade Required',
  431: 'Request Header Fields Too Large',
};

function answerRaw(socket: Duplex, fault: Problem): void {
  if (socket.destroyed || !socket.writable) return;
  const body = errorBody('openai', fault, '');
  socket.end(
    `HTTP/1.1 ${fault.status} ${REASONS[fault.status] ?? 'Error'}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
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
