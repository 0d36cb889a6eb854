import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { identityRoutes } from '@bartizan/contracts';
import type { Client } from '@bartizan/contracts/client.ts';
import { signInAsAdmin, startInstance } from '../support/instance.ts';

/**
 * The suite of the unmodified MLflow client against a whole Bartizan of its own:
 * `node tests/mlflow/run.ts [--python PATH] [--only PATTERN] [--torch] [--report FILE]`. Without a Python that has
 * MLflow it makes a virtual environment under `.cache/`, kept between runs; where that cannot be done it says
 * "skipped" with the reason and ends well.
 */

const HERE = fileURLToPath(new URL('.', import.meta.url));
const VENV = join(HERE, '../../.cache/mlflow-client');
const BIN = process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python';
const INSTALL_MS = 600_000;
const SUITE_MS = 1_200_000;

interface Outcome {
  readonly test: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly detail: string;
  readonly seconds: number;
}

const works = (command: string, args: readonly string[], timeout = 180_000): boolean =>
  spawnSync(command, args, { timeout, stdio: 'ignore' }).status === 0;

/** A Python that has what requirements.txt names, or why there is none. */
function findPython(given: string | undefined): { readonly python: string } | { readonly missing: string } {
  if (given !== undefined) {
    return works(given, ['-c', 'import mlflow']) ? { python: given } : { missing: `${given} has no mlflow` };
  }
  const wanted = readFileSync(join(HERE, 'requirements.txt'), 'utf8');
  const python = join(VENV, BIN);
  const mark = join(VENV, 'installed.txt');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted && works(python, ['-c', 'import mlflow'])) {
    return { python };
  }
  const fits = ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))'];
  if (!works('python3', fits)) return { missing: 'there is no python3 of version 3.11 or later here' };
  mkdirSync(join(VENV, '..'), { recursive: true });
  if (!works('python3', ['-m', 'venv', '--clear', VENV], INSTALL_MS)) {
    return { missing: 'python3 cannot make a virtual environment' };
  }
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--no-compile',
    '--only-binary=:all:',
    '--retries',
    '1',
    '--timeout',
    '15',
  ];
  if (!works(python, [...pip, '-r', join(HERE, 'requirements.txt')], INSTALL_MS)) {
    return { missing: 'the packages of requirements.txt cannot be installed in time (no network?)' };
  }
  writeFileSync(mark, wanted);
  return { python };
}

async function keyWith(admin: Client, name: string, scopes: readonly string[]): Promise<string> {
  const body = { name, scopes: [...scopes], endpoints: [], expiresAt: null } as never;
  return (await admin.call(identityRoutes.createKey, { body })).secret;
}

function ended(child: ChildProcess): Promise<void> {
  const timer = setTimeout(() => child.kill('SIGKILL'), SUITE_MS);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function runSuite(python: string, options: { only?: string; torch: boolean }): Promise<Outcome[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bartizan-mlflow-'));
  const instance = await startInstance({ args: ['--no-demo'] });
  try {
    const admin = await signInAsAdmin(instance);
    const all = ['models.read', 'models.download', 'models.write', 'models.manage'];
    const results = join(folder, 'results.jsonl');
    writeFileSync(results, '');
    const child = spawn(
      python,
      [join(HERE, 'suite/main.py'), results, ...(options.only ? [options.only] : [])],
      {
        stdio: ['ignore', 'inherit', 'inherit'],
        cwd: folder,
        env: {
          PATH: process.env.PATH,
          HOME: folder,
          TMPDIR: folder,
          PYTHONDONTWRITEBYTECODE: '1',
          MLFLOW_TRACKING_URI: instance.console,
          MLFLOW_TRACKING_TOKEN: await keyWith(admin, 'suite', all),
          BARTIZAN_WRITER_TOKEN: await keyWith(admin, 'writer', all.slice(0, 3)),
          BARTIZAN_READER_TOKEN: await keyWith(admin, 'reader', ['models.read']),
          BARTIZAN_SUITE_TORCH: options.torch ? '1' : '0',
          BARTIZAN_SUITE_NODE: process.execPath,
        },
      },
    );
    await ended(child);
    const lines = readFileSync(results, 'utf8').trim().split('\n').filter(Boolean);
    const outcomes = lines.map((line) => JSON.parse(line) as Outcome);
    if (child.exitCode !== 0 && !outcomes.some(({ outcome }) => outcome === 'failed')) {
      outcomes.push({
        test: 'the suite',
        outcome: 'failed',
        detail: 'it did not run to its end',
        seconds: 0,
      });
    }
    return outcomes;
  } finally {
    await instance.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    only: { type: 'string' },
    torch: { type: 'boolean', default: false },
    report: { type: 'string' },
  },
});
const found = findPython(values.python ?? process.env.BARTIZAN_MLFLOW_PYTHON);
const outcomes =
  'missing' in found
    ? []
    : await runSuite(found.python, { torch: values.torch, ...(values.only ? { only: values.only } : {}) });
const count = (outcome: Outcome['outcome']) => outcomes.filter((one) => one.outcome === outcome).length;
const skipped = 'missing' in found ? 1 : count('skipped');
if (values.report) {
  const report = {
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: skipped,
    numTodoTests: 0,
  };
  writeFileSync(values.report, JSON.stringify(report));
}
if ('missing' in found) process.stdout.write(`skipped: ${found.missing}\n`);
else process.stdout.write(`${count('passed')} passed, ${count('failed')} failed, ${skipped} skipped\n`);
process.exitCode = count('failed') > 0 ? 1 : 0;
