// `npm test`: installs what is missing, then types, lint and every suite; ends with "N passed, N failed".
// `--all` adds the suites that need a browser or take long (what CI runs).
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { buildConsole, install, pinnedEnv, pinnedNode, ROOT, say } from './install.mjs';

install();
buildConsole();

const all = process.argv.includes('--all');
mkdirSync(join(ROOT, 'node_modules', '.cache'), { recursive: true });
const results = mkdtempSync(join(ROOT, 'node_modules', '.cache', 'test-'));
let passed = 0;
let failed = 0;
let skipped = 0;
/** Names of what failed, and of what passed only when its file ran a second time. */
const fallen = [];
const unsteady = [];
/** More failing files than this are no accident, and are not run again. */
const MOST_AGAIN = 5;

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
if (unsteady.length > 0) say(`\nfailed at first and passed when run alone:\n  ${unsteady.join('\n  ')}`);
if (fallen.length > 0) say(`\nfailed:\n  ${fallen.join('\n  ')}`);
say('');
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exit(failed > 0 ? 1 : 0);

/** A step that either holds or not: counts as one. */
function step(name, command, args) {
  say(`\n— ${name}`);
  const done = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env: pinnedEnv() });
  if (done.status === 0) passed++;
  else {
    failed++;
    fallen.push(name);
  }
}

/** The suite of the Python client of MLflow; skipped where there is no Python that has it or can get it. */
function mlflow() {
  say('\n— mlflow');
  const file = join(results, 'mlflow.json');
  const script = join(ROOT, 'tests', 'mlflow', 'run.ts');
  spawnSync(pinnedNode, [script, '--report', file], { cwd: ROOT, stdio: 'inherit', env: pinnedEnv() });
  count('mlflow', reportOf('mlflow'));
}

/**
 * A Vitest run; its own counts are added up. With `--all` files with failures run once more, alone: suites that wait
 * for real processes can starve on a crowded machine. What passes only then is named at the end.
 */
function suite(name, args) {
  say(`\n— ${name}`);
  const done = vitest(name, args);
  const report = reportOf(name);
  const bad = report === undefined ? [] : report.testResults.filter(failing);
  if (!all || bad.length === 0 || bad.length > MOST_AGAIN) return count(name, report, done);
  say(`\n— ${name}: ${bad.length} files once more, alone`);
  const again = `${name}-again`;
  const second = vitest(again, [...args, ...bad.map((file) => file.name)]);
  const outcome = reportOf(again);
  if (outcome === undefined) return count(name, report, done);
  const still = new Set(outcome.testResults.flatMap(fallenIn));
  unsteady.push(...bad.flatMap(fallenIn).filter((title) => !still.has(title)));
  passed += report.numPassedTests - passedIn(bad);
  skipped += report.numPendingTests + report.numTodoTests - skippedIn(bad);
  count(again, outcome, second);
}

function vitest(name, args) {
  const script = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const file = join(results, `${name}.json`);
  return spawnSync(
    pinnedNode,
    [script, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...args],
    { cwd: ROOT, stdio: 'inherit', env: pinnedEnv() },
  ).status;
}

function reportOf(name) {
  try {
    return JSON.parse(readFileSync(join(results, `${name}.json`), 'utf8'));
  } catch {
    return undefined;
  }
}

function failing(file) {
  return file.status === 'failed' || fallenIn(file).length > 0;
}

function fallenIn(file) {
  return file.assertionResults
    .filter((test) => test.status === 'failed')
    .map((test) => `${relative(ROOT, file.name)}: ${test.fullName}`);
}

function passedIn(files) {
  return files.flatMap((file) => file.assertionResults).filter((test) => test.status === 'passed').length;
}

function skippedIn(files) {
  const idle = new Set(['pending', 'skipped', 'todo']);
  return files.flatMap((file) => file.assertionResults).filter((test) => idle.has(test.status)).length;
}

/** Adds what a suite reported. */
function count(name, report, status) {
  if (report === undefined) {
    say(`the ${name} tests left no result`);
    failed++;
    fallen.push(`${name} left no result`);
    return;
  }
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  const names = (report.testResults ?? []).flatMap(fallenIn);
  fallen.push(...names);
  // A file that could not even be loaded, or an error outside any test, has no failed test to its name.
  if (report.numFailedTests === 0 && status !== 0 && status !== undefined) {
    failed++;
    const files = (report.testResults ?? []).filter(failing).map((file) => relative(ROOT, file.name));
    fallen.push(files.length > 0 ? files.join(', ') : `an error outside any test (${name})`);
  } else if (report.numFailedTests > names.length) fallen.push(`tests of ${name}`);
}
