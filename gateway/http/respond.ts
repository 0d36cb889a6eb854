import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ErrorDialect, errorBody, errorHeaders } from './errors.ts';
import type { Problem } from './problem.ts';

/** How long a client may go on sending a body that was already refused. */
const DRAIN_MS = 5_000;
const SANE_REQUEST_ID = /^[\w.:-]{8,128}$/;

/** The request's own id when it is a plain token, else the one that is given. */
export function requestIdOf(req: IncomingMessage, fresh: string): string {
  const sent = req.headers['x-request-id'];
  return typeof sent === 'string' && SANE_REQUEST_ID.test(sent) ? sent : `req_${fresh.replaceAll('-', '')}`;
}

/** Headers of a whole JSON answer. `request-id` is where Anthropic's clients look. */
export const answerHeaders = (requestId: string): Record<string, string> => ({
  'content-type': 'application/json',
  'x-request-id': requestId,
  'request-id': requestId,
});

export const streamHeaders = (requestId: string): Record<string, string> => ({
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
  'x-request-id': requestId,
  'request-id': requestId,
});

/** Bodies up to this size go out with their head in one piece, which saves gathering them in the kernel. */
const ONE_PIECE_BYTES = 16 * 1024;

/** Answers whole. Does nothing when the client is gone. */
export function sendWhole(
  res: ServerResponse,
  status: number,
  headers: Record<string, string>,
  body: string | Buffer,
): void {
  if (res.destroyed || res.headersSent) return;
  headers['content-length'] = String(typeof body === 'string' ? Buffer.byteLength(body) : body.length);
  res.writeHead(status, headers);
  // One latin1 character is one byte, so the bytes stay as they are.
  if (typeof body !== 'string' && body.length <= ONE_PIECE_BYTES) res.end(body.toString('latin1'), 'latin1');
  else res.end(body);
}

/** Answers with an error in the client's dialect. */
export function sendProblem(
  exchange: { readonly req: IncomingMessage; readonly res: ServerResponse },
  dialect: ErrorDialect,
  fault: Problem,
  requestId: string,
): void {
  const { req, res } = exchange;
  const headers = errorHeaders(fault);
  headers['x-request-id'] = requestId;
  headers['request-id'] = requestId;
  if (fault.code === 'request_timeout') headers.connection = 'close';
  sendWhole(res, fault.status, headers, errorBody(dialect, fault, requestId));
  // What is still being sent is read and dropped, so that the client gets to see the answer, but not for long.
  if (!req.complete) setTimeout(() => req.complete || req.destroy(), DRAIN_MS).unref();
}
