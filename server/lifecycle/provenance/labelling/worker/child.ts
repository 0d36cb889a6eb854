import { ReadError } from '@bartizan/checks/datasets/read/index.ts';
import { DatasetInputError } from '@bartizan/checks/datasets/types.ts';
import { openContent } from '../../datasets/worker/content.ts';
import { EXIT_MEMORY } from '../../datasets/worker/protocol.ts';
import type { FromChild, ToChild } from '../../scans/worker/launch.ts';
import { judge } from './judging.ts';
import type { LabelTask } from './protocol.ts';
import { relabel } from './relabelling.ts';
import { suspect } from './suspecting.ts';

const WATCH_EVERY_MS = 250;

function say(message: FromChild): void {
  if (process.connected) process.send?.(message);
}

/** What went wrong, without content. */
function failed(error: unknown): FromChild {
  if (error instanceof ReadError) return { type: 'refused', message: error.shown };
  if (error instanceof DatasetInputError) return { type: 'refused', message: error.message };
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return { type: 'broken', where: /\n\s+at [^\n]*?([\w.-]+\.ts:\d+)/.exec(stack)?.[1] ?? 'an unknown place' };
}

async function perform({ task, limits }: { task: LabelTask; limits: ToChild['limits'] }): Promise<null> {
  const tell = (stage: string): void => say({ type: 'progress', stage, part: null });
  const data = await openContent(task.content, limits);
  try {
    if (task.is === 'judge') await judge(data, task, tell);
    else if (task.is === 'suspect') await suspect(data, task);
    else await relabel(data, task, tell);
    return null;
  } finally {
    await data.close();
  }
}

const parent = process.ppid;
process.on('disconnect', () => process.exit(0));
process.once('message', ({ task, limits }: ToChild) => {
  setInterval(() => {
    if (process.memoryUsage.rss() > limits.memoryBytes) process.exit(EXIT_MEMORY);
    if (process.ppid !== parent) process.exit(0);
  }, WATCH_EVERY_MS).unref();
  perform({ task: task as LabelTask, limits }).then(
    (result) => say({ type: 'done', result }),
    (error: unknown) => say(failed(error)),
  );
});
say({ type: 'ready' });
