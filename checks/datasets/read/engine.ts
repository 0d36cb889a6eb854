import { lstat, mkdtemp, realpath, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { ReadError, type ReadLimits } from './types.ts';

export interface Engine {
  /** A connection for one query at a time; the caller closes it. */
  readonly connect: () => Promise<DuckDBConnection>;
  /** The one path that it may read; ours, so that no name of a file means anything to DuckDB. */
  readonly path: string;
  readonly bytes: number;
  readonly close: () => Promise<void>;
}

const DEFAULTS = Object.freeze({ fileBytes: 2 ** 40, memoryBytes: 512 * 2 ** 20, threads: 2 });

/** What no file may change, and what its owner did not ask for: no network, no extensions, no other file, no secrets. */
const LOCKED: Readonly<Record<string, string>> = Object.freeze({
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
  allow_unsigned_extensions: 'false',
  allow_persistent_secrets: 'false',
  temp_directory: '',
});

/** A regular file and its size. Throws ReadError for anything else (folders, pipes, devices), or one that is too large. */
export async function regularFile(
  path: string,
  most = DEFAULTS.fileBytes,
): Promise<{ readonly path: string; readonly bytes: number }> {
  const real = await realpath(path).catch((cause: unknown) => {
    throw new ReadError('The file is not there or cannot be read.', { cause });
  });
  const found = await stat(real);
  if (!found.isFile()) throw new ReadError('This is no regular file.');
  if (found.size > most) throw new ReadError(`The file has ${found.size} bytes, more than ${most}.`);
  return { path: real, bytes: found.size };
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
/** DuckDB would take such a path for a pattern. */
const PATTERN = /[*?[\]{}]/;

/** A link with a name of ours to the file, in a folder of its own; the file's own path where links cannot be made. */
async function linkTo(
  file: string,
  suffix: string,
): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'bartizan-read-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const path = join(folder, `input.${suffix}`);
  try {
    await symlink(file, path);
    await lstat(path);
  } catch (cause) {
    await remove();
    if (PATTERN.test(file)) throw new ReadError('The name of the file holds * ? [ ] { or }.', { cause });
    return { path: file, remove: async () => {} };
  }
  if (!PATTERN.test(path)) return { path, remove };
  await remove();
  throw new ReadError('The folder for temporary files has * ? [ ] { or } in its name.');
}

/**
 * A DuckDB of its own in memory that can read this one file and nothing else: external access is off but for its path,
 * extensions are neither loaded nor fetched, and the configuration is locked before the first byte is read.
 */
export async function openEngine(file: string, suffix: string, limits: ReadLimits = {}): Promise<Engine> {
  const { path: real, bytes } = await regularFile(file, limits.fileBytes ?? DEFAULTS.fileBytes);
  const link = await linkTo(real, suffix);
  let instance: DuckDBInstance | null = null;
  try {
    instance = await DuckDBInstance.create(':memory:', {
      ...LOCKED,
      threads: String(limits.threads ?? DEFAULTS.threads),
      memory_limit: `${limits.memoryBytes ?? DEFAULTS.memoryBytes}B`,
    });
    const connection = await instance.connect();
    await connection.run(`SET allowed_paths = [${quoted(link.path)}]`);
    await connection.run('SET enable_external_access = false');
    await connection.run('SET lock_configuration = true');
    connection.closeSync();
    const opened = instance;
    return Object.freeze({
      connect: () => opened.connect(),
      path: link.path,
      bytes,
      close: async () => {
        opened.closeSync();
        await link.remove();
      },
    });
  } catch (error) {
    instance?.closeSync();
    await link.remove();
    throw error;
  }
}
