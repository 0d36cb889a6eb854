import { type Dirent, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';

/** A file to judge, or a thing that is none, with the reason. */
export type Found =
  | { readonly is: 'file'; readonly path: string; readonly size: number; readonly followLink: boolean }
  | { readonly is: 'skipped'; readonly path: string; readonly reason: string }
  | { readonly is: 'failed'; readonly path: string; readonly message: string };

const MOST_DEPTH = 64;
const MOST_FILES = 1_000_000;

/**
 * All that lies under `path`, folders in the order of their names. A link that the user names is followed; links
 * inside a folder are not: what they lead to inside the folder is met anyway, and nothing outside was asked for.
 * Throws when `path` itself is not there.
 */
export function walk(path: string): Found[] {
  const stat = statSync(path);
  if (stat.isFile()) return [{ is: 'file', path, size: stat.size, followLink: true }];
  if (!stat.isDirectory()) return [{ is: 'skipped', path, reason: `${kindOf(stat)}, no file` }];
  const found: Found[] = [];
  const root = realpathSync(path);
  walkFolder(path, { root, found, depth: 0 });
  return found;
}

interface State {
  readonly root: string;
  readonly found: Found[];
  readonly depth: number;
}

function walkFolder(folder: string, { root, found, depth }: State): void {
  if (depth > MOST_DEPTH) {
    found.push({ is: 'failed', path: folder, message: `more than ${MOST_DEPTH} folders inside one another` });
    return;
  }
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    found.push({ is: 'failed', path: folder, message: words(error) });
    return;
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (found.length >= MOST_FILES) {
      found.push({ is: 'failed', path, message: `more than ${MOST_FILES} files` });
      return;
    }
    if (entry.isDirectory()) walkFolder(path, { root, found, depth: depth + 1 });
    else
      found.push(entry.isFile() ? regular(path) : entry.isSymbolicLink() ? link(path, root) : special(path));
  }
}

function regular(path: string): Found {
  try {
    return { is: 'file', path, size: lstatSync(path).size, followLink: false };
  } catch (error) {
    return { is: 'failed', path, message: words(error) };
  }
}

function link(path: string, root: string): Found {
  try {
    const target = realpathSync(path);
    const isInside = target === root || target.startsWith(root.endsWith(sep) ? root : root + sep);
    return {
      is: 'skipped',
      path,
      reason: isInside ? 'a link to what is judged at its own place' : 'a link that leads out of the folder',
    };
  } catch {
    return { is: 'skipped', path, reason: 'a link to nothing' };
  }
}

function special(path: string): Found {
  try {
    return { is: 'skipped', path, reason: `${kindOf(lstatSync(path))}, no file` };
  } catch (error) {
    return { is: 'failed', path, message: words(error) };
  }
}

function kindOf(stat: ReturnType<typeof lstatSync> & object): string {
  if (stat.isFIFO()) return 'a pipe';
  if (stat.isSocket()) return 'a socket';
  if (stat.isBlockDevice() || stat.isCharacterDevice()) return 'a device';
  return 'something special';
}

/** What went wrong, without the path (which stands beside it). */
export function words(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const known: Readonly<Record<string, string>> = {
    EACCES: 'reading is not permitted',
    EPERM: 'reading is not permitted',
    ENOENT: 'no such file',
    ELOOP: 'it became a link',
    EMFILE: 'too many open files',
    EIO: 'the disk cannot read it',
  };
  return known[code ?? ''] ?? message;
}
