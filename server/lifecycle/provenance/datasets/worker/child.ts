import { ReadError } from '@bartizan/checks/datasets/read/index.ts';
import { DatasetInputError } from '@bartizan/checks/datasets/types.ts';
import { EXIT_MEMORY, type FromWorker, type ToWorker } from './protocol.ts';
import { perform } from './tasks.ts';

/** The process that reads foreign data: without the server's environment, and it ends with the server that started it. */
const parent = process.ppid;
const TELL_EVERY_MS = 500;
const WATCH_EVERY_MS = 250;
const waiting: (() => void)[] = [];
let asked = 0;

function say(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}

/** Resolves when the server asks for another chunk. */
function wanted(): Promise<void> {
  if (asked > 0) {
    asked -= 1;
    return Promise.resolve();
  }
  return new Promise((resolve) => waiting.push(resolve));
}

function watch(memoryBytes: number): void {
  if (process.memoryUsage.rss() > memoryBytes) process.exit(EXIT_MEMORY);
  if (process.ppid !== parent) process.exit(0);
}

function told(): (rows: number, stage: string) => void {
  let toldMs = Number.NEGATIVE_INFINITY;
  return (rows, stage) => {
    const nowMs = performance.now();
    if (nowMs - toldMs < TELL_EVERY_MS) return;
    toldMs = nowMs;
    say({ type: 'progress', rows, stage });
  };
}

async function work({ task, limits }: Extract<ToWorker, { type: 'do' }>): Promise<void> {
  setInterval(() => watch(limits.memoryBytes), WATCH_EVERY_MS).unref();
  try {
    say({ type: 'done', result: await perform(task, { limits, progress: told(), say, wanted }) });
  } catch (error) {
    // Failures are seen by people who may not read records.
    if (error instanceof ReadError) return say({ type: 'refused', message: error.shown });
    if (error instanceof DatasetInputError) return say({ type: 'refused', message: error.message });
    const stack = error instanceof Error ? (error.stack ?? '') : '';
    const frame = /\n\s+at [^\n]*?([\w.-]+\.ts:\d+)/.exec(stack)?.[1] ?? 'an unknown place';
    const code = error instanceof Error && 'code' in error ? ` ${String(error.code)}` : '';
    say({ type: 'broken', where: `${frame}${code}` });
  }
}

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToWorker) => {
  if (message.type === 'do') return void work(message);
  const next = waiting.shift();
  if (next) next();
  else asked += 1;
});
say({ type: 'ready' });
