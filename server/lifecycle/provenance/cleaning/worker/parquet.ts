import { DuckDBInstance } from '@duckdb/node-api';
import type { RowSet } from './rows.ts';

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Copies a Parquet file without some records, in their order. The engine may touch these two files alone. */
export async function copyParquet(
  from: string,
  to: string,
  drop: RowSet,
  { memoryBytes }: { readonly memoryBytes: number },
): Promise<void> {
  if (/[*?[\]{}]/.test(from) || /[*?[\]{}]/.test(to))
    throw new Error('the folder of the server has a name that the engine takes for a pattern');
  const input = from;
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    allow_persistent_secrets: 'false',
    temp_directory: '',
    threads: '2',
    memory_limit: `${memoryBytes}B`,
  });
  const connection = await instance.connect();
  try {
    await connection.run(`SET allowed_paths = [${quoted(input)}, ${quoted(to)}]`);
    await connection.run('SET enable_external_access = false');
    await connection.run('SET lock_configuration = true');
    await connection.run('CREATE TABLE gone (place BIGINT)');
    const appender = await connection.createAppender('gone');
    for (const row of drop.rows) {
      appender.appendBigInt(BigInt(row));
      appender.endRow();
    }
    appender.closeSync();
    await connection.run(`COPY (SELECT * EXCLUDE (file_row_number)
      FROM read_parquet(${quoted(input)}, hive_partitioning = false, file_row_number = true)
      WHERE file_row_number NOT IN (SELECT place FROM gone) ORDER BY file_row_number)
      TO ${quoted(to)} (FORMAT parquet, COMPRESSION zstd)`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
