import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type pg from 'pg';
import copyStreams from 'pg-copy-streams';
import { MIGRATIONS_TABLE, type Migration } from '../../platform/database/index.ts';
import { copyIn, quoted, readCatalogue } from './catalogue.ts';
import type { Start, Table } from './content.ts';
import { BackupError } from './error.ts';
import type { OwnNames } from './names.ts';

/** Builds the tables as they were: by the very migrations, then the parts of partitioned tables. */
export async function buildTables(
  client: pg.ClientBase,
  start: Start,
  migrations: readonly Migration[],
): Promise<void> {
  await client.query(MIGRATIONS_TABLE);
  for (const { sql } of migrations) await client.query(sql);
  const { rows } = await client.query<{ name: string }>(
    'select relname as name from pg_class where relnamespace = current_schema()::regnamespace',
  );
  const present = new Set(rows.map(({ name }) => name));
  const parts = start.tables.filter(({ name, parent }) => parent !== null && !present.has(name));
  for (const { name, parent, bound } of parts) {
    if (parent === null || bound === null) continue;
    await client.query(`create table ${quoted(name)} (like ${quoted(parent)} including all)`);
    await client.query(`alter table ${quoted(parent)} attach partition ${quoted(name)} ${bound}`);
  }
}

interface TriggerState {
  readonly relation: string;
  readonly name: string;
  readonly state: 'O' | 'D' | 'R' | 'A';
}

interface ForeignKey {
  readonly relation: string;
  readonly name: string;
  readonly definition: string;
}

const TRIGGERS = `
  select t.tgrelid::regclass::text as relation, t.tgname as name, t.tgenabled as state
  from pg_trigger t join pg_class c on c.oid = t.tgrelid
  where not t.tgisinternal and t.tgparentid = 0 and c.relnamespace = current_schema()::regnamespace
    and c.relname = any($1)
  order by 1, 2`;

const FOREIGN_KEYS = `
  select k.conrelid::regclass::text as relation, k.conname as name, pg_get_constraintdef(k.oid) as definition
  from pg_constraint k join pg_class c on c.oid = k.conrelid
  where k.contype = 'f' and k.conparentid = 0 and c.relnamespace = current_schema()::regnamespace
    and c.relname = any($1)
  order by 1, 2`;

const ENABLE = { O: 'enable', D: 'disable', R: 'enable replica', A: 'enable always' } as const;

/** What keeps rows from being laid down as they were, put aside; `back` puts it in place again and checks it. */
export interface Rested {
  readonly back: () => Promise<void>;
}

/**
 * Rests triggers and foreign keys of tables that this very transaction made, which nobody else can see yet. The
 * triggers of append-only tables thus never stop guarding rows that anyone could reach: when the transaction
 * commits they are on, and when it does not, there is no table.
 */
export async function rest(client: pg.ClientBase, tables: readonly Table[]): Promise<Rested> {
  const names = [tables.map(({ name }) => name)];
  const triggers = (await client.query<TriggerState>(TRIGGERS, names)).rows;
  const keys = (await client.query<ForeignKey>(FOREIGN_KEYS, names)).rows;
  for (const table of tables) await client.query(`alter table ${quoted(table.name)} disable trigger user`);
  for (const { relation, name } of keys) {
    await client.query(`alter table ${relation} drop constraint ${quoted(name)}`);
  }
  // Migrations may have laid down first rows; those of the backup take their place.
  await client.query(`truncate ${tables.map(({ name }) => quoted(name)).join(', ')}`);
  return Object.freeze({
    async back() {
      for (const { relation, name, definition } of keys) {
        await client.query(`alter table ${relation} add constraint ${quoted(name)} ${definition}`);
      }
      for (const table of tables) await client.query(`alter table ${quoted(table.name)} enable trigger user`);
      for (const { relation, name, state } of triggers) {
        if (state !== 'O')
          await client.query(`alter table ${relation} ${ENABLE[state]} trigger ${quoted(name)}`);
      }
      const now = (await client.query<TriggerState>(TRIGGERS, names)).rows;
      if (JSON.stringify(now) !== JSON.stringify(triggers))
        throw new BackupError('a trigger is not as it was before the restore');
    },
  });
}

/** Every table of the backup must have been made, with the columns that it has. */
export async function demandTables(client: pg.ClientBase, start: Start, own: OwnNames): Promise<void> {
  const made = new Map((await readCatalogue(client, own)).tables.map((table) => [table.name, table]));
  for (const { name, columns } of start.tables) {
    const table = made.get(name);
    const missing = columns.filter((column) => !table?.columns.includes(column));
    if (!table || missing.length > 0)
      throw new BackupError(
        `the backup holds ${name} (${missing.join(', ')}), which this version does not make`,
      );
  }
}

/** Takes the rows of one table; `finish` resolves with how many there were. */
export function rowSink(client: pg.ClientBase, table: Table) {
  const stream = client.query(copyStreams.from(copyIn(table)));
  const over = finished(stream);
  // Told where it is waited for; without a listener an error in between would end the process.
  over.catch(() => undefined);
  return Object.freeze({
    async write(rows: Buffer): Promise<void> {
      if (stream.write(rows)) return;
      await Promise.race([once(stream, 'drain'), over]);
    },
    async finish(): Promise<number> {
      stream.end();
      await over;
      return stream.rowCount;
    },
    abandon: () => void stream.destroy(),
  });
}
export type RowSink = ReturnType<typeof rowSink>;

/** Sets sequences on; those that the migrations do not make are passed over. */
export async function setSequences(client: pg.ClientBase, start: Start): Promise<void> {
  for (const { name, lastValue, called } of start.sequences) {
    await client.query(
      `select setval(c.oid::regclass, $2::bigint, $3) from pg_class c
       where c.relname = $1 and c.relkind = 'S' and c.relnamespace = current_schema()::regnamespace`,
      [name, lastValue, called],
    );
  }
}
