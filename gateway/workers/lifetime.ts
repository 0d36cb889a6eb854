/**
 * The life of a role that a supervisor may have started: says when it is ready, and ends in good order once
 * when asked to (SIGTERM, SIGINT) or when the supervisor is gone (its IPC channel closes).
 */
export interface Lifetime {
  readonly ready: (url: string) => void;
  /** Ends as if asked to; for the start that fails half-way. */
  readonly end: (code: number) => void;
}

/** `close` is called once; the process then exits with 0, or with 1 when closing fails or takes over `limitMs`. */
export function liveUntilAsked(close: () => Promise<void>, limitMs: number): Lifetime {
  let ending = false;

  function end(code: number): void {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(1), limitMs).unref();
    close().then(
      () => process.exit(code),
      () => process.exit(1),
    );
  }

  process.on('SIGTERM', () => end(0));
  process.on('SIGINT', () => end(0));
  process.on('disconnect', () => end(0));
  return Object.freeze({
    ready: (url: string) => {
      process.send?.({ type: 'ready', url });
    },
    end,
  });
}
