import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The real folder of a package, found by a file of it that lies `levels` below. */
export function packageOf(specifier: string, levels: number): string {
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

export interface NodeCommand {
  readonly command: string;
  readonly args: string[];
}

/**
 * How a process that reads foreign bytes is started under Node's permission model: it may read the code in `packages`
 * and what that imports, and `readable`; write `writable`; load native code only where `addons`; and start nothing.
 */
export function confinedNode(
  entry: string,
  {
    packages,
    readable = [],
    writable = [],
    addons = false,
    heapMb,
  }: {
    readonly packages: readonly string[];
    readonly readable?: readonly string[];
    readonly writable?: readonly string[];
    readonly addons?: boolean;
    readonly heapMb: number;
  },
): NodeCommand {
  const libraries = dirname(realpathSync(createRequire(import.meta.url).resolve('zod/package.json')));
  const read = new Set([...packages, libraries, ...readable, ...packages.flatMap(moduleFolders)]);
  return {
    command: process.execPath,
    args: [
      '--permission',
      ...(addons ? ['--allow-addons'] : []),
      ...Array.from(read, (one) => `--allow-fs-read=${one}`),
      ...writable.map((one) => `--allow-fs-write=${one}`),
      `--max-old-space-size=${heapMb}`,
      '--disable-proto=throw',
      '--disallow-code-generation-from-strings',
      '--no-warnings',
      entry,
    ],
  };
}
