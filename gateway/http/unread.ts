import type { ServerResponse } from 'node:http';

export interface UnreadOptions {
  /** How long a client may leave written bytes unread; then its connection is cut. */
  readonly timeoutMs?: number;
  /** Clients at most that leave bytes unread at once; of more, the one that has done so for longest is cut. */
  readonly most?: number;
}

/**
 * Clients that do not read what was written for them. Each keeps an upstream connection and up to 64 KiB here, so
 * their number and their time are bounded; who reads is not held up by who does not.
 */
export interface Unread {
  /** Waits until the client takes more; false when it is gone or was cut, or when `signal` fired. */
  readonly drained: (res: ServerResponse, signal: AbortSignal) => Promise<boolean>;
  /** The answer was written to its end: sees to it that it is read, or cut. */
  readonly ended: (res: ServerResponse) => void;
  /** How many are waited for now. */
  readonly waiting: () => number;
}

const TIMEOUT_MS = 20_000;
const MOST = 64;

export function createUnread({ timeoutMs = TIMEOUT_MS, most = MOST }: UnreadOptions = {}): Unread {
  /** In the order in which they began to wait. */
  const waiting = new Map<ServerResponse, () => void>();

  function watch(
    res: ServerResponse,
    events: readonly ('drain' | 'finish')[],
    done: (read: boolean) => void,
    signal?: AbortSignal,
  ): void {
    const over = (read: boolean): void => {
      clearTimeout(timer);
      waiting.delete(res);
      for (const event of events) res.off(event, onRead);
      res.off('close', onClose);
      signal?.removeEventListener('abort', onClose);
      done(read);
    };
    const onRead = (): void => over(true);
    const onClose = (): void => over(false);
    const cut = (): void => {
      over(false);
      res.destroy();
    };
    const timer = setTimeout(cut, timeoutMs);
    timer.unref();
    for (const event of events) res.on(event, onRead);
    res.on('close', onClose);
    signal?.addEventListener('abort', onClose);
    waiting.set(res, cut);
    if (waiting.size <= most) return;
    const [oldest] = waiting.values();
    oldest?.();
  }

  return Object.freeze({
    drained(res: ServerResponse, signal: AbortSignal) {
      if (res.destroyed || signal.aborted) return Promise.resolve(false);
      return new Promise<boolean>((resolve) => watch(res, ['drain'], resolve, signal));
    },
    ended(res: ServerResponse) {
      if (res.destroyed || res.writableFinished || !res.writableEnded) return;
      watch(res, ['finish'], () => undefined);
    },
    waiting: () => waiting.size,
  });
}
