import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type MasterKey, masterKeyFromHex } from '@bartizan/contracts/sealed.ts';
import type { Command } from 'commander';
import { CliError, EXIT } from '../exit.ts';
import { openDataDir } from '../up/data-dir.ts';
import { startPostgres } from '../up/postgres.ts';
import { findPostgres } from '../up/postgres-found.ts';

/** Where an instance is: a data directory with the embedded database, or a database of the user's. */
export interface InstanceFlags {
  readonly dataDir: string;
  readonly databaseUrl?: string;
  readonly masterKeyFile?: string;
}

export interface OpenInstance {
  readonly databaseUrl: string;
  readonly close: () => Promise<void>;
}

/** Adds the options that say which instance is meant. */
export const withInstance = (command: Command): Command =>
  command
    .option(
      '--data-dir <dir>',
      'where the instance keeps everything',
      process.env.BARTIZAN_DATA_DIR ?? '.bartizan',
    )
    .option(
      '--database-url <url>',
      'your PostgreSQL (default: DATABASE_URL, else the one in the data directory)',
    )
    .option(
      '--master-key-file <file>',
      'default: BARTIZAN_MASTER_KEY or its file, else the one in the data directory',
    );

export const databaseUrlOf = (flags: InstanceFlags): string | undefined =>
  flags.databaseUrl ?? (process.env.DATABASE_URL || undefined);

const keyPath = (dataDir: string): string => join(resolve(dataDir), 'keys', 'master.key');

/** The master key from the option, the environment or the data directory, in this order. Never makes one. */
export function readMasterKey(flags: InstanceFlags): MasterKey {
  const given = process.env.BARTIZAN_MASTER_KEY;
  if (!flags.masterKeyFile && given) return parseKey(given, 'BARTIZAN_MASTER_KEY');
  const file = flags.masterKeyFile ?? (process.env.BARTIZAN_MASTER_KEY_FILE || keyPath(flags.dataDir));
  if (!existsSync(file)) {
    throw new CliError(
      `There is no master key at ${file}. Name it with --master-key-file, or bring it back first: ` +
        'bartizan restore keys FILE --data-dir DIR',
    );
  }
  return parseKey(readFileSync(file, 'utf8'), file);
}

function parseKey(text: string, where: string): MasterKey {
  try {
    return masterKeyFromHex(text);
  } catch {
    throw new CliError(`${where} holds no master key (64 hexadecimal characters)`);
  }
}

/**
 * The instance's database: yours, or the embedded one as it runs, or the embedded one started for the time
 * being. `close` stops only what was started here.
 */
export async function openToRead(flags: InstanceFlags, log: (line: string) => void): Promise<OpenInstance> {
  const given = databaseUrlOf(flags);
  if (given) return { databaseUrl: given, close: async () => undefined };
  const found = findPostgres(flags.dataDir);
  if (!found) {
    throw new CliError(
      `There is no database in ${resolve(flags.dataDir)}. Name the folder with --data-dir, or your PostgreSQL with --database-url.`,
      EXIT.usage,
    );
  }
  if (found.url !== null) return { databaseUrl: found.url, close: async () => undefined };
  return startOwn(flags.dataDir, log, {});
}

/** The same for writing: the embedded database must not run, so that nobody else writes. */
export async function openToReplace(
  flags: InstanceFlags,
  log: (line: string) => void,
): Promise<OpenInstance> {
  const given = databaseUrlOf(flags);
  if (given) return { databaseUrl: given, close: async () => undefined };
  // A restore is one transaction over all tables and indexes: many locks.
  return startOwn(flags.dataDir, log, { max_locks_per_transaction: '1024' });
}

async function startOwn(
  path: string,
  log: (line: string) => void,
  settings: Readonly<Record<string, string>>,
): Promise<OpenInstance> {
  const dataDir = openDataDir(path);
  try {
    const running = await startPostgres({ dataDir: dataDir.path, log, settings });
    return {
      databaseUrl: running.url,
      async close() {
        await running.stop();
        dataDir.release();
      },
    };
  } catch (error) {
    dataDir.release();
    throw error;
  }
}
