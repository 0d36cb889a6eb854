import { allMigrations, migrationState } from '@bartizan/server/operations/index.ts';
import type pg from 'pg';
import { findBinaries, unprivilegedUser } from '../../up/postgres-binaries.ts';
import { type Check, type Diagnosis, fail, ok, type Subject, skipped, warn } from '../types.ts';
import { hasTable } from './settings.ts';

const DAY_MS = 86_400_000;
/** Connections of one server: its pool, its listeners and the one that leads. */
const PER_SERVER = 14;
const SKEW_MS = 5_000;

const AWAY = skipped('the database does not answer');
const EMPTY = skipped('there is no Bartizan in the database yet');

/** A check that needs a database that answers. */
const onDatabase =
  (run: (database: pg.Client, subject: Subject) => Promise<Diagnosis>) => async (subject: Subject) =>
    subject.database === null ? AWAY : run(subject.database, subject);

const one = async <Row extends object>(database: pg.Client, sql: string, values: unknown[] = []) =>
  (await database.query<Row>(sql, values)).rows[0] as Row;

const binaries: Check = {
  id: 'database.binaries',
  title: 'Embedded PostgreSQL',
  run({ external, postgres }) {
    if (external) return skipped('the database is one of yours');
    let major: number;
    try {
      ({ major } = findBinaries());
      unprivilegedUser();
    } catch (error) {
      return fail(
        error instanceof Error ? error.message : 'it cannot be started',
        'Run "npm ci", or set DATABASE_URL.',
      );
    }
    if (postgres && postgres.major !== major) {
      return fail(
        `the data in ${postgres.data} are of PostgreSQL ${postgres.major}, the programs of ${major}`,
        'Start the Bartizan that made them, take a backup, and restore it to a fresh data directory.',
      );
    }
    return ok(`PostgreSQL ${major}`);
  },
};

const postmaster: Check = {
  id: 'database.postmaster',
  title: 'Database process',
  run({ external, postgres }) {
    if (external) return skipped('the database is one of yours');
    if (postgres === null) return skipped('there is no database here yet');
    if (postgres.url !== null) return ok(`runs (process ${postgres.pid})`);
    return postgres.pid === null
      ? ok('stopped, in good order')
      : warn(
          `${postgres.data}/postmaster.pid names process ${postgres.pid}, which is no database of this folder`,
          'It was killed. The next "bartizan up" clears this up by itself.',
        );
  },
};

const reachable: Check = {
  id: 'database.reachable',
  title: 'Database',
  async run({ database, databaseProblem, external, postgres }) {
    if (database === null) {
      if (!external && postgres?.url === null)
        return skipped('it is stopped; start it for the checks that need it');
      if (!external && postgres === null) return skipped('there is none here yet');
      return fail(
        databaseProblem ?? 'it does not answer',
        'See that it runs, and that DATABASE_URL is right.',
      );
    }
    const { version } = await one<{ version: number }>(
      database,
      "select current_setting('server_version_num')::integer as version",
    );
    const said = `PostgreSQL ${Math.floor(version / 10_000)}.${version % 10_000}`;
    return version < 150_000
      ? fail(`${said} is too old`, 'Bartizan needs PostgreSQL 15 or later.')
      : ok(said);
  },
};

const clock: Check = {
  id: 'database.clock',
  title: 'Clock',
  run: onDatabase(async (database, { nowMs }) => {
    const before = nowMs();
    const { ms } = await one<{ ms: number }>(
      database,
      'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
    );
    const off = Math.round(ms - (before + nowMs()) / 2);
    return Math.abs(off) > SKEW_MS
      ? warn(
          `the database's clock is ${Math.abs(off)} ms ${off > 0 ? 'ahead of' : 'behind'} this machine's`,
          'Set both by NTP: one-time codes, sessions and signed checkpoints go by the clock.',
        )
      : ok(`${Math.abs(off)} ms apart from the database`);
  }),
};

const migrations: Check = {
  id: 'database.migrations',
  title: 'Migrations',
  run: onDatabase(async (database) => {
    if (!(await hasTable(database, 'bartizan_migrations'))) return EMPTY;
    const { rows } = await database.query<{ id: string; checksum: string }>(
      'select id, checksum from bartizan_migrations',
    );
    const { pending, unknown, changed } = migrationState(allMigrations, rows);
    if (unknown.length > 0)
      return fail(`of a newer Bartizan: ${unknown.join(', ')}`, 'Start that version or a later one.');
    if (changed.length > 0) {
      return fail(
        `applied in another form: ${changed.join(', ')}`,
        'This build does not belong to this database: use a released version.',
      );
    }
    return pending.length > 0
      ? warn(
          `${pending.length} pending: ${pending.join(', ')}`,
          'The next start of a server applies them. Take a backup first.',
        )
      : ok(`all ${rows.length} applied`);
  }),
};

const connections: Check = {
  id: 'database.connections',
  title: 'Connections',
  run: onDatabase(async (database) => {
    const { most, used } = await one<{ most: number; used: number }>(
      database,
      `select current_setting('max_connections')::integer
         - current_setting('superuser_reserved_connections')::integer as most,
         (select count(*)::integer from pg_stat_activity where backend_type = 'client backend') as used`,
    );
    const servers = (await hasTable(database, 'servers'))
      ? (
          await one<{ n: number }>(
            database,
            'select count(*)::integer as n from servers where last_seen_at > extract(epoch from now()) * 1000 - 120000',
          )
        ).n
      : 1;
    const needed = Math.max(1, servers) * PER_SERVER;
    const found = `${used} of ${most} in use; ${Math.max(1, servers)} server(s) take up to ${needed}`;
    return needed > most || used > most * 0.9
      ? warn(found, 'Raise max_connections, or put a pooler in session mode before the database.')
      : ok(found);
  }),
};

const upkeep: Check = {
  id: 'database.autovacuum',
  title: 'Autovacuum',
  run: onDatabase(async (database) => {
    const { on, age } = await one<{ on: string; age: number }>(
      database,
      `select current_setting('autovacuum') as on,
         (select age(datfrozenxid) from pg_database where datname = current_database()) as age`,
    );
    if (on !== 'on')
      return fail('it is switched off', "Switch it on: alter system set autovacuum = 'on', then reload.");
    return age > 1_000_000_000
      ? fail(
          `the oldest transaction is ${age} transactions old`,
          'Vacuum the database before it stops taking writes.',
        )
      : ok('on');
  }),
};

const partitions: Check = {
  id: 'database.partitions',
  title: 'Partitions',
  run: onDatabase(async (database, { nowMs }) => {
    if (!(await hasTable(database, 'interaction_days'))) return EMPTY;
    const { ahead, strays } = await one<{ ahead: number; strays: boolean }>(
      database,
      `select (select count(*)::integer from interaction_days where day >= $1::bigint) as ahead,
         exists (select from interactions_default) as strays`,
      [Math.floor(nowMs() / DAY_MS) * DAY_MS],
    );
    if (ahead === 0) {
      return warn(
        'today has no partition: its rows go to the default one',
        'A server makes them every hour. See that one runs with BARTIZAN_BACKGROUND=on.',
      );
    }
    return strays
      ? warn(
          'some rows lie outside of every day',
          "A gateway's clock is off by days: look for the odd dates.",
        )
      : ok(`made for ${ahead} day(s), today among them`);
  }),
};

const extensions: Check = {
  id: 'database.encoding',
  title: 'Encoding',
  run: onDatabase(async (database) => {
    const { encoding } = await one<{ encoding: string }>(
      database,
      "select current_setting('server_encoding') as encoding",
    );
    return encoding === 'UTF8'
      ? ok('UTF8; no extension is needed')
      : fail(
          `the database is ${encoding}`,
          'Create it anew with encoding UTF8 and restore a backup into it.',
        );
  }),
};

export const databaseChecks: readonly Check[] = [
  binaries,
  postmaster,
  reachable,
  clock,
  migrations,
  connections,
  upkeep,
  extensions,
  partitions,
];
