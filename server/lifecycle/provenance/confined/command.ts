import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** The real folder of a package of ours, found by a file of it that lies `levels` below. */
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

/** Code of this domain; nothing else lies there. */
const OURS = fileURLToPath(new URL('..', import.meta.url));

/**
 * How a process that reads foreign data is started. It may read our own code and its own folder, write that folder
 * alone, and start nothing. The one native library that it loads is DuckDB, which is confined to its input by itself
 * (`checks/datasets/read/engine.ts`).
 */
export function confinedCommand(
  entry: string,
  { heapMb, folder }: { readonly heapMb: number; readonly folder: string },
): { readonly command: string; readonly args: string[] } {
  const checks = packageOf('@bartizan/checks/datasets/read/index.ts', 3);
  const contracts = packageOf('@bartizan/contracts', 1);
  const libraries = dirname(realpathSync(createRequire(import.meta.url).resolve('zod/package.json')));
  const readable = [
    OURS,
    checks,
    contracts,
    libraries,
    folder,
    ...moduleFolders(checks),
    ...moduleFolders(contracts),
    ...moduleFolders(here),
  ];
  return {
    command: process.execPath,
    args: [
      '--permission',
      '--allow-addons',
      ...new Set(readable.map((one) => `--allow-fs-read=${one}`)),
      `--allow-fs-write=${folder}`,
      `--max-old-space-size=${heapMb}`,
      '--disable-proto=throw',
      '--disallow-code-generation-from-strings',
      '--no-warnings',
      entry,
    ],
  };
}
