import { answer, type Tell } from '../../confined/answering.ts';
import type { Limits } from '../../confined/limits.ts';
import { openContent } from '../../datasets/worker/content.ts';
import { judge } from './judging.ts';
import type { LabelTask } from './protocol.ts';
import { relabel } from './relabelling.ts';
import { suspect } from './suspecting.ts';

async function perform(task: LabelTask, limits: Limits, tell: Tell): Promise<null> {
  const told = (stage: string): void => tell(stage, null);
  const data = await openContent(task.content, limits);
  try {
    if (task.is === 'judge') await judge(data, task, told);
    else if (task.is === 'suspect') await suspect(data, task);
    else await relabel(data, task, told);
    return null;
  } finally {
    await data.close();
  }
}

answer(perform);
