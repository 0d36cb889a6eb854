import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OpenRequest } from './protocol.ts';

/** This package, whose sources the process runs. */
const PACKAGE = fileURLToPath(new URL('../../../../', import.meta.url));
/** Packages that it loads. */
const LIBRARIES = ['onnxruntime-node', 'zod'];

/** The folder of packages that a library lies in; none where it is not installed, which the process itself will say. */
function packagesOf(library: string): string[] {
  let entry: string;
  try {
    entry = realpathSync(createRequire(import.meta.url).resolve(library));
  } catch {
    return [];
  }
  const at = entry.lastIndexOf(`${sep}node_modules${sep}`);
  return [at < 0 ? dirname(entry) : join(entry.slice(0, at), 'node_modules')];
}

/** Manifests above the sources: Node reads them to learn what kind of modules it runs. */
function manifestsAbove(folder: string): string[] {
  const found: string[] = [];
  for (let at = folder; dirname(at) !== at; at = dirname(at)) found.push(join(at, 'package.json'));
  return found;
}

/**
 * What Node lets the encoder's process do (its permission model): read this package, the packages that it loads and the
 * model's files; write nothing, start no process, no worker and no inspector. This binds JavaScript alone: the native
 * library, which has to be let in, is bound by the operating system only, and Node has no permission for the network in
 * this version. A model's weights are data to that library; what is not of our interface or digest is not run.
 */
export function permissionsFor({ encoder, upper, vocabulary }: OpenRequest): string[] {
  const folders = [PACKAGE, ...LIBRARIES.flatMap(packagesOf)].map((folder) => join(folder, '*'));
  const files = [encoder, upper, vocabulary].map(({ path }) => path);
  const paths = new Set([...folders, ...manifestsAbove(PACKAGE), ...files, ...files.flatMap(real)]);
  return ['--permission', '--allow-addons', ...[...paths].map((path) => `--allow-fs-read=${path}`)];
}

function real(path: string): string[] {
  try {
    return [realpathSync(path)];
  } catch {
    // It is not there, which the process itself will say.
    return [];
  }
}
