import { z } from 'zod';

/** Of a path of a file in a model version, in bytes of UTF-8. */
export const MAX_ARTIFACT_PATH_BYTES = 1024;
/** Of one model version. */
export const MAX_ARTIFACT_FILES = 10_000;

const bytesOf = (text: string): number => new TextEncoder().encode(text).byteLength;
/** Control characters, line and paragraph separators, and marks that turn the reading direction around. */
const UNSEEN = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
/** Windows leaves these away at the end of a name, so that it becomes another one. */
const CUT_OFF = /[\s.]$/u;
/** Names that Windows takes for devices in every folder, whatever follows the first dot (Win32 "Naming files"). */
const DEVICE =
  /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3]) *(?:[.:]|$)/iu;

/**
 * Why `path` cannot name a file of a model version, or null: it is relative, with `/` between names, and cannot
 * leave the folder that it is written to on any system.
 */
export function artifactPathProblem(path: string): string | null {
  if (path === '') return 'is empty';
  if (!path.isWellFormed()) return 'is not valid Unicode';
  if (bytesOf(path) > MAX_ARTIFACT_PATH_BYTES) return `is longer than ${MAX_ARTIFACT_PATH_BYTES} bytes`;
  if (UNSEEN.test(path)) return 'has control characters';
  if (path.includes('\\')) return 'has a backslash';
  if (path.startsWith('/')) return 'is absolute';
  if (/^[a-z]:/i.test(path)) return 'begins with a drive';
  const names = path.split('/');
  if (names.includes('')) return 'has an empty name in it';
  if (names.includes('.') || names.includes('..')) return 'has "." or ".." in it';
  if (names.some((name) => CUT_OFF.test(name))) return 'has a name that ends with a blank or a dot';
  if (names.some((name) => DEVICE.test(name))) return 'has a name that is a device on Windows';
  return null;
}

/** What two paths have in common that some file system takes for one: composition and case do not count. */
export const artifactPathKey = (path: string): string =>
  path.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');

/**
 * The first path of `paths` that cannot stand beside those before it, with the reason, or null: twice the same, the
 * same but for case or Unicode composition, or a file where another path has a folder.
 */
export function artifactPathClash(
  paths: readonly string[],
): { readonly path: string; readonly index: number; readonly reason: string } | null {
  const files = new Map<string, number>();
  const folders = new Set<string>();
  for (const [index, path] of paths.entries()) {
    const key = artifactPathKey(path);
    const other = files.get(key);
    if (other !== undefined) {
      return {
        path,
        index,
        reason: paths[other] === path ? 'is named twice' : 'differs from another only in case',
      };
    }
    if (folders.has(key)) return { path, index, reason: 'is a file here and a folder elsewhere' };
    files.set(key, index);
    for (let end = key.indexOf('/'); end !== -1; end = key.indexOf('/', end + 1)) {
      const folder = key.slice(0, end);
      if (files.has(folder)) return { path, index, reason: 'lies in a folder that is a file elsewhere' };
      folders.add(folder);
    }
  }
  return null;
}

/** Path of a file inside a model version or run, e.g. `weights/model.safetensors`. */
export const ArtifactPath = z
  .string()
  .max(MAX_ARTIFACT_PATH_BYTES)
  .superRefine((path, context) => {
    const problem = artifactPathProblem(path);
    if (problem !== null) context.addIssue({ code: 'custom', message: `the path ${problem}` });
  });
