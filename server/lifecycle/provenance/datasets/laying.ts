import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../../kernel/error.ts';
import type { RecordedObjects } from '../../../platform/objects/index.ts';
import type { Limits } from '../confined/limits.ts';
import type { StoredVersion } from './model.ts';

/** A private folder for one piece of work. */
export interface Workplace {
  readonly folder: string;
  readonly path: (name: string) => string;
  /** Writes stored content to a file of ours; its digest is compared. */
  readonly fetch: (sha256: string, name: string) => Promise<string>;
  /** As it lies in the store, whether or not it still has its digest. Null where it is gone. */
  readonly fetchRaw: (
    sha256: string,
    name: string,
  ) => Promise<{ readonly path: string; readonly intact: boolean } | null>;
  /** Writes the files of a version; gives the file or folder to read. */
  readonly content: (version: Pick<StoredVersion, 'format'>, files: Files, raw?: Raw) => Promise<string>;
  /** As {@link Workplace.content}, under a name of ours, where there is more than one version. */
  readonly below: (name: string, version: Pick<StoredVersion, 'format'>, files: Files) => Promise<string>;
  readonly remove: () => Promise<void>;
}

type Files = readonly { readonly path: string; readonly sha256: string }[];
/** As it lies in the store, whatever its digest; told of what is gone, and of what has another digest. */
interface Raw {
  readonly missing: (path: string) => void;
  readonly damaged: (path: string) => void;
}

const GIB = 2 ** 30;
export const isFolder = (format: StoredVersion['format']): boolean =>
  format === 'texts' || format === 'images';

/** What reading one version may take. */
export function limitsFor(config: { readonly maxUploadBytes: number }, timeMs = 6 * 3_600_000): Limits {
  return { memoryBytes: 2 * GIB, contentBytes: Math.max(config.maxUploadBytes, 1), timeMs };
}

const [LEAST_READ_MS, MOST_READ_MS] = [60_000, 6 * 3_600_000];
const MS_OF_A_FILE = 2;
/** Bytes that are read and hashed in a millisecond at least; Parquet is unpacked to many times its bytes. */
const BYTES_A_MS = 1_000;
const PARQUET_BYTES_A_MS = 100;

/** How long one attempt at reading what was pushed may take: a minute, and time for its bytes and files; 6 hours at most. */
export function readTimeMs({
  bytes,
  fileCount,
  format,
}: Pick<StoredVersion, 'bytes' | 'fileCount' | 'format'>): number {
  const pace = format === 'parquet' ? PARQUET_BYTES_A_MS : BYTES_A_MS;
  return Math.min(MOST_READ_MS, LEAST_READ_MS + MS_OF_A_FILE * fileCount + Math.ceil(bytes / pace));
}

async function* hashed(chunks: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

const PREFIX = 'work-';
const isGone = (error: unknown): boolean => error instanceof AppError && error.code === 'not_found';

/** Makes private folders below `root`, where the bytes of versions are laid out for the process that reads them. */
export function createLaying({
  root,
  objects,
}: {
  readonly root: string;
  readonly objects: Pick<RecordedObjects, 'open' | 'size'>;
}) {
  async function write(path: string, chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await pipeline(
      Readable.from(chunks, { objectMode: true }),
      createWriteStream(path, { flags: 'wx', mode: 0o600 }),
      {
        signal,
      },
    );
  }

  function place(folder: string, signal: AbortSignal): Workplace {
    const path = (name: string): string => join(folder, name);
    async function fetch(sha256: string, name: string): Promise<string> {
      await write(path(name), objects.open(sha256), signal);
      return path(name);
    }
    const fetchRaw: Workplace['fetchRaw'] = async (sha256, name) => {
      try {
        const end = await objects.size(sha256);
        const seen = createHash('sha256');
        await write(path(name), hashed(objects.open(sha256, { start: 0, end }), seen), signal);
        return { path: path(name), intact: seen.digest('hex') === sha256 };
      } catch (error) {
        if (!isGone(error)) throw error;
        await rm(path(name), { force: true });
        return null;
      }
    };
    async function below(
      name: string,
      version: Pick<StoredVersion, 'format'>,
      files: Files,
      raw?: Raw,
    ): Promise<string> {
      const folders = isFolder(version.format);
      if (folders) await mkdir(path(name), { mode: 0o700 });
      for (const file of files) {
        const to = folders ? join(name, file.path) : name;
        if (!raw) {
          await fetch(file.sha256, to);
          continue;
        }
        const found = await fetchRaw(file.sha256, to);
        if (found === null) raw.missing(file.path);
        else if (!found.intact) raw.damaged(file.path);
      }
      return path(name);
    }
    return Object.freeze({
      folder,
      path,
      fetch,
      fetchRaw,
      below,
      content: (version, files, raw) => below('content', version, files, raw),
      remove: () => rm(folder, { recursive: true, force: true }),
    } satisfies Workplace);
  }

  return Object.freeze({
    async begin(signal: AbortSignal): Promise<Workplace> {
      await mkdir(root, { recursive: true, mode: 0o700 });
      return place(await mkdtemp(join(root, PREFIX)), signal);
    },
    /** Removes what processes that died left behind and nobody has touched since `beforeMs`. */
    async sweep(beforeMs: number): Promise<void> {
      for (const name of await readdir(root).catch(() => [])) {
        if (!name.startsWith(PREFIX)) continue;
        const found = await stat(join(root, name)).catch(() => null);
        if (found !== null && found.mtimeMs < beforeMs)
          await rm(join(root, name), { recursive: true, force: true });
      }
    },
  });
}
export type Laying = ReturnType<typeof createLaying>;
