// The encoder's program, which goes down, hangs, fails, or tells what it can and knows, when a text says so.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { EncoderRequest } from './protocol.ts';
import { ROW } from './protocol.ts';

const BESIDE = fileURLToPath(new URL('./written-by-the-encoder', import.meta.url));

/** What the process should not be able to do; the last is what it has to. */
const ATTEMPTS: readonly (() => unknown)[] = [
  () => writeFileSync(BESIDE, ''),
  () => writeFileSync(join(tmpdir(), 'written-by-the-encoder'), ''),
  () => rmSync(`${BESIDE}.gone`, { force: true }),
  () => readFileSync('/etc/passwd'),
  () => {
    const { error } = spawnSync(process.execPath, ['--version']);
    if (error) throw error;
  },
  () => new Worker('', { eval: true }),
  () => readFileSync(fileURLToPath(import.meta.url)),
];

function succeeds(attempt: () => unknown): number {
  try {
    attempt();
    return 1;
  } catch {
    return 0;
  }
}

function answer(request: Extract<EncoderRequest, { type: 'score' }>, values: Float32Array): void {
  process.send?.({ type: 'scores', id: request.id, values, sequences: 1, early: 0, ms: 0 });
}

process.on('message', (request: EncoderRequest) => {
  if (request.type !== 'score') return;
  const said = request.texts.join(' ');
  if (said.includes('go down')) process.abort();
  if (said.includes('hang')) for (;;);
  if (said.includes('fail')) process.send?.({ type: 'failed', id: request.id, message: 'RangeError' });
  if (said.includes('try')) answer(request, Float32Array.from(ATTEMPTS.map(succeeds)));
  if (said.includes('environment')) {
    const names = Object.keys(process.env).filter((name) => !name.startsWith('NODE_CHANNEL'));
    answer(request, new Float32Array(request.texts.length * ROW).fill(names.length));
  }
});
await import('./main.ts');
