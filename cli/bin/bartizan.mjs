#!/usr/bin/env node
// Starts the command line under the pinned Node: the one that called us may be too old for TypeScript.
import { spawn } from 'node:child_process';
import * as modules from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// A scan is often one of many in a pipeline, and needs none of the other commands.
const main = process.argv[2] === 'scan' ? join(root, 'scan', 'main.ts') : join(root, 'main.ts');
const MINIMUM_MAJOR = 24;

if (Number(process.versions.node.split('.')[0]) >= MINIMUM_MAJOR) {
  // Halves the time to start. In the user's own folder: who can write there could run anything as them anyway.
  modules.enableCompileCache(
    join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bartizan', 'compiled'),
  );
  await import(main);
} else {
  // Through the channel the child notices when we are killed, and ends as well.
  const child = spawn(pinnedNode(), [main, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
  child.on('error', (error) => {
    console.error(`bartizan: cannot start the pinned Node: ${error.message}. Run "npm ci" again.`);
    process.exit(1);
  });
}

function pinnedNode() {
  const require = modules.createRequire(import.meta.url);
  try {
    return join(
      dirname(require.resolve('node/package.json')),
      'bin',
      process.platform === 'win32' ? 'node.exe' : 'node',
    );
  } catch {
    console.error(
      `bartizan: this needs Node ${MINIMUM_MAJOR} or later. Run "npm ci" in the checkout, which brings it along.`,
    );
    process.exit(1);
  }
}
