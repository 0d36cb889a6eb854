// `npm start`: installs, builds and starts everything; arguments go to `bartizan up`.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { buildConsole, install, pinnedNode, ROOT } from './install.mjs';

install();
buildConsole();
const child = spawn(pinnedNode, [join(ROOT, 'cli', 'bin', 'bartizan.mjs'), 'up', ...process.argv.slice(2)], {
  // Through the channel the child notices when we are killed, and drains.
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
});
// Ctrl-C reaches the child too; we only wait for it. A plain kill of this process is passed on.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
process.on('SIGHUP', () => child.kill('SIGHUP'));
child.on('exit', (code) => process.exit(code ?? 1));
