import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { AppError } from '../../kernel/error.ts';

/** An ordinary body has to be there within this. */
const BODY_MS = 60_000;
/** A body of any length is given up when nothing comes for this long. */
const SILENCE_MS = 60_000;
/** Of a route that takes bytes and names no limit of its own. */
export const MAX_RECEIVED_BYTES = 2 ** 40;

/** A client whose upload was refused has this long to stop sending and read why. */
const LINGER_MS = 2_000;

/**
 * Lets a scope's routes have their bodies as they come, whatever media type the client names. The connection of a
 * refused upload is closed soon after the answer, instead of swallowing what is still to come.
 */
export function takeAnyBody(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined));
  scope.addHook('onSend', async (request, reply) => {
    if (!request.raw.complete) reply.header('connection', 'close');
  });
  scope.addHook('onResponse', async ({ raw }) => {
    if (raw.complete) return;
    setTimeout(() => {
      if (!raw.complete) raw.destroy();
    }, LINGER_MS).unref();
  });
}

/** Ends requests whose body takes too long, but for routes that take bytes: those watch for silence themselves. */
export function limitBodyTime(app: FastifyInstance, limitMs = BODY_MS): void {
  app.addHook('onRequest', async (request) => {
    const { receives } = request.routeOptions.config as { receives?: string };
    if (receives !== undefined) return;
    const timer = setTimeout(() => {
      if (!request.raw.complete) request.raw.destroy();
    }, limitMs);
    const clear = () => clearTimeout(timer);
    request.raw.once('end', clear);
    request.raw.once('close', clear);
  });
}

/** Of routes that take no bytes. */
export async function* noBytes(): AsyncGenerator<Uint8Array> {
  yield* [];
}

export interface ReceiveOptions {
  readonly maxBytes: number;
  /** Aborted when the client leaves or the server stops. */
  readonly signal: AbortSignal;
  readonly silenceMs?: number;
}

const stopped = () =>
  new AppError('invalid_input', 'the upload broke off before its end', { hint: 'Send it again.' });

/**
 * The body of a request, chunk by chunk, at the reader's pace. Throws `too_large` past `maxBytes` (at once where
 * the client announces more) and `invalid_input` when the client leaves, falls silent, or sends fewer bytes than it
 * announced.
 */
export async function* receivedBytes(
  request: IncomingMessage,
  { maxBytes, signal, silenceMs = SILENCE_MS }: ReceiveOptions,
): AsyncGenerator<Uint8Array> {
  const tooLarge = () => new AppError('too_large', `the upload is larger than ${maxBytes} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  let received = 0;
  let timer: NodeJS.Timeout | undefined;
  const rearm = () => {
    clearTimeout(timer);
    timer = setTimeout(() => request.destroy(), silenceMs);
  };
  try {
    rearm();
    // Left open when the reader stops, so that an answer can still be sent.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      clearTimeout(timer);
      if (signal.aborted) throw stopped();
      received += chunk.byteLength;
      if (received > maxBytes) throw tooLarge();
      // Not while the reader works: a slow disk is no silence of the client.
      yield chunk;
      rearm();
    }
    if (!request.complete) throw stopped();
  } catch (error) {
    throw error instanceof AppError ? error : stopped();
  } finally {
    clearTimeout(timer);
  }
}
