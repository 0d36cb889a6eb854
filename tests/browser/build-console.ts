import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { missingChromium } from './chromium.ts';

/** Builds the console that the tests are about, so that they never judge an old one. */
export function setup(): void {
  const missing = missingChromium();
  if (missing !== null) {
    console.warn(`browser tests skipped: ${missing}`);
    return;
  }
  const root = fileURLToPath(new URL('../..', import.meta.url));
  execFileSync('npm', ['run', '-s', 'build', '--workspace', 'console'], {
    cwd: root,
    stdio: 'ignore',
    env: { ...process.env, NODE_ENV: 'production' },
  });
}
