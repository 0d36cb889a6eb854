import type { Database } from '../platform/database/types.ts';

/** Runs in the transaction that `database` is, or else in one of its own. */
export function within<T>(database: Database, run: (tx: Database) => Promise<T>): Promise<T> {
  return database.isTransaction ? run(database) : database.transaction().execute(run);
}
