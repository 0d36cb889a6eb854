// Plain JavaScript that any Node from 20 on runs: it brings the pinned Node and everything else along.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const windows = process.platform === 'win32';

/** The Node that the product runs under, from the npm package `node`. */
export const pinnedNode = join(ROOT, 'node_modules', 'node', 'bin', windows ? 'node.exe' : 'node');

/** Installs what package-lock.json names unless it is there already. */
export function install() {
  const lock = readFileSync(join(ROOT, 'package-lock.json'));
  const stamp = join(ROOT, 'node_modules', '.bartizan-installed');
  const wanted = hash([lock]);
  if (existsSync(pinnedNode)) {
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
    if (isInstalled(JSON.parse(lock.toString('utf8')).packages)) {
      writeFileSync(stamp, wanted);
      return;
    }
  }
  say('Installing dependencies (once, about a minute)');
  run(npm(), ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'npm ci failed; see above');
  if (!existsSync(pinnedNode)) {
    stop(
      'npm installed everything but the pinned Node. Its install script may be switched off: run "npm rebuild node".',
    );
  }
  writeFileSync(stamp, wanted);
}

/** Whether npm's own note of what it put there, say by `npm ci`, is what the lock file asks for. */
function isInstalled(asked) {
  const note = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(note)) return false;
  const there = JSON.parse(readFileSync(note, 'utf8')).packages ?? {};
  const required = Object.entries(asked).filter(
    ([path, entry]) => path.startsWith('node_modules/') && !entry.optional,
  );
  return (
    required.every(
      ([path, entry]) => there[path]?.version === entry.version && existsSync(join(ROOT, path)),
    ) && Object.keys(there).every((path) => asked[path] !== undefined)
  );
}

/** Builds the console unless the built one is made from these very sources. */
export function buildConsole() {
  const dist = join(ROOT, 'console', 'dist');
  const stamp = join(dist, '.sources');
  const wanted = hash(sourcesOf(join(ROOT, 'console')).concat(sourcesOf(join(ROOT, 'contracts'))));
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('Building the console');
  run(npm(), ['run', '-s', 'build', '--workspace', 'console'], 'the console could not be built; see above');
  mkdirSync(dist, { recursive: true });
  writeFileSync(stamp, wanted);
}

/** The environment in which `node` is the pinned one. */
export function pinnedEnv() {
  const path = [join(ROOT, 'node_modules', '.bin'), process.env.PATH ?? ''].join(windows ? ';' : ':');
  return { ...process.env, PATH: path };
}

export function say(line) {
  process.stderr.write(`${line}\n`);
}

export function stop(line) {
  say(line);
  process.exit(1);
}

function npm() {
  return windows ? 'npm.cmd' : 'npm';
}

function run(command, args, problem) {
  // npm's own output would mix with what we print for machines, so it goes to standard error.
  const done = spawnSync(command, args, {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
    env: pinnedEnv(),
    shell: windows,
  });
  if (done.status !== 0) stop(problem);
}

function sourcesOf(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !['dist', 'node_modules'].includes(entry.name) && !entry.name.endsWith('.test.ts'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return sourcesOf(path);
      return statSync(path).isFile() ? [Buffer.from(path.slice(ROOT.length)), readFileSync(path)] : [];
    });
}

function hash(parts) {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(String(part.length)).update(part);
  return sum.digest('hex');
}
