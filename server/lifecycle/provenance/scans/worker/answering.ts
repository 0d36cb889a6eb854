import { ReadError } from '@bartizan/checks/datasets/read/index.ts';
import { DatasetInputError } from '@bartizan/checks/datasets/types.ts';
import { EXIT_MEMORY, type Limits } from '../../datasets/worker/protocol.ts';
import type { FromChild, Stage, ToChild } from './launch.ts';

const TELL_EVERY_MS = 300;
const WATCH_EVERY_MS = 250;

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

/** What went wrong, without content. */
function broken(error: unknown): FromChild {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frame = /\n\s+at [^\n]*?([\w.-]+\.ts:\d+)/.exec(stack)?.[1] ?? 'an unknown place';
  const code = error instanceof Error && 'code' in error ? ` ${String(error.code)}` : '';
  return { type: 'broken', where: `${frame}${code}` };
}

/** The process that does one task for the server, and ends with it. Its inputs are foreign, its paths are ours. */
export function answer<Task>(perform: (task: Task, limits: Limits, tell: Tell) => Promise<unknown>): void {
  const parent = process.ppid;
  process.on('disconnect', () => process.exit(0));
  process.once('message', ({ task, limits }: ToChild) => {
    setInterval(() => {
      if (process.memoryUsage.rss() > limits.memoryBytes) process.exit(EXIT_MEMORY);
      if (process.ppid !== parent) process.exit(0);
    }, WATCH_EVERY_MS).unref();
    perform(task as Task, limits, told()).then(
      (result) => say({ type: 'done', result }),
      (error: unknown) =>
        say(
          error instanceof ReadError
            ? // What it shows has no values in it.
              { type: 'refused', message: error.shown }
            : error instanceof DatasetInputError
              ? { type: 'refused', message: error.message }
              : broken(error),
        ),
    );
  });
  say({ type: 'ready' });
}
