import type { Progress, Steps } from './types.ts';

/** Runs a computation to its end at once. */
export function finish<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

export interface Watched {
  /** Lets other work in, e.g. `() => setImmediate()` of `node:timers/promises`. */
  readonly pause: () => Promise<unknown>;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** Runs a computation to its end slice by slice. Rejects with the signal's reason once it is aborted. */
export async function finishAsync<Result>(steps: Steps<Result>, watched: Watched): Promise<Result> {
  try {
    for (;;) {
      watched.signal?.throwIfAborted();
      const step = steps.next();
      if (step.done === true) return step.value;
      watched.onProgress?.(step.value);
      await watched.pause();
    }
  } finally {
    steps.return(undefined as never);
  }
}
