import { CompiledQuery } from 'kysely';
import type pg from 'pg';
import type { Database } from '../database/types.ts';

/** How pg-boss asks for SQL to be run. */
export interface Executor {
  readonly executeSql: (text: string, values?: unknown[]) => Promise<{ rows: never[] }>;
}

/** Queries of the queue that may hold a connection of the pool at once. */
const MOST_AT_ONCE = 2;

/** The server's own pool, of which the queue never holds more than two connections. */
export function poolExecutor(pool: pg.Pool): Executor {
  const waiting: (() => void)[] = [];
  let running = 0;
  const enter = (): Promise<void> | void => {
    if (running < MOST_AT_ONCE) {
      running += 1;
      return undefined;
    }
    return new Promise((turn) => waiting.push(turn));
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  };
  return Object.freeze({
    async executeSql(text: string, values?: unknown[]) {
      await enter();
      try {
        // Several statements in one text answer with a list of results, which pg-boss knows.
        return (await pool.query(text, values)) as unknown as { rows: never[] };
      } finally {
        leave();
      }
    },
  });
}

/** A transaction that is under way: what is run here commits, or does not, with it. */
export function transactionExecutor(tx: Database): Executor {
  return Object.freeze({
    async executeSql(text: string, values?: unknown[]) {
      const { rows } = await tx.executeQuery(CompiledQuery.raw(text, values ?? []));
      return { rows: rows as never[] };
    },
  });
}
