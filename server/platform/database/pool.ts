import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Database } from './types.ts';
import { isDatabaseUnavailable } from './unavailable.ts';

export interface DatabaseOptions {
  /** Connections at most. */
  readonly maxConnections?: number;
  /** A statement running longer is cancelled. */
  readonly statementTimeoutMs?: number;
  /** Told of connections lost while idle; the pool replaces them by itself. */
  readonly onError?: (error: Error) => void;
}

export interface OpenDatabase {
  readonly database: Database;
  /** For what Kysely cannot say: COPY, cursors, sessions. Always release what you connect. */
  readonly pool: pg.Pool;
  readonly url: string;
  /** Resolves once the database answers; rejects after `timeoutMs` with the last reason. Tells `waiting` the first. */
  readonly waitUntilReady: (timeoutMs: number, waiting?: (reason: unknown) => void) => Promise<void>;
  readonly close: () => Promise<void>;
}

const INT8_OID = 20;

/** int8 as a JavaScript number: instants in milliseconds and counts. Throws beyond 2^53 rather than round. */
function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('a bigint of the database exceeds 2^53');
  return value;
}

const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8_OID && format !== 'binary'
      ? parseInt8
      : pg.types.getTypeParser(oid, format as 'text')) as pg.CustomTypesConfig['getTypeParser'],
};

/**
 * Opens a pool on a PostgreSQL (15 or later). Nothing is connected yet, and a database that goes away later
 * makes queries fail but never the process: see `isDatabaseUnavailable`. bigint columns read as numbers.
 */
export function openDatabase(url: string, options: DatabaseOptions = {}): OpenDatabase {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: true,
    application_name: 'bartizan',
    types,
  });
  const onError = options.onError ?? (() => undefined);
  pool.on('error', onError);
  // A connection lost while checked out reports on the client too; without a listener that ends the process.
  pool.on('connect', (client) => client.on('error', onError));
  const database: Database = new Kysely({ dialect: new PostgresDialect({ pool }) });

  return Object.freeze({
    database,
    pool,
    url,
    async waitUntilReady(timeoutMs: number, waiting?: (reason: unknown) => void) {
      const deadline = Date.now() + timeoutMs;
      let told = false;
      for (let delayMs = 50; ; delayMs = Math.min(delayMs * 2, 1_000)) {
        try {
          await pool.query('select 1');
          return;
        } catch (error) {
          if (!isDatabaseUnavailable(error) || Date.now() + delayMs > deadline) throw error;
          if (!told) waiting?.(error);
          told = true;
          await sleep(delayMs);
        }
      }
    },
    close: () => database.destroy(),
  });
}
