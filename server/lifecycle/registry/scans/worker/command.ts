import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** The real folder of a package, found by a file of it. */
function packageOf(specifier: string, levels: number): string {
  let folder = realpathSync(fileURLToPath(import.meta.resolve(specifier)));
  for (let level = 0; level < levels; level += 1) folder = dirname(folder);
  return folder;
}

/** Every folder `node_modules` in which the packages of `folder` may lie. */
function moduleFolders(folder: string): string[] {
  const found: string[] = [];
  for (let at = folder; at !== parse(at).root; at = dirname(at)) found.push(join(at, 'node_modules'));
  return found;
}

/**
 * How the process that reads foreign files is started: it may read our own code and nothing else of the disk, and
 * neither write, start programs nor load native code.
 */
export function workerCommand(memoryMb: number): { readonly command: string; readonly args: string[] } {
  const checks = packageOf('@bartizan/checks/artifacts/scan.ts', 2);
  const libraries = dirname(realpathSync(createRequire(import.meta.url).resolve('zod/package.json')));
  const readable = [here, checks, libraries, ...moduleFolders(checks), ...moduleFolders(here)];
  return {
    command: process.execPath,
    args: [
      '--permission',
      ...new Set(readable.map((folder) => `--allow-fs-read=${folder}`)),
      // Most of what a scan holds are buffers outside of this heap: those are watched by their process's size.
      `--max-old-space-size=${Math.max(64, Math.floor(memoryMb * 0.75))}`,
      '--disable-proto=throw',
      '--disallow-code-generation-from-strings',
      '--no-warnings',
      join(here, 'child.ts'),
    ],
  };
}
