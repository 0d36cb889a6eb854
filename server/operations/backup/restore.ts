import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import type pg from 'pg';
import type { Migration } from '../../platform/database/index.ts';
import { readAuditState } from './audit-state.ts';
import { copyOut, quoted, STABLE_TEXT } from './catalogue.ts';
import type { Counted, End, Start, Table } from './content.ts';
import { countRows } from './dump.ts';
import { BackupError } from './error.ts';
import { createFileSink, type FileSink } from './files.ts';
import { buildTables, demandTables, type RowSink, rest, rowSink, setSequences } from './load.ts';
import { ownNames } from './names.ts';
import { type BackupRead, readBackup, type Visitor } from './read.ts';
import { demandFit, dropJobs, dropOwn, migrationsOf } from './target.ts';
import { connect } from './write.ts';

export interface RestoreOptions {
  readonly file: string;
  readonly databaseUrl: string;
  readonly master: MasterKey;
  readonly migrations: readonly Migration[];
  /** Where objects go; null when the backup's are to be left out. */
  readonly objects: string | null;
  /** Lose what the database holds. */
  readonly replace: boolean;
  /** Leave sessions and one-time links alive, as they were when the backup was made. */
  readonly keepSessions: boolean;
  readonly progress: (line: string) => void;
}

export interface Restored {
  readonly id: string;
  readonly createdAt: string;
  /** Rows by table, as counted in the backup and again after the restore. */
  readonly tables: Readonly<Record<string, number>>;
  readonly files: number;
  readonly audit: Start['audit'];
  readonly endedSessions: number;
}

/** Whoever held one of these when the backup was made is not let in again by it. */
const LOGINS = ['sessions', 'one_time_tokens', 'pending_sign_ins', 'passkey_challenges'] as const;

/**
 * Restores a backup to a database. The file is read and checked to its end before anything is touched; then one
 * transaction builds the tables, lays down the rows, compares every table's content and the audit log's root
 * with what was written down, and commits. Killed at any moment, it leaves the database as it was.
 * Throws {@link BackupError}.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  options.progress('Checking the backup');
  const checked = await readBackup(options.file, options.master);
  const migrations = migrationsOf(checked.start, options.migrations);
  const client = await connect(options.databaseUrl);
  const files = options.objects === null ? null : createFileSink(options.objects, checked.header.id);
  try {
    await client.query('begin');
    await client.query(STABLE_TEXT);
    const endedSessions = await rebuild(client, checked, options, { applied: migrations, files });
    // Objects first: one too many does no harm, one too few would.
    files?.commit();
    await client.query('commit');
    await client.query('analyze').catch(() => undefined);
    const { header, start, end } = checked;
    const tables = Object.fromEntries(Object.entries(end.tables).map(([name, { rows }]) => [name, rows]));
    return {
      id: header.id,
      createdAt: header.createdAt,
      tables,
      files: files === null ? 0 : Object.keys(end.files).length,
      audit: start.audit,
      endedSessions,
    };
  } finally {
    await files?.discard();
    // Without a commit, the end of the connection takes everything back.
    await client.end().catch(() => undefined);
  }
}

interface Rebuilding {
  /** The backup's own migrations, in order. */
  readonly applied: readonly Migration[];
  readonly files: FileSink | null;
}

async function rebuild(
  client: pg.Client,
  { start, end }: BackupRead,
  options: RestoreOptions,
  { applied, files }: Rebuilding,
): Promise<number> {
  const own = ownNames(options.migrations);
  await demandFit(client, start, { replace: options.replace, known: options.migrations, own });
  if (options.replace) await dropOwn(client, own);
  await dropJobs(client);
  await buildTables(client, start, applied);
  await demandTables(client, start, own);
  const rested = await rest(client, start.tables);
  const again = await layDown(client, options, files);
  if (JSON.stringify(again.end) !== JSON.stringify(end))
    throw new BackupError('the backup changed while it was being restored');
  await rested.back();
  await setSequences(client, start);
  options.progress('Comparing the restored tables with the backup');
  await compare(client, start, end);
  const audit = await readAuditState(client);
  if (JSON.stringify(audit) !== JSON.stringify(start.audit))
    throw new BackupError('the restored audit log has another root than the one in the backup');
  return options.keepSessions ? 0 : await endSessions(client, start);
}

/** Reads the backup a second time, now into the tables. */
async function layDown(
  client: pg.Client,
  options: RestoreOptions,
  files: FileSink | null,
): Promise<BackupRead> {
  let sink: RowSink | null = null;
  const counts = new Map<string, number>();
  const visitor: Visitor = {
    async table(table) {
      sink = rowSink(client, table);
    },
    rows: async (rows) => sink?.write(rows),
    async tableEnd(table) {
      const rows = (await sink?.finish()) ?? 0;
      sink = null;
      counts.set(table.name, rows);
      if (rows > 0) options.progress(`${table.name}: ${rows} rows`);
    },
    async file(path) {
      await files?.finish();
      await files?.begin(path);
    },
    bytes: async (bytes) => files?.write(bytes),
  };
  try {
    const read = await readBackup(options.file, options.master, visitor);
    await files?.finish();
    return read;
  } catch (error) {
    (sink as RowSink | null)?.abandon();
    throw error;
  }
}

/** Every table as it now lies in the database against what the backup says of it. */
async function compare(client: pg.ClientBase, start: Start, end: End): Promise<void> {
  for (const table of start.tables) {
    if (!table.rows) continue;
    const found = await countRows(client, copyOut(table));
    demandEqual(table, found, end.tables[table.name]);
  }
}

function demandEqual(table: Table, found: Counted, wanted: Counted | undefined): void {
  if (found.rows !== wanted?.rows || found.sha256 !== wanted.sha256) {
    throw new BackupError(
      `table ${table.name} has ${found.rows} rows that differ from the ${wanted?.rows ?? 0} of the backup`,
    );
  }
}

async function endSessions(client: pg.ClientBase, start: Start): Promise<number> {
  let ended = 0;
  for (const name of LOGINS) {
    if (!start.tables.some((table) => table.name === name)) continue;
    const { rowCount } = await client.query(`delete from ${quoted(name)}`);
    if (name === 'sessions') ended = rowCount ?? 0;
  }
  return ended;
}
