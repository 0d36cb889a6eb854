import { lstat, readdir, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { artifactPathClash, artifactPathProblem, MAX_ARTIFACT_FILES } from '@bartizan/contracts';
import { CliError, EXIT } from '../../exit.ts';
import { printable } from '../../output.ts';

/** A file to be sent. */
export interface LocalFile {
  /** As it will be called in the version, with `/`. */
  readonly path: string;
  readonly place: string;
  /** In bytes. */
  readonly size: number;
}

export interface LocalFiles {
  readonly files: readonly LocalFile[];
  readonly bytes: number;
  /** What git and its hosts keep beside a model: left out, as signatures of models leave it out. */
  readonly leftOut: readonly string[];
}

const OF_GIT: ReadonlySet<string> = new Set(['.git', '.gitattributes', '.github', '.gitignore']);

async function walk(folder: string, under: string, found: LocalFile[], leftOut: string[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    const place = join(folder, entry.name);
    if (under === '' && OF_GIT.has(entry.name)) leftOut.push(entry.name);
    else if (entry.isDirectory()) await walk(place, path, found, leftOut);
    else found.push(await fileAt(path, place));
    if (found.length > MAX_ARTIFACT_FILES) {
      throw new CliError(
        `there are more than ${MAX_ARTIFACT_FILES} files; a version has at most that many`,
        EXIT.usage,
      );
    }
  }
}

async function fileAt(path: string, place: string): Promise<LocalFile> {
  const found = await lstat(place);
  if (found.isSymbolicLink()) {
    throw new CliError(
      `${printable(path)} is a symbolic link, and links are not followed; make a copy without links ("cp -rL") and push that`,
      EXIT.usage,
    );
  }
  if (!found.isFile()) throw new CliError(`${printable(path)} is neither a file nor a folder`, EXIT.usage);
  const problem = artifactPathProblem(path);
  if (problem !== null) throw new CliError(`the path "${printable(path)}" ${problem}`, EXIT.usage);
  return { path, place, size: found.size };
}

/**
 * The file, or every file below the folder, that `given` names; a link that is given itself is meant, links below it
 * are refused: nothing that belongs to a model is left out silently.
 */
export async function localFiles(given: string): Promise<LocalFiles> {
  const place = await realpath(given).catch(() => {
    throw new CliError(`there is no ${printable(given)}`, EXIT.usage);
  });
  const files: LocalFile[] = [];
  const leftOut: string[] = [];
  if ((await lstat(place)).isDirectory()) await walk(place, '', files, leftOut);
  else files.push(await fileAt(basename(given), place));
  if (files.length === 0) throw new CliError(`there are no files in ${printable(given)}`, EXIT.usage);
  const clash = artifactPathClash(files.map(({ path }) => path));
  if (clash) throw new CliError(`the path "${printable(clash.path)}" ${clash.reason}`, EXIT.usage);
  return { files, bytes: files.reduce((sum, { size }) => sum + size, 0), leftOut };
}
