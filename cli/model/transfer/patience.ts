import { setTimeout as sleep } from 'node:timers/promises';
import { ApiFailure } from '@bartizan/contracts/client.ts';

const FIRST_WAIT_MS = 500;
const MOST_WAIT_MS = 10_000;
/** Given up when nothing gets through for this long. */
const PATIENCE_MS = 5 * 60_000;

/** Worth another try: the server is away, busy, or another request still holds the file. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof ApiFailure)) return false;
  return error.status === 0 || error.status === 409 || error.status === 429 || error.status >= 500;
}

/** Waits out failures that pass, for as long as `patienceMs` without any progress. */
export function createPatience(note: (line: string) => void, patienceMs: number = PATIENCE_MS) {
  let failingSinceMs: number | null = null;
  let told = false;
  /** Waits before the next try; throws what will not pass, and what has not passed for too long. */
  async function wait(error: unknown, attempt: number): Promise<void> {
    failingSinceMs ??= performance.now();
    if (!isPassing(error) || performance.now() - failingSinceMs > patienceMs) throw error;
    // Another request that still holds the file is our own, which the server has not given up yet.
    const worthTelling = attempt > 0 && !(error instanceof ApiFailure && error.status === 409);
    if (worthTelling && !told) note(`${(error as Error).message}; trying again`);
    told ||= worthTelling;
    await sleep(Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt));
  }
  return Object.freeze({
    wait,
    /** Something got through. */
    well(): void {
      failingSinceMs = null;
      told = false;
    },
    async insist<T>(step: () => Promise<T>): Promise<T> {
      for (let attempt = 0; ; attempt++) {
        try {
          return await step();
        } catch (error) {
          // A conflict of a step that is not sending means what it says.
          if (error instanceof ApiFailure && error.status === 409) throw error;
          await wait(error, attempt);
        }
      }
    },
  });
}
export type Patience = ReturnType<typeof createPatience>;
