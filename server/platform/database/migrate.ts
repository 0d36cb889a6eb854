import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import type { Migration } from './types.ts';

/** Any fixed number: names the one lock that migrating servers take turns on. */
export const MIGRATIONS_LOCK = 4_203_318_001;

/** A database that this version must not touch, or a migration that failed. The message says what to do. */
export class MigrationError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MigrationError';
  }
}

/** Which migrations a database has had. */
export const MIGRATIONS_TABLE = `create table if not exists bartizan_migrations (
      id text primary key,
      checksum text not null,
      applied_at timestamptz not null default now()
    )`;

/** Names the exact text of a migration. */
export const checksum = (sql: string): string => createHash('sha256').update(sql).digest('hex');

function ordered(migrations: readonly Migration[]): readonly Migration[] {
  const seen = new Set<string>();
  for (const { id } of migrations) {
    if (seen.has(id)) throw new MigrationError(`two migrations are called "${id}"`);
    seen.add(id);
  }
  return migrations.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** What a database has had, against what this version knows; ids in order. */
export function migrationState(
  migrations: readonly Migration[],
  applied: readonly { readonly id: string; readonly checksum: string }[],
): { readonly pending: string[]; readonly unknown: string[]; readonly changed: string[] } {
  const known = new Map(migrations.map(({ id, sql }) => [id, checksum(sql)]));
  const had = new Set(applied.map(({ id }) => id));
  return {
    pending: [...known.keys()].filter((id) => !had.has(id)).toSorted(),
    unknown: applied.filter(({ id }) => !known.has(id)).map(({ id }) => id),
    changed: applied
      .filter(({ id, checksum: text }) => known.has(id) && known.get(id) !== text)
      .map(({ id }) => id),
  };
}

async function refuseUnknown(client: PoolClient, migrations: readonly Migration[]): Promise<Set<string>> {
  const known = new Map(migrations.map(({ id, sql }) => [id, checksum(sql)]));
  const { rows } = await client.query<{ id: string; checksum: string }>(
    'select id, checksum from bartizan_migrations order by id',
  );
  const unknown = rows.filter(({ id }) => !known.has(id)).map(({ id }) => id);
  if (unknown.length > 0) {
    throw new MigrationError(
      `the database was made by a newer version of Bartizan (it has ${unknown.join(', ')}); start that version or a later one`,
    );
  }
  const changed = rows.find((row) => known.get(row.id) !== row.checksum);
  if (changed) {
    throw new MigrationError(
      `migration ${changed.id} was applied in another form than this version has; this build does not belong to this database`,
    );
  }
  return new Set(rows.map(({ id }) => id));
}

async function apply(client: PoolClient, migration: Migration): Promise<void> {
  try {
    await client.query('begin');
    await client.query(migration.sql);
    await client.query('insert into bartizan_migrations (id, checksum) values ($1, $2)', [
      migration.id,
      checksum(migration.sql),
    ]);
    await client.query('commit');
  } catch (cause) {
    await client.query('rollback').catch(() => undefined);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MigrationError(`migration ${migration.id} failed and was rolled back: ${reason}`, { cause });
  }
}

/**
 * Brings the database forward: applies what is missing, ordered by id, each in its own transaction, while
 * holding one advisory lock so that servers starting together take turns. Returns the ids applied.
 * Throws {@link MigrationError} when the database is of a newer version or was built from other SQL.
 */
export async function migrate(pool: Pool, migrations: readonly Migration[]): Promise<string[]> {
  const all = ordered(migrations);
  const client = await pool.connect();
  try {
    // Waiting for the other server, and a migration itself, may take long.
    await client.query('set statement_timeout = 0');
    await client.query('select pg_advisory_lock($1)', [MIGRATIONS_LOCK]);
    await client.query(MIGRATIONS_TABLE);
    const applied = await refuseUnknown(client, all);
    const pending = all.filter(({ id }) => !applied.has(id));
    for (const migration of pending) await apply(client, migration);
    return pending.map(({ id }) => id);
  } finally {
    // Ends the session and with it the lock and the changed timeout.
    client.release(true);
  }
}
