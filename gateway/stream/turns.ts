/**
 * Shares the process between streams and everything else. However many streams have something to be read, in one
 * turn of the event loop they are given `budgetMs` together; the rest wait in line for the next turns, and what
 * else arrives (new requests, other answers) is served in between. Alone, a stream never waits.
 */
export interface Turns {
  /** Null: go on at once. Otherwise wait for your turn. */
  readonly enter: () => Promise<void> | null;
  /** Ends a turn that took `ms` of this process's time. */
  readonly leave: (ms: number) => void;
}

const BUDGET_MS = 5;

export function createTurns(budgetMs = BUDGET_MS): Turns {
  const line: (() => void)[] = [];
  let spent = 0;
  let scheduled = false;

  function nextTurn(): void {
    scheduled = false;
    spent = 0;
    const first = line.shift();
    if (first === undefined) return;
    schedule();
    first();
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(nextTurn);
  }

  return Object.freeze({
    enter() {
      if (line.length === 0 && spent < budgetMs) return null;
      schedule();
      return new Promise<void>((resolve) => line.push(resolve));
    },
    leave(ms: number) {
      spent += ms;
      schedule();
      if (spent < budgetMs) line.shift()?.();
    },
  });
}
