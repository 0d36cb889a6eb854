import { UpstreamFailure, type UpstreamFailureKind } from '../ports.ts';

/** What flow control needs of undici's dispatch controller. */
export interface Flow {
  readonly pause: () => void;
  readonly resume: () => void;
  readonly abort: (reason: Error) => void;
}

export interface AnswerBody {
  readonly iterable: AsyncIterable<Buffer>;
  readonly push: (chunk: Buffer) => void;
  readonly end: () => void;
  readonly fail: (kind: UpstreamFailureKind, cause?: unknown) => void;
  /** Reads nothing more and cancels the upstream request when it still runs. */
  readonly discard: () => void;
}

const HIGH_WATER_BYTES = 256 * 1024;

/**
 * The body of an answer as an iterable with back-pressure: when more than 256 KiB wait, the socket is paused.
 * The idle clock runs while the consumer waits for a chunk, so a slow consumer is not the upstream's fault.
 */
export function createBody(options: {
  readonly flow: Flow;
  readonly idleTimeoutMs: number;
  readonly maxBytes: number;
  /** Called once: null when the body came whole. */
  readonly onClose: (failure: UpstreamFailureKind | null) => void;
}): AnswerBody {
  const { flow, idleTimeoutMs, maxBytes, onClose } = options;
  const queue: Buffer[] = [];
  let queuedBytes = 0;
  let totalBytes = 0;
  let paused = false;
  let closed = false;
  let failure: UpstreamFailure | null = null;
  let wake: (() => void) | null = null;
  let idle: NodeJS.Timeout | null = null;

  function close(kind: UpstreamFailureKind | null): void {
    closed = true;
    if (idle) clearTimeout(idle);
    onClose(kind);
    wake?.();
  }

  function fail(kind: UpstreamFailureKind, cause?: unknown): void {
    if (closed) return;
    failure = new UpstreamFailure(kind, { cause });
    close(kind);
    flow.abort(failure);
  }

  function stalled(): void {
    if (wake) fail('timeout');
  }

  function push(chunk: Buffer): void {
    if (closed) return;
    totalBytes += chunk.length;
    if (totalBytes > maxBytes) return fail('too_large');
    queue.push(chunk);
    queuedBytes += chunk.length;
    if (queuedBytes > HIGH_WATER_BYTES && !paused) {
      paused = true;
      flow.pause();
    }
    wake?.();
  }

  async function next(): Promise<IteratorResult<Buffer, undefined>> {
    for (;;) {
      const chunk = queue.shift();
      if (chunk) {
        queuedBytes -= chunk.length;
        if (paused && queuedBytes < HIGH_WATER_BYTES / 2) {
          paused = false;
          if (!closed) flow.resume();
        }
        return { done: false, value: chunk };
      }
      if (failure) throw failure;
      if (closed) return { done: true, value: undefined };
      if (idle) idle.refresh();
      else idle = setTimeout(stalled, idleTimeoutMs);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = null;
    }
  }

  function discard(): void {
    queue.length = 0;
    fail('cancelled');
  }

  const iterator: AsyncIterator<Buffer, undefined> = {
    next,
    return: async () => {
      discard();
      return { done: true, value: undefined };
    },
  };
  return Object.freeze({
    iterable: { [Symbol.asyncIterator]: () => iterator },
    push,
    end: () => {
      if (!closed) close(null);
    },
    fail,
    discard,
  });
}
