import type { IncomingMessage } from 'node:http';
import { type Problem, problem } from './problem.ts';

export type BodyResult =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly problem: Problem; readonly gone: boolean };

/** No body may be larger than this, whatever an endpoint allows. */
export const HARD_LIMIT_BYTES = 256 * 1024 * 1024;

export function tooLarge(limitBytes: number): Problem {
  return problem(
    'request_too_large',
    `The request body is larger than the ${limitBytes} bytes that this endpoint accepts. Send less, or ask its operator to raise the limit.`,
  );
}

/** What the headers alone already rule out. */
function refusedByHeaders(req: IncomingMessage, limitBytes: number): Problem | null {
  const encoding = req.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return problem(
      'unsupported_media_type',
      'Compressed request bodies are not accepted. Send the JSON without `content-encoding`.',
    );
  }
  const type = req.headers['content-type'];
  if (type !== undefined && !/^application\/(?:json|[\w.-]{1,60}\+json)\b/i.test(type)) {
    return problem('unsupported_media_type', 'Send the body as JSON with `content-type: application/json`.');
  }
  const declared = req.headers['content-length'];
  return declared !== undefined && Number(declared) > limitBytes ? tooLarge(limitBytes) : null;
}

/** A body on its way in. */
interface Arriving {
  readonly deadlineMs: number;
  readonly expire: () => void;
}

const arriving = new Set<Arriving>();
let sweeper: NodeJS.Timeout | null = null;
const SWEEP_MS = 250;

/** One timer for all bodies: a timer each would cost more than most bodies take to arrive. */
function watch(body: Arriving): void {
  arriving.add(body);
  sweeper ??= setInterval(() => {
    const now = performance.now();
    for (const each of arriving) if (each.deadlineMs <= now) each.expire();
    if (arriving.size === 0 && sweeper !== null) {
      clearInterval(sweeper);
      sweeper = null;
    }
  }, SWEEP_MS).unref();
}

/**
 * Reads a request body of at most `limitBytes` within `timeoutMs`. `gone` says that the client went away.
 * Never rejects.
 */
export function readBody(req: IncomingMessage, limitBytes: number, timeoutMs: number): Promise<BodyResult> {
  const refused = refusedByHeaders(req, Math.min(limitBytes, HARD_LIMIT_BYTES));
  if (refused !== null) return Promise.resolve({ ok: false, problem: refused, gone: false });
  return new Promise((resolve) => {
    let first: Buffer | null = null;
    let rest: Buffer[] | null = null;
    let size = 0;
    const limit = Math.min(limitBytes, HARD_LIMIT_BYTES);
    const body: Arriving = {
      deadlineMs: performance.now() + timeoutMs,
      expire: () => {
        const seconds = Math.round(timeoutMs / 1000);
        const message = `The request body did not arrive within ${seconds} seconds. Send it faster.`;
        finish({ ok: false, problem: problem('request_timeout', message), gone: false });
      },
    };
    function finish(result: BodyResult): void {
      arriving.delete(body);
      req.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
      if (!result.ok) req.pause();
      resolve(result);
    }
    function onData(chunk: Buffer): void {
      size += chunk.length;
      if (size > limit) {
        finish({ ok: false, problem: tooLarge(limit), gone: false });
      } else if (first === null) first = chunk;
      else if (rest === null) rest = [first, chunk];
      else rest.push(chunk);
    }
    function onEnd(): void {
      finish({ ok: true, bytes: rest === null ? (first ?? Buffer.alloc(0)) : Buffer.concat(rest, size) });
    }
    function onGone(): void {
      const message = 'The client closed the connection while it sent the request.';
      finish({ ok: false, problem: problem('client_closed', message), gone: true });
    }
    req.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
    watch(body);
  });
}
