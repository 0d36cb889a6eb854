import type { Dispatcher } from 'undici';
import { UpstreamFailure, type UpstreamFailureKind } from '../ports.ts';
import { type AnswerBody, createBody } from './body.ts';
import { passedHeaders } from './target.ts';

export interface ExchangeRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer | null;
  /** From now until the response headers; waiting for a connection included. */
  readonly headersTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface Exchange {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Buffer>;
  readonly discard: () => void;
  /** Settles when the body is over: null when it came whole. */
  readonly closed: Promise<UpstreamFailureKind | null>;
}

const TIMEOUTS = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
]);
const GARBAGE = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RESPONSE',
]);

/** What kind of failure an error of the HTTP client is. */
export function failureKind(error: unknown): UpstreamFailureKind {
  if (error instanceof UpstreamFailure) return error.kind;
  const { code = '', name = '' } = (error ?? {}) as { code?: string; name?: string };
  if (TIMEOUTS.has(code)) return 'timeout';
  if (GARBAGE.has(code) || name === 'HTTPParserError' || code.startsWith('HPE_')) return 'garbage';
  return 'connection';
}

/**
 * One HTTP exchange: resolves once the response headers are there, rejects with {@link UpstreamFailure}.
 * Redirects are answers like any other; compressed answers were not asked for and are garbage.
 */
export function exchange(dispatcher: Dispatcher, request: ExchangeRequest): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | null = null;
    let body: AnswerBody | null = null;
    let settled: UpstreamFailure | null = null;
    let closeBody: (kind: UpstreamFailureKind | null) => void = () => undefined;
    const timer = setTimeout(() => fail('timeout'), request.headersTimeoutMs);
    const onAbort = (): void => fail('cancelled');
    request.signal.addEventListener('abort', onAbort, { once: true });
    if (request.signal.aborted) return onAbort();

    function release(): void {
      clearTimeout(timer);
      request.signal.removeEventListener('abort', onAbort);
    }

    function fail(kind: UpstreamFailureKind, cause?: unknown): void {
      if (body) return body.fail(kind, cause);
      if (settled) return;
      settled = new UpstreamFailure(kind, { cause });
      release();
      controller?.abort(settled);
      reject(settled);
    }

    function start(status: number, raw: Record<string, string | string[] | undefined>): void {
      if (status < 200 || !controller || settled) return;
      const encoding = String(raw['content-encoding'] ?? 'identity').toLowerCase();
      if (encoding !== 'identity' && encoding !== '') return fail('garbage');
      clearTimeout(timer);
      const flow = controller;
      const closed = new Promise<UpstreamFailureKind | null>((done) => {
        closeBody = done;
      });
      const created = createBody({
        flow: {
          pause: () => flow.pause(),
          resume: () => flow.resume(),
          abort: (reason) => flow.abort(reason),
        },
        idleTimeoutMs: request.idleTimeoutMs,
        maxBytes: request.maxBytes,
        onClose: (kind) => {
          release();
          closeBody(kind);
        },
      });
      body = created;
      const { iterable, discard } = created;
      resolve({ status, headers: passedHeaders(raw), body: iterable, discard, closed });
      if (Number(raw['content-length'] ?? 0) > request.maxBytes) fail('too_large');
    }

    dispatcher.dispatch(
      { method: request.method, path: request.path, headers: request.headers, body: request.body },
      {
        onRequestStart(started) {
          controller = started;
          if (settled) started.abort(settled);
        },
        onResponseStart(_controller, status, headers) {
          start(status, headers);
        },
        onResponseData(_controller, chunk) {
          body?.push(chunk);
        },
        onResponseEnd() {
          body?.end();
        },
        onResponseError(_controller, error) {
          fail(failureKind(error), error);
        },
      },
    );
  });
}
