import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');
const ROOMS = ['contracts', 'checks', 'gateway', 'server', 'console', 'cli'];

/** A source file with the files and packages that it imports; paths are relative to the root, with `/`. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly files: readonly string[];
  readonly packages: readonly string[];
  /** Without type-only imports: what really runs. */
  readonly runtimeFiles: readonly string[];
}

/** Every source file of the product, tests left out. */
export function readSources(): Source[] {
  return ROOMS.flatMap((room) => walk(join(ROOT, room)))
    .filter((path) => !/\.test\.tsx?$/.test(path) && !path.includes('/testing'))
    .map(readSource);
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (['node_modules', 'dist', 'fixtures'].includes(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return walk(path);
    return /\.(ts|tsx|mjs)$/.test(entry.name) ? [path] : [];
  });
}

const IMPORT =
  /(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

function readSource(path: string): Source {
  const text = readFileSync(path, 'utf8');
  const files: string[] = [];
  const runtimeFiles: string[] = [];
  const packages: string[] = [];
  for (const match of text.matchAll(IMPORT)) {
    const target = match[3] ?? match[4] ?? '';
    const file = fileOf(path, target);
    if (file === null) packages.push(target);
    else {
      files.push(file);
      if (!match[2]) runtimeFiles.push(file);
    }
  }
  return { path: name(path), text, files, packages, runtimeFiles };
}

/** The product's file that an import names, or null when it is a package of others. */
function fileOf(from: string, target: string): string | null {
  if (target.startsWith('.')) return withExtension(resolve(dirname(from), target));
  const own = /^@bartizan\/([a-z]+)(?:\/(.+))?$/.exec(target);
  if (!own?.[1]) return null;
  return withExtension(join(ROOT, own[1], own[2] ?? 'index.ts'));
}

function withExtension(path: string): string {
  const found = [path, `${path}.ts`, `${path}.tsx`, join(path, 'index.ts'), join(path, 'index.tsx')].find(
    (candidate) => existsSync(candidate) && statSync(candidate).isFile(),
  );
  return name(found ?? path);
}

const name = (path: string): string => relative(ROOT, path).split(sep).join('/');

/** A cycle of imports that run, as the list of its files, or null. */
export function findCycle(sources: readonly Source[]): string[] | null {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return null;
    for (const next of byPath.get(path)?.runtimeFiles ?? []) {
      const cycle = visit(next, [...trail, path]);
      if (cycle) return cycle;
    }
    done.add(path);
    return null;
  };
  for (const { path } of sources) {
    const cycle = visit(path, []);
    if (cycle) return cycle;
  }
  return null;
}
