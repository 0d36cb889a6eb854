import { createHash } from 'node:crypto';
import type pg from 'pg';
import copyStreams from 'pg-copy-streams';
import type { Migration } from '../../platform/database/index.ts';
import { VERSION } from '../../version.ts';
import { readAuditState } from './audit-state.ts';
import { type Catalogue, copyOut, postgresVersion, quoted, readCatalogue, STABLE_TEXT } from './catalogue.ts';
import { type Counted, type End, entry, jsonEntry, type Start } from './content.ts';
import { BackupError } from './error.ts';
import { filesBelow, readFileParts } from './files.ts';
import { type OwnNames, ownNames } from './names.ts';

export interface DumpOptions {
  readonly migrations: readonly Migration[];
  /** Folder of content-addressed objects; null when there is none. */
  readonly objects: string | null;
  readonly progress: (line: string) => void;
}

const ATTEMPTS = 5;
const MAX_PART = 4 * 1024 * 1024;

/**
 * Everything of an instance as backup records, from one snapshot of the database (REPEATABLE READ): servers may
 * go on working meanwhile, only changes to the tables themselves wait. Leaves the transaction open on an
 * error; end the connection then. Throws {@link BackupError}.
 */
export async function* dump(client: pg.ClientBase, options: DumpOptions): AsyncGenerator<Buffer> {
  const own = ownNames(options.migrations);
  const { catalogue, start } = await openSnapshot(client, own);
  yield jsonEntry('start', start);
  const end: End = { tables: {}, files: {} };
  let bytes = 0;
  for (const table of catalogue.tables) {
    if (!table.rows) continue;
    yield jsonEntry('table', { name: table.name });
    const counted = yield* rowsOf(client, copyOut(table));
    end.tables[table.name] = counted;
    bytes += counted.bytes;
    if (counted.rows > 0) options.progress(`${table.name}: ${counted.rows} rows, ${megabytes(bytes)} so far`);
  }
  await client.query('commit');
  if (options.objects !== null) yield* filesOf(options.objects, end);
  yield jsonEntry('end', end);
}

export const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;

/** Streams a COPY as records; returns what it counted. */
async function* rowsOf(client: pg.ClientBase, sql: string): AsyncGenerator<Buffer, Counted> {
  const hash = createHash('sha256');
  let bytes = 0;
  const stream = client.query(copyStreams.to(sql));
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
    for (let at = 0; at < chunk.length; at += MAX_PART)
      yield entry('rows', chunk.subarray(at, at + MAX_PART));
  }
  return { rows: await rowCountOf(client, stream), bytes, sha256: hash.digest('hex') };
}

/** The count comes with the command's completion, which may follow the last byte. */
async function rowCountOf(client: pg.ClientBase, stream: { readonly rowCount: number }): Promise<number> {
  await client.query('select 1');
  return stream.rowCount;
}

/** Counts and hashes a table as {@link dump} does, to compare. */
export async function countRows(client: pg.ClientBase, sql: string): Promise<Counted> {
  const parts = rowsOf(client, sql);
  for (;;) {
    const next = await parts.next();
    if (next.done) return next.value;
  }
}

/** What is being written or comes in parts: no row refers to it as content, and it may go at any moment. */
const UNFINISHED = /^(?:incoming|staging)\//;

async function* filesOf(folder: string, end: End): AsyncGenerator<Buffer> {
  for (const path of filesBelow(folder)) {
    if (UNFINISHED.test(path)) continue;
    yield jsonEntry('file', { path });
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const part of readFileParts(folder, path)) {
      hash.update(part);
      bytes += part.length;
      yield entry('bytes', part);
    }
    end.files[path] = { bytes, sha256: hash.digest('hex') };
  }
}

/**
 * Begins the transaction. Tables are locked before the snapshot is taken, so that it holds exactly the tables
 * that were locked; where partitions came or went in between, it begins again.
 */
async function openSnapshot(
  client: pg.ClientBase,
  own: OwnNames,
): Promise<{ catalogue: Catalogue; start: Start }> {
  if ((await postgresVersion(client)) < 150_000)
    throw new BackupError('a backup needs PostgreSQL 15 or later');
  for (let attempt = 1; ; attempt += 1) {
    const seen = await readCatalogue(client, own);
    if (!seen.tables.some(({ name }) => name === 'bartizan_migrations')) {
      throw new BackupError('this database holds no Bartizan: there is nothing to back up');
    }
    await client.query('begin isolation level repeatable read, read only');
    await client.query(STABLE_TEXT);
    try {
      const names = seen.tables.map(({ name }) => quoted(name)).join(', ');
      await client.query(`lock table ${names} in access share mode`);
      const catalogue = await readCatalogue(client, own);
      if (JSON.stringify(catalogue.tables) === JSON.stringify(seen.tables)) {
        return { catalogue, start: await startOf(client, catalogue) };
      }
    } catch (error) {
      // 42P01: a partition was dropped between looking and locking.
      if ((error as { code?: string }).code !== '42P01' || attempt >= ATTEMPTS) throw error;
    }
    await client.query('rollback');
    if (attempt >= ATTEMPTS) throw new BackupError('the tables keep changing; try again in a minute');
  }
}

async function startOf(client: pg.ClientBase, catalogue: Catalogue): Promise<Start> {
  const migrations = await client.query<{ id: string; checksum: string }>(
    'select id, checksum from bartizan_migrations order by id',
  );
  const sequences: Start['sequences'] = [];
  for (const name of catalogue.sequences) {
    const { rows } = await client.query<{ last: string; called: boolean }>(
      `select last_value::text as last, is_called as called from ${quoted(name)}`,
    );
    if (rows[0]) sequences.push({ name, lastValue: rows[0].last, called: rows[0].called });
  }
  return {
    version: VERSION,
    postgres: await postgresVersion(client),
    migrations: migrations.rows,
    tables: [...catalogue.tables],
    sequences,
    left: [...catalogue.left],
    relations: catalogue.relations,
    audit: await readAuditState(client),
  };
}
