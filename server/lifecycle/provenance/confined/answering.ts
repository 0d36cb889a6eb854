import { ReadError } from '@bartizan/checks/datasets/read/index.ts';
import { DatasetInputError } from '@bartizan/checks/datasets/types.ts';
import { EXIT_MEMORY, type Limits, WATCH_MS } from './limits.ts';
import type { Ending } from './start.ts';
import type { FromChild, Stage, ToChild } from './task.ts';

const TELL_EVERY_MS = 300;
const parent = process.ppid;

export type Tell = (stage: string, part: number | null) => void;

function say(message: FromChild): void {
  if (process.connected) process.send?.(message);
}

function told(): Tell {
  let toldMs = Number.NEGATIVE_INFINITY;
  return (stage, part) => {
    const nowMs = performance.now();
    if (nowMs - toldMs < TELL_EVERY_MS) return;
    toldMs = nowMs;
    say({ type: 'progress', stage, part } satisfies { type: 'progress' } & Stage);
  };
}

/** What went wrong, without content: failures are seen by people who may not read records. */
export function endingOf(error: unknown): Ending {
  if (error instanceof ReadError) return { type: 'refused', message: error.shown };
  if (error instanceof DatasetInputError) return { type: 'refused', message: error.message };
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frame = /\n\s+at [^\n]*?([\w.-]+\.ts:\d+)/.exec(stack)?.[1] ?? 'an unknown place';
  const code = error instanceof Error && 'code' in error ? ` ${String(error.code)}` : '';
  return { type: 'broken', where: `${frame}${code}` };
}

/** Ends this process with the server that started it, and when it takes more memory than it may. */
export function endInTime({ memoryBytes }: Limits): void {
  setInterval(() => {
    if (process.memoryUsage.rss() > memoryBytes) process.exit(EXIT_MEMORY);
    if (process.ppid !== parent) process.exit(0);
  }, WATCH_MS).unref();
}

/** The process that does one task for the server, and ends with it. Its inputs are foreign, its paths are ours. */
export function answer<Task>(perform: (task: Task, limits: Limits, tell: Tell) => Promise<unknown>): void {
  process.on('disconnect', () => process.exit(0));
  process.once('message', ({ task, limits }: ToChild) => {
    endInTime(limits);
    perform(task as Task, limits, told()).then(
      (result) => say({ type: 'done', result }),
      (error: unknown) => say(endingOf(error)),
    );
  });
  say({ type: 'ready' });
}
