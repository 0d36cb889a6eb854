import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult, DuckDBType } from '@duckdb/node-api';
import { type Chunk, type ColumnType, MAX_COLUMNS, type Schema, schemaBytes } from '../records/index.ts';
import { columnsOf } from './columns.ts';
import { delimiterOf, firstLine, headerOf, headOf } from './dialect.ts';
import { type Engine, openEngine } from './engine.ts';
import { readError } from './errors.ts';
import { demandShallowJson, locateJson } from './locate.ts';
import { csvInference, csvSource, type Dialect, jsonSource, PARQUET } from './sql.ts';
import { type OpenDataset, ReadError, type ReadOptions, type TableFormat } from './types.ts';
import { columnTypeOf, quotedName, selectList, sqlType } from './types-of.ts';

const DEFAULT_TIMEOUT_MS = 6 * 3_600_000;
/** Types are inferred from the whole of files up to this, and from so many records of larger ones. */
const INFER_ALL_BYTES = 64 * 2 ** 20;
const INFER_RECORDS = 200_000;

interface Table {
  readonly engine: Engine;
  readonly format: TableFormat;
  /** Of CSV and TSV. */
  readonly csv: Dialect;
  readonly skipsUnreadable: boolean;
}

/** The table function of DuckDB that reads the file with these types. */
function source({ format, csv, skipsUnreadable }: Table, schema: Schema): string {
  if (format === 'parquet') return PARQUET;
  return format === 'jsonl'
    ? jsonSource(schema, -1, skipsUnreadable)
    : csvSource(csv, schema, skipsUnreadable);
}

async function typesIn(
  connection: DuckDBConnection,
  from: string,
  path: string,
): Promise<Map<string, DuckDBType>> {
  const result = await connection.stream(`SELECT * FROM ${from} LIMIT 0`, [path]);
  const names = result.columnNames();
  if (names.length > MAX_COLUMNS)
    throw new ReadError(`The file has ${names.length} columns, more than ${MAX_COLUMNS}.`);
  const types = new Map(names.map((name, at) => [name, result.columnType(at)]));
  if (types.size !== names.length) throw new ReadError('Two columns of the file have the same name.');
  return types;
}

/** Whether a value would be lost, or refused, as the type that was inferred for its column. */
function lossTest(name: string, type: ColumnType): string | null {
  const column = quotedName(name);
  if (type.kind === 'integer' || type.kind === 'double')
    return `regexp_matches(${column}, '^\\s*[-+]?0[0-9]') OR (${column} IS NOT NULL AND TRY_CAST(${column} AS ${sqlType(type)}) IS NULL)`;
  if (type.kind === 'text') return null;
  // "yes" and "t" are what somebody wrote: only true and false are truth values.
  if (type.kind === 'boolean')
    return `${column} IS NOT NULL AND lower(trim(${column})) NOT IN ('true', 'false')`;
  return `${column} IS NOT NULL AND TRY_CAST(${column} AS ${sqlType(type)}) IS NULL`;
}

/**
 * Columns of CSV that have to stay text: those whose values begin with a zero that a number would lose (postcodes,
 * account numbers), words such as yes and no, and dates in other forms than ISO 8601. Reads all as text, so broken lines show here.
 */
async function textColumns(
  connection: DuckDBConnection,
  table: Table,
  types: Schema,
): Promise<ReadonlySet<string>> {
  const from = csvSource(table.csv, { columns: [] });
  const tests = types.columns
    .map(({ name, type }) => ({ name, test: lossTest(name, type) }))
    .filter(({ test }) => test !== null);
  const list = tests.map(({ test }) => `coalesce(bool_or(${test}), false)`);
  const sample = table.engine.bytes <= INFER_ALL_BYTES ? '' : ` LIMIT ${INFER_RECORDS}`;
  const sql = `SELECT ${['count(*)', ...list].join(', ')} FROM (SELECT * FROM ${from}${sample})`;
  const [row] = await (await connection.run(sql, [table.engine.path])).getRows();
  return new Set(tests.filter((_, at) => row?.[at + 1] === true).map(({ name }) => name));
}

async function infer(connection: DuckDBConnection, table: Table): Promise<Schema> {
  const { engine, format, csv } = table;
  const sample = engine.bytes <= INFER_ALL_BYTES ? -1 : INFER_RECORDS;
  const schemaOf = async (from: string): Promise<Schema> => ({
    columns: [...(await typesIn(connection, from, engine.path))].map(([name, type]) => ({
      name,
      type: columnTypeOf(type),
    })),
  });
  if (format === 'parquet') return schemaOf(PARQUET);
  if (format === 'jsonl') return schemaOf(jsonSource(undefined, sample));
  // First as text only, which tells where a broken file is broken; inference only says that it failed.
  await textColumns(connection, table, { columns: [] });
  const schema = await schemaOf(csvInference(csv, sample));
  const text = await textColumns(connection, table, schema);
  return {
    columns: schema.columns.map(({ name, type }) => ({
      name,
      type: text.has(name) ? { kind: 'text' } : type,
    })),
  };
}

async function located(error: unknown, { engine, format }: Table, schema?: Schema): Promise<Error> {
  const told = readError(error, engine.path);
  return format === 'jsonl' && told instanceof ReadError ? locateJson(told, engine.path, schema) : told;
}

/** Runs a query's work with a connection of its own, errors told as those of the file. */
async function withConnection<Result>(
  table: Table,
  work: (connection: DuckDBConnection) => Promise<Result>,
): Promise<Result> {
  const connection = await table.engine.connect();
  try {
    return await work(connection);
  } catch (error) {
    throw await located(error, table);
  } finally {
    connection.closeSync();
  }
}

/** Reads all again for the error that a stream does not tell; throws in any case. */
async function demandWhole(
  connection: DuckDBConnection,
  { engine }: Table,
  list: string,
  from: string,
): Promise<never> {
  await connection.run(`SELECT bit_xor(hash(row)) FROM (SELECT ${list} FROM ${from}) AS row`, [engine.path]);
  throw new ReadError('The file broke off while it was read: it was changed, or needs too much memory.');
}

/** Asks for the next chunk; whoever waits for it hears of its failure. */
function ask(result: DuckDBResult): Promise<DuckDBDataChunk | null> {
  const coming = result.fetchChunk();
  coming.catch(() => undefined);
  return coming;
}

async function* read(table: Table, schema: Schema, deadline: AbortSignal): AsyncGenerator<Chunk> {
  const { engine } = table;
  const connection = await engine.connect();
  const stop = (): void => connection.interrupt();
  deadline.addEventListener('abort', stop);
  // One chunk is fetched, in another thread, while the one before is worked on.
  let coming: Promise<DuckDBDataChunk | null> | null = null;
  try {
    const from = source(table, schema);
    const found = await typesIn(connection, from, engine.path);
    const list = selectList(schema, found);
    const nothing = schema.columns.map(() => 'NULL');
    const result = await connection.stream(
      `SELECT ${list}, false FROM ${from} UNION ALL SELECT ${[...nothing, 'true'].join(', ')}`,
      [engine.path],
    );
    const types = result.columnTypes();
    coming = ask(result);
    for (let before = 0; ; ) {
      if (deadline.aborted) throw new ReadError('The file took longer to read than is allowed.');
      const chunk = await coming;
      // A stream that breaks off ends as if it were whole: only its last row says that it is.
      if (chunk === null || chunk.rowCount === 0) return await demandWhole(connection, table, list, from);
      if (chunk.getColumnVector(schema.columns.length).getItem(chunk.rowCount - 1) === true) {
        if (chunk.rowCount > 1) throw new TypeError('the last row came with others');
        return;
      }
      coming = ask(result);
      yield columnsOf(chunk, types, schema, before);
      before += chunk.rowCount;
    }
  } catch (error) {
    throw await located(error, table, schema);
  } finally {
    deadline.removeEventListener('abort', stop);
    // Not before the fetch in flight has ended, which it soon does.
    connection.interrupt();
    await coming?.catch(() => null);
    connection.closeSync();
  }
}

async function dialectOf(path: string, format: TableFormat, options: ReadOptions): Promise<Dialect> {
  const header = options.header ?? true;
  if (format === 'parquet') return { delimiter: ',', header, names: [] };
  const head = await headOf(path);
  const delimiter = format === 'tsv' ? '\t' : (options.delimiter ?? delimiterOf(head));
  if (format === 'jsonl') return { delimiter, header, names: [] };
  const names = header ? headerOf(head, delimiter) : firstLine(head, delimiter).map((_, at) => `column${at}`);
  if (names.length > MAX_COLUMNS)
    throw new ReadError(`The file has ${names.length} columns, more than ${MAX_COLUMNS}.`);
  return { delimiter, header, names };
}

/** Opens a CSV, TSV, JSONL or Parquet file. Constant memory whatever its size. ReadError for what cannot be read. */
export async function openTable(
  path: string,
  format: TableFormat,
  options: ReadOptions = {},
): Promise<OpenDataset> {
  if (options.delimiter !== undefined && [...options.delimiter].length !== 1)
    throw new ReadError('The delimiter is one character.');
  if (options.schema) schemaBytes(options.schema);
  const engine = await openEngine(path, format, options.limits);
  const deadline = AbortSignal.timeout(options.limits?.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  try {
    if (format === 'jsonl') await demandShallowJson(engine.path);
    const skipsUnreadable = options.skipsUnreadable ?? false;
    const table = { engine, format, csv: await dialectOf(engine.path, format, options), skipsUnreadable };
    const schema = options.schema ?? (await withConnection(table, (connection) => infer(connection, table)));
    return Object.freeze({
      format,
      bytes: engine.bytes,
      schema,
      chunks: () => read(table, schema, deadline),
      close: engine.close,
    });
  } catch (error) {
    await engine.close();
    throw error;
  }
}
