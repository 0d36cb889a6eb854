import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BackupError } from './error.ts';

const PATH = /^(?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}\/){0,8}[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;

/** Regular files below a folder, by relative path, in order; links and odd names are left alone. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const walk = (below: string): string[] =>
    readdirSync(join(folder, below), { withFileTypes: true }).flatMap((item) => {
      const path = below === '' ? item.name : `${below}/${item.name}`;
      if (!PATH.test(path)) return [];
      if (item.isDirectory()) return walk(path);
      return item.isFile() ? [path] : [];
    });
  return walk('').toSorted();
}

export function readFileParts(folder: string, path: string): AsyncIterable<Buffer> {
  return createReadStream(join(folder, path), { highWaterMark: 1024 * 1024 });
}

/** Takes the files of a backup, one after the other, into a side folder; `commit` moves them to their place. */
export interface FileSink {
  readonly begin: (path: string) => Promise<void>;
  readonly write: (part: Buffer) => Promise<void>;
  /** Ends the open file, if any; gives what came in. */
  readonly finish: () => Promise<{ path: string; bytes: number; sha256: string } | null>;
  readonly commit: () => void;
  readonly discard: () => Promise<void>;
}

export function createFileSink(folder: string, id: string): FileSink {
  const staging = `${folder}.restore-${id}`;
  const paths: string[] = [];
  let at: { path: string; handle: FileHandle; bytes: number } | null = null;
  let hash = createHash('sha256');

  return Object.freeze({
    async begin(path: string) {
      if (!PATH.test(path)) throw new BackupError('a file in this backup has a name that is not allowed');
      const target = join(staging, path);
      mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
      at = { path, handle: await open(target, 'wx', 0o600), bytes: 0 };
      hash = createHash('sha256');
    },
    async write(part: Buffer) {
      if (at === null) throw new BackupError('bytes of no file stand in this backup');
      await at.handle.write(part);
      hash.update(part);
      at.bytes += part.length;
    },
    async finish() {
      if (at === null) return null;
      const { path, handle, bytes } = at;
      at = null;
      await handle.sync();
      await handle.close();
      paths.push(path);
      return { path, bytes, sha256: hash.digest('hex') };
    },
    commit() {
      for (const path of paths) {
        mkdirSync(dirname(join(folder, path)), { recursive: true, mode: 0o700 });
        renameSync(join(staging, path), join(folder, path));
      }
      rmSync(staging, { recursive: true, force: true });
    },
    async discard() {
      await at?.handle.close().catch(() => undefined);
      at = null;
      rmSync(staging, { recursive: true, force: true });
    },
  });
}
