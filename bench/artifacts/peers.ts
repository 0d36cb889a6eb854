import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Measurement } from './measure.ts';

/** What a scanner says about one file. */
export type Answer = 'found' | 'nothing' | 'error';

export interface Scanner {
  readonly name: string;
  readonly version: string;
  readonly command: string;
  readonly args: (path: string) => readonly string[];
  /** Reads the answer from exit code and output; each tool has its own convention. */
  readonly answer: (run: Pick<Measurement, 'exitCode' | 'stdout' | 'stderr'>) => Answer;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OWN = join(ROOT, '.cache', 'bench-artifacts');
/** Editions that were compared; the newest that install where a pin does not. */
const PACKAGES = ['picklescan', 'modelscan', 'fickling'] as const;

export function bartizan(): Scanner {
  return {
    name: 'bartizan',
    version: 'this checkout',
    command: process.execPath,
    args: (path) => [join(ROOT, 'cli', 'bin', 'bartizan.mjs'), 'scan', path, '--json'],
    answer: ({ exitCode: code }) => (code === 1 ? 'found' : code === 0 ? 'nothing' : 'error'),
  };
}

/**
 * The peers that can be had here, and why the others cannot.
 *
 * @param environment - folder of a Python environment that has them; without it they are installed into `.cache/`.
 */
export function peers(environment?: string): {
  readonly scanners: readonly Scanner[];
  readonly skipped: Readonly<Record<string, string>>;
} {
  const folder = environment ?? OWN;
  const bin = (name: string): string => join(folder, 'bin', name);
  const python = pythonOf(folder);
  if (python === null) {
    return {
      scanners: [],
      skipped: Object.fromEntries(PACKAGES.map((name) => [name, 'no python3 with venv here'])),
    };
  }
  const scanners: Scanner[] = [];
  const skipped: Record<string, string> = {};
  for (const name of PACKAGES) {
    const version = installed(python, name, environment === undefined);
    if (version === null) skipped[name] = 'pip could not install it';
    else scanners.push({ name, version, command: bin(name), ...CONVENTIONS[name] });
  }
  return { scanners, skipped };
}

const CONVENTIONS: Readonly<Record<(typeof PACKAGES)[number], Pick<Scanner, 'args' | 'answer'>>> = {
  // 0 nothing, 1 found, 2 error, also after a find: then the summary counts.
  picklescan: {
    args: (path) => ['--path', path],
    answer({ exitCode: code, stdout, stderr }) {
      if (code === 1 || /Infected files: [1-9]/.test(stdout + stderr)) return 'found';
      return code === 0 ? 'nothing' : 'error';
    },
  },
  // 0 nothing, 1 found, 2 scan failed, 3 no file that it supports, 4 wrong use.
  modelscan: {
    args: (path) => ['-p', path],
    answer: ({ exitCode: code }) => (code === 1 ? 'found' : code === 0 || code === 3 ? 'nothing' : 'error'),
  },
  // 0 "likely safe", 1 otherwise and also for a crash, which prints no verdict.
  fickling: {
    args: (path) => ['--check-safety', '--print-results', path],
    answer: ({ exitCode: code, stdout }) =>
      code === 0 ? 'nothing' : code === 1 && stdout.trim() !== '' ? 'found' : 'error',
  },
};

function pythonOf(folder: string): string | null {
  const python = join(folder, 'bin', 'python');
  if (existsSync(python)) return python;
  if (folder !== OWN) return null;
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const made = spawnSync('python3', ['-m', 'venv', OWN], { stdio: 'ignore', timeout: 120_000 });
  return made.status === 0 && existsSync(python) ? python : null;
}

function installed(python: string, name: string, mayInstall: boolean): string | null {
  const has = () => {
    const asked = spawnSync(
      python,
      ['-c', `import importlib.metadata as m; print(m.version(${JSON.stringify(name)}))`],
      {
        encoding: 'utf8',
        timeout: 60_000,
      },
    );
    return asked.status === 0 ? asked.stdout.trim() : null;
  };
  const version = has();
  if (version !== null || !mayInstall) return version;
  process.stderr.write(`installing ${name} into .cache/bench-artifacts\n`);
  // fickling 0.1.12 imports typing_extensions without asking for it.
  const packages = name === 'fickling' ? [name, 'typing_extensions'] : [name];
  spawnSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], {
    stdio: 'ignore',
    timeout: 300_000,
  });
  return has();
}
