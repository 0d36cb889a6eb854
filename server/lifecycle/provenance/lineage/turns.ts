import { AppError } from '../../../kernel/error.ts';

/** How many of something costly are done at once; who comes when all turns are taken waits in a short line. */
export interface TurnLimits {
  /** By this server. */
  readonly atOnce: number;
  /** For one caller. */
  readonly perCaller: number;
  /** Callers' requests that wait, on this server and of one caller. */
  readonly waiting: number;
  readonly waitingPerCaller: number;
  /** Longest wait, in milliseconds. */
  readonly waitMs: number;
}

interface Waiter {
  readonly caller: string;
  readonly begin: () => void;
}

const RETRY_MS = 5_000;

const busy = (): AppError =>
  new AppError('too_many_requests', 'other lineages are being followed', {
    hint: 'Try again in a moment.',
    retryAfterMs: RETRY_MS,
  });

/** Turns are given in the order of asking, past those whose caller has theirs already. */
export function createTurns({ atOnce, perCaller, waiting, waitingPerCaller, waitMs }: TurnLimits) {
  const running = new Map<string, number>();
  const line: Waiter[] = [];
  let taken = 0;

  const free = (caller: string): boolean => taken < atOnce && (running.get(caller) ?? 0) < perCaller;

  function take(caller: string): void {
    taken += 1;
    running.set(caller, (running.get(caller) ?? 0) + 1);
  }

  function leave(caller: string): void {
    taken -= 1;
    const left = (running.get(caller) ?? 1) - 1;
    if (left > 0) running.set(caller, left);
    else running.delete(caller);
    const next = line.findIndex((waiter) => free(waiter.caller));
    if (next >= 0) line.splice(next, 1)[0]?.begin();
  }

  function wait(caller: string, signal: AbortSignal): Promise<void> {
    const own = line.filter((waiter) => waiter.caller === caller).length;
    if (line.length >= waiting || own >= waitingPerCaller || signal.aborted) return Promise.reject(busy());
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
      };
      const waiter: Waiter = {
        caller,
        begin() {
          done();
          take(caller);
          resolve();
        },
      };
      const giveUp = (): void => {
        done();
        line.splice(line.indexOf(waiter), 1);
        reject(busy());
      };
      const timer = setTimeout(giveUp, waitMs);
      signal.addEventListener('abort', giveUp, { once: true });
      line.push(waiter);
    });
  }

  /**
   * Does the task when it is the caller's turn. Throws `too_many_requests`, with when to try again, where too many wait
   * already, the wait was too long, or the caller went away.
   */
  return async function inTurn<T>(caller: string, signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    if (free(caller)) take(caller);
    else await wait(caller, signal);
    try {
      return await task();
    } finally {
      leave(caller);
    }
  };
}
export type InTurn = ReturnType<typeof createTurns>;
