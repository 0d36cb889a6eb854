import type pg from 'pg';
import { checksum, MIGRATIONS_LOCK, type Migration } from '../../platform/database/index.ts';
import { JOBS_SCHEMA } from '../../platform/jobs/index.ts';
import { postgresVersion, quoted, readCatalogue } from './catalogue.ts';
import type { Start } from './content.ts';
import { BackupError } from './error.ts';
import type { OwnNames } from './names.ts';

/** Sessions of servers, workers and other restores on the database; our own is left out. */
const OTHERS = `
  select count(*)::integer as n from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and application_name like 'bartizan%'`;

const LOCKS = `
  select current_setting('max_locks_per_transaction')::integer
    * (current_setting('max_connections')::integer + current_setting('max_prepared_transactions')::integer) as n`;

/** The migrations of the backup as this version has them. Throws when it does not know one of them. */
export function migrationsOf(start: Start, known: readonly Migration[]): readonly Migration[] {
  const byId = new Map(known.map((migration) => [migration.id, migration]));
  const unknown = start.migrations.filter(({ id }) => !byId.has(id)).map(({ id }) => id);
  if (unknown.length > 0) {
    throw new BackupError(
      `this backup was made by Bartizan ${start.version}, which is newer than this one (it has ${unknown.join(', ')}); ` +
        'restore it with that version or a later one',
    );
  }
  return start.migrations
    .map(({ id, checksum: stated }) => {
      const migration = byId.get(id) as Migration;
      if (checksum(migration.sql) === stated) return migration;
      throw new BackupError(`migration ${id} of this backup has another form than this version's`);
    })
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Checks, in the restoring transaction, that this database may be restored to. */
export async function demandFit(
  client: pg.ClientBase,
  start: Start,
  options: { readonly replace: boolean; readonly known: readonly Migration[]; readonly own: OwnNames },
): Promise<void> {
  const version = await postgresVersion(client);
  if (version < 150_000) throw new BackupError('a restore needs PostgreSQL 15 or later');
  const { rows: locked } = await client.query<{ mine: boolean }>(
    'select pg_try_advisory_xact_lock($1) as mine',
    [MIGRATIONS_LOCK],
  );
  const { rows: others } = await client.query<{ n: number }>(OTHERS);
  if (!locked[0]?.mine || (others[0]?.n ?? 0) > 0) {
    throw new BackupError('a Bartizan is connected to this database; stop every server first');
  }
  const present = await readCatalogue(client, options.own);
  const there = present.tables.length + present.left.filter(({ why }) => why === 'unlogged').length;
  if (there > 0 && !options.replace) {
    throw new BackupError(
      'this database already holds a Bartizan; restore to an empty one, or say --replace to lose what it holds',
    );
  }
  if (present.tables.some(({ name }) => name === 'bartizan_migrations')) {
    await refuseNewer(client, options.known);
  }
  const { rows: locks } = await client.query<{ n: number }>(LOCKS);
  const needed = start.relations + present.relations;
  if (needed > (locks[0]?.n ?? 0)) {
    throw new BackupError(
      `a restore of ${start.relations} tables and indexes in one transaction takes ${needed} locks, but this ` +
        `PostgreSQL gives ${locks[0]?.n}; raise max_locks_per_transaction for the restore`,
    );
  }
}

async function refuseNewer(client: pg.ClientBase, known: readonly Migration[]): Promise<void> {
  const { rows } = await client.query<{ id: string }>('select id from bartizan_migrations');
  const unknown = rows.filter(({ id }) => !known.some((migration) => migration.id === id));
  if (unknown.length > 0)
    throw new BackupError('this database belongs to a newer Bartizan; restore with that version');
}

const BY_NAME = {
  routines: `select format('%s %s', case when prokind = 'p' then 'procedure' else 'function' end,
      oid::regprocedure) as what
    from pg_proc where pronamespace = current_schema()::regnamespace and proname = any($1)`,
  types: `select format('%s %s', case when typtype = 'd' then 'domain' else 'type' end, oid::regtype) as what
    from pg_type where typnamespace = current_schema()::regnamespace and typname = any($1)
      and typtype in ('d', 'e', 'r')`,
  sequences: `select format('sequence %s', oid::regclass) as what
    from pg_class where relnamespace = current_schema()::regnamespace and relname = any($1) and relkind = 'S'`,
  views: `select format('%s %s', case when relkind = 'm' then 'materialized view' else 'view' end,
      oid::regclass) as what
    from pg_class where relnamespace = current_schema()::regnamespace and relname = any($1)
      and relkind in ('v', 'm')`,
} as const;

/** Drops what our migrations make, and nothing else; anything of others that depends on it stops the restore. */
export async function dropOwn(client: pg.ClientBase, own: OwnNames): Promise<void> {
  const { tables } = await readCatalogue(client, own);
  const roots = tables.filter(({ parent }) => parent === null).map(({ name }) => name);
  const unlogged = [...own.tables].filter((name) => !roots.includes(name));
  await dropAll(client, BY_NAME.views, own.views);
  if (roots.length > 0) await client.query(`drop table ${roots.map(quoted).join(', ')}`);
  for (const name of unlogged) await client.query(`drop table if exists ${quoted(name)}`);
  for (const kind of ['routines', 'sequences', 'types'] as const) {
    await dropAll(client, BY_NAME[kind], own[kind]);
  }
}

/**
 * Drops the queue. A backup holds none: what has to be done stands in the tables of its domain, and the next start
 * of a server queues it again. Jobs of what the database held before would be about what is not there any more.
 */
export async function dropJobs(client: pg.ClientBase): Promise<void> {
  await client.query(`drop schema if exists ${JOBS_SCHEMA} cascade`);
}

async function dropAll(client: pg.ClientBase, query: string, names: ReadonlySet<string>): Promise<void> {
  const { rows } = await client.query<{ what: string }>(query, [[...names]]);
  for (const { what } of rows) await client.query(`drop ${what}`);
}
