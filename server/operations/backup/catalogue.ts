import type pg from 'pg';
import type { Start, Table } from './content.ts';
import type { OwnNames } from './names.ts';

/** What of a schema belongs to us: the same query before a backup and around a restore. */
export interface Catalogue {
  /** Partitioned tables before their parts. */
  readonly tables: readonly Table[];
  readonly left: Start['left'];
  readonly sequences: readonly string[];
  readonly relations: number;
}

interface Row {
  readonly name: string;
  readonly kind: 'r' | 'p';
  readonly persistence: 'p' | 'u';
  readonly root: string;
  readonly parent: string | null;
  readonly bound: string | null;
  readonly columns: string[];
}

const TABLES = `
  select c.relname as name, c.relkind as kind, c.relpersistence as persistence,
    coalesce((select relname from pg_class where oid = pg_partition_root(c.oid)), c.relname) as root,
    (select p.relname from pg_inherits i join pg_class p on p.oid = i.inhparent where i.inhrelid = c.oid) as parent,
    pg_get_expr(c.relpartbound, c.oid) as bound,
    array(select a.attname::text from pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      order by a.attnum) as columns
  from pg_class c
  where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
    and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
  order by case when c.relispartition then 1 else 0 end, c.relname`;

const SEQUENCES = `
  select c.relname as name from pg_class c
  where c.relnamespace = current_schema()::regnamespace and c.relkind = 'S'
    and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
  order by c.relname`;

const RELATIONS = `
  select count(*)::integer as n from pg_class c
  where c.relnamespace = current_schema()::regnamespace
    or c.oid in (select reltoastrelid from pg_class where relnamespace = current_schema()::regnamespace)`;

export async function readCatalogue(client: pg.ClientBase, own: OwnNames): Promise<Catalogue> {
  const { rows } = await client.query<Row>(TABLES);
  const sequences = await client.query<{ name: string }>(SEQUENCES);
  const relations = await client.query<{ n: number }>(RELATIONS);
  const ours = rows.filter(({ root }) => own.tables.has(root));
  const unlogged = (row: Row) => row.kind === 'r' && row.persistence === 'u';
  return Object.freeze({
    tables: ours
      .filter((row) => !unlogged(row))
      .map(({ name, kind, parent, bound, columns }) => ({
        name,
        columns,
        parent,
        bound,
        rows: kind === 'r',
      })),
    left: [
      ...ours.filter(unlogged).map(({ name }) => ({ name, why: 'unlogged' as const })),
      ...rows
        .filter(({ root }) => !own.tables.has(root))
        .map(({ name }) => ({ name, why: 'not of Bartizan' as const })),
    ],
    sequences: sequences.rows.map(({ name }) => name),
    relations: relations.rows[0]?.n ?? 0,
  });
}

/** A plain identifier in quotes. The name was checked against {@link Table} or comes from the catalogue. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The same text for the same row, whatever the database's own settings, and rows in the order they lie in. */
export const STABLE_TEXT = `
  set local datestyle = 'ISO, MDY';
  set local intervalstyle = 'iso_8601';
  set local timezone = 'UTC';
  set local extra_float_digits = 1;
  set local bytea_output = 'hex';
  set local xmloption = 'content';
  set local row_security = off;
  set local synchronize_seqscans = off;
  set local statement_timeout = 0;
  set local idle_in_transaction_session_timeout = 0`;

const columnsOf = (table: Table): string => table.columns.map(quoted).join(', ');

export const copyOut = (table: Table): string =>
  `copy ${quoted(table.name)} (${columnsOf(table)}) to stdout with (format text, encoding 'UTF8')`;

export const copyIn = (table: Table): string =>
  `copy ${quoted(table.name)} (${columnsOf(table)}) from stdin with (format text, encoding 'UTF8')`;

/** PostgreSQL's version as a number: 150018 for 15.18. */
export async function postgresVersion(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    "select current_setting('server_version_num')::integer as n",
  );
  return rows[0]?.n ?? 0;
}
