import type { ServerResponse } from 'node:http';

/** A client that takes nothing for this long is dropped, so that it cannot hold a cursor open. */
const STALL_MS = 60_000;
/** Comment sent on quiet event streams: finds clients that vanished without a word. */
const PING_MS = 15_000;

export interface StreamOptions {
  readonly chunks: AsyncIterable<string | Uint8Array>;
  readonly mediaType: string;
  /** 200 where absent; 206 for a part. */
  readonly status?: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** Aborted when the client leaves or the server stops. */
  readonly signal: AbortSignal;
  readonly stallMs?: number;
  readonly pingMs?: number;
}

/** Resolves once the response takes more; rejects when the client takes too long or leaves. */
function drained(response: ServerResponse, options: StreamOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error?: Error) => {
      clearTimeout(timer);
      response.off('drain', onDrain);
      options.signal.removeEventListener('abort', onAbort);
      if (error) reject(error);
      else resolve();
    };
    const onDrain = () => finish();
    const onAbort = () => finish(new Error('the client left'));
    const timer = setTimeout(() => finish(new Error('the client stalled')), options.stallMs ?? STALL_MS);
    response.once('drain', onDrain);
    options.signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** The next item, or `done` as soon as the signal fires, however long the source sleeps. */
async function nextOf(
  source: AsyncIterator<string | Uint8Array>,
  signal: AbortSignal,
): Promise<IteratorResult<string | Uint8Array, unknown>> {
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<IteratorResult<string | Uint8Array, unknown>>((resolve) => {
    onAbort = () => resolve({ done: true, value: undefined });
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([source.next(), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * Sends chunks as they come, at the client's pace. The first chunk of a finite stream is awaited before the
 * status goes out, so that a failure up to there rejects and can still become a proper error; a later one
 * cuts the connection, which the client sees as an incomplete answer. Resolves when all is over.
 */
export async function sendStream(response: ServerResponse, options: StreamOptions): Promise<void> {
  const source = options.chunks[Symbol.asyncIterator]();
  const live = options.mediaType === 'text/event-stream';
  let ping: NodeJS.Timeout | undefined;
  const end = () => {
    clearInterval(ping);
    // A generator that waits for the signal returns now; one that ignores it must not hold us.
    void Promise.resolve(source.return?.()).catch(() => undefined);
  };
  let item: IteratorResult<string | Uint8Array, unknown> | null = null;
  try {
    item = live ? null : await nextOf(source, options.signal);
  } catch (error) {
    end();
    throw error;
  }
  const charset = options.mediaType === 'application/octet-stream' ? '' : '; charset=utf-8';
  response.writeHead(options.status ?? 200, {
    ...options.headers,
    'content-type': options.mediaType + charset,
  });
  response.flushHeaders();
  if (live) ping = setInterval(() => response.write(': ping\n\n'), options.pingMs ?? PING_MS);
  try {
    for (
      item ??= await nextOf(source, options.signal);
      !item.done;
      item = await nextOf(source, options.signal)
    ) {
      if (!response.write(item.value)) await drained(response, options);
    }
    response.end();
  } catch (error) {
    response.destroy();
    throw error;
  } finally {
    end();
  }
}
