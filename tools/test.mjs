// `npm test`: installs what is missing, then types, lint and every suite; ends with "N passed, N failed".
// `--all` adds the suites that need a browser or take long (what CI runs).
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildConsole, install, pinnedEnv, pinnedNode, ROOT, say } from './install.mjs';

install();
buildConsole();

const all = process.argv.includes('--all');
mkdirSync(join(ROOT, 'node_modules', '.cache'), { recursive: true });
const results = mkdtempSync(join(ROOT, 'node_modules', '.cache', 'test-'));
let passed = 0;
let failed = 0;
let skipped = 0;

step('types', 'npm', ['run', '-s', 'typecheck']);
step('lint', 'npm', ['run', '-s', 'lint']);
suite('unit', []);
if (all) {
  suite('browser', ['--config', 'tests/browser/vitest.config.ts']);
  suite('fault', ['--config', 'tests/fault/vitest.config.ts']);
  suite('fleet', ['--config', 'tests/fleet/vitest.config.ts']);
  mlflow();
}

rmSync(results, { recursive: true, force: true });
say('');
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exit(failed > 0 ? 1 : 0);

/** A step that either holds or not: counts as one. */
function step(name, command, args) {
  say(`\n— ${name}`);
  const done = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env: pinnedEnv() });
  if (done.status === 0) passed++;
  else failed++;
}

/** The suite of the Python client of MLflow; skipped where there is no Python that has it or can get it. */
function mlflow() {
  say('\n— mlflow');
  const file = join(results, 'mlflow.json');
  const script = join(ROOT, 'tests', 'mlflow', 'run.ts');
  spawnSync(pinnedNode, [script, '--report', file], { cwd: ROOT, stdio: 'inherit', env: pinnedEnv() });
  count('mlflow', file);
}

/** A Vitest run; its own counts are added up. */
function suite(name, args) {
  say(`\n— ${name}`);
  const file = join(results, `${name}.json`);
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const done = spawnSync(
    pinnedNode,
    [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...args],
    { cwd: ROOT, stdio: 'inherit', env: pinnedEnv() },
  );
  // A file that could not even be loaded, or an error outside any test, has no failed test to its name.
  if (count(name, file) === 0 && done.status !== 0) failed++;
}

/** Adds what a suite reported; gives the number of failed tests, -1 where it left no report. */
function count(name, file) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    passed += report.numPassedTests;
    failed += report.numFailedTests;
    skipped += report.numPendingTests + report.numTodoTests;
    return report.numFailedTests;
  } catch {
    say(`the ${name} tests left no result`);
    failed++;
    return -1;
  }
}
