import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import {
  byBytes,
  HASHES,
  type HashType,
  isIgnored,
  isPlainPath,
  type Resource,
  shardsOf,
} from '@bartizan/checks/signing/index.ts';
import { CliError, EXIT } from '../../exit.ts';
import { printable } from '../../output.ts';

/** What git and its hosts keep beside a model; left out as other tools for model signatures leave it out. */
export const GIT_PATHS: readonly string[] = Object.freeze([
  '.git',
  '.gitattributes',
  '.github',
  '.gitignore',
]);
const MOST_FILES = 200_000;

export interface LocalModel {
  /** Last part of its path. */
  readonly name: string;
  /** In the order of their paths' UTF-8 bytes; a model that is one file has one with the path `.`. */
  readonly files: readonly LocalFile[];
  /** Paths that are there and were left out. */
  readonly ignored: readonly string[];
}
interface LocalFile {
  /** Relative to the model, with `/`. */
  readonly path: string;
  readonly place: string;
  readonly sizeBytes: number;
}

export interface ModelFilesOptions {
  readonly ignore: readonly string[];
  /** True: links to files are read as those files; otherwise a link ends it. Links to folders always do. */
  readonly allowSymlinks: boolean;
}

/** Where `place` lies inside of the model, with `/`; null when it does not. */
export function pathInside(model: string, place: string): string | null {
  const path = relative(resolve(model), resolve(place));
  return path === '' || path.startsWith('..') || resolve(path) === path ? null : path.split(sep).join('/');
}

/** Lists the files of a model: a folder with all below it, or one file. Nothing is left out silently. */
export async function listModel(place: string, options: ModelFilesOptions): Promise<LocalModel> {
  const name = basename(resolve(place));
  const found = await statModel(place, options);
  if (found.isFile()) return { name, files: [{ path: '.', place, sizeBytes: found.size }], ignored: [] };
  const files: LocalFile[] = [];
  const ignored: string[] = [];
  for (const folders = ['']; folders.length > 0; ) {
    const folder = folders.pop() ?? '';
    for (const entry of await readdir(join(place, folder))) {
      const path = folder === '' ? entry : `${folder}/${entry}`;
      const at = join(place, path);
      if (isIgnored(path, options.ignore)) {
        ignored.push(path);
        continue;
      }
      const status = await statEntry(at, path, options);
      if (status.isDirectory()) folders.push(path);
      else files.push({ path: plain(path), place: at, sizeBytes: status.size });
      if (files.length > MOST_FILES)
        throw new CliError(`${printable(place)}: more than ${MOST_FILES} files.`);
    }
  }
  files.sort((a, b) => byBytes(a.path, b.path));
  return { name, files, ignored: ignored.toSorted(byBytes) };
}

async function statModel(place: string, { allowSymlinks }: ModelFilesOptions) {
  let found = await lstat(place).catch(() => {
    throw new CliError(`${printable(place)}: no such file or folder.`, EXIT.usage);
  });
  if (found.isSymbolicLink() && allowSymlinks) found = await stat(place);
  if (found.isFile() || found.isDirectory()) return found;
  throw new CliError(`${printable(place)} is neither a file nor a folder.`);
}

async function statEntry(at: string, path: string, { allowSymlinks }: ModelFilesOptions) {
  const found = await lstat(at);
  if (found.isDirectory() || found.isFile()) return found;
  if (!found.isSymbolicLink())
    throw new CliError(`${printable(path)} is no file: it cannot be signed or judged.`);
  if (!allowSymlinks)
    throw new CliError(
      `${printable(path)} is a link. Use --allow-symlinks to take the file that it leads to.`,
    );
  const target = await stat(at).catch(() => null);
  if (target?.isFile()) return target;
  throw new CliError(`${printable(path)} is a link that leads to no file.`);
}

function plain(path: string): string {
  if (isPlainPath(path)) return path;
  throw new CliError(`${printable(path)}: models with such a name in them cannot be signed.`);
}

async function digestOf(
  place: string,
  hash: HashType,
  range?: { start: number; end: number },
): Promise<string> {
  const sum = createHash(HASHES[hash]);
  const bounds = range ? { start: range.start, end: range.end - 1 } : {};
  for await (const chunk of createReadStream(place, { highWaterMark: 1 << 20, ...bounds })) {
    sum.update(chunk as Buffer);
  }
  return sum.digest('hex');
}

/** How the files are to be taken apart. */
export interface Method {
  readonly hash: HashType;
  /** Null: whole files. */
  readonly shardBytes: number | null;
}

/** Reads every file once and gives its digest, or those of its parts; constant memory. */
export async function digestModel({ files }: LocalModel, { hash, shardBytes }: Method): Promise<Resource[]> {
  const resources: Resource[] = [];
  for (const { path, place, sizeBytes } of files) {
    if (shardBytes === null) {
      resources.push({ name: path, digest: await digestOf(place, hash) });
      continue;
    }
    for (const { name, start, end } of shardsOf(path, sizeBytes, shardBytes)) {
      resources.push({ name, digest: await digestOf(place, hash, { start, end }) });
    }
  }
  return resources;
}
