import { endInTime, endingOf } from '../../confined/answering.ts';
import type { FromWorker, ToWorker } from './protocol.ts';
import { perform } from './tasks.ts';

/** The process that reads foreign data: without the server's environment, and it ends with the server that started it. */
const TELL_EVERY_MS = 500;
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
  endInTime(limits);
  try {
    say({ type: 'done', result: await perform(task, { limits, progress: told(), say, wanted }) });
  } catch (error) {
    say(endingOf(error));
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
