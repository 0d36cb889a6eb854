import { AppError } from '../../../kernel/error.ts';
import type { Job } from '../../../platform/jobs/index.ts';
import { isDamage } from '../../../platform/objects/index.ts';
import { ContentRefused } from '../confined/errors.ts';
import type { Applying } from './applying.ts';
import type { LabellingDeps } from './deps.ts';
import type { Making } from './making.ts';
import type { QueueTask } from './model.ts';
import { labellingQueue } from './queues.ts';

const LONGEST_FAILURE = 1_000;

/** Key of a job: a queue is made once and applied once at a time. */
export const keyOf = (id: string, { is }: Pick<QueueTask, 'is'>): string => `${id}/${is}`;

/** Whether the content or what was asked is to blame, so that another attempt would come to the same. */
function blame(error: unknown): string | null {
  if (error instanceof ContentRefused) return error.message;
  if (isDamage(error)) return 'The stored content no longer has its digest. Verify the version.';
  const codes = ['gone', 'not_found', 'conflict', 'forbidden', 'invalid_input'];
  if (error instanceof AppError && codes.includes(error.code))
    return `${error.message}.${error.hint ? ` ${error.hint}` : ''}`;
  return null;
}

/** The jobs of labelling. */
export function createWorking(
  { store, jobs, logger }: Pick<LabellingDeps, 'store' | 'jobs' | 'logger'>,
  { making, applying }: { readonly making: Making; readonly applying: Applying },
) {
  async function attempt(job: Job<{ readonly queueId: string }>): Promise<void> {
    const queue = await store.find(job.payload.queueId);
    if (queue?.state !== 'working' || queue.task === null || job.key !== keyOf(queue.id, queue.task)) return;
    if (queue.task.is === 'make') await making.make(queue, job);
    else await applying.apply(queue, queue.task, job);
  }

  jobs.work(labellingQueue, async (job) => {
    const { queueId } = job.payload;
    const fail = (why: string): Promise<void> =>
      store.fail(
        queueId,
        why
          .replaceAll(/\p{Cc}/gu, ' ')
          .toWellFormed()
          .slice(0, LONGEST_FAILURE),
      );
    try {
      await attempt(job);
    } catch (error) {
      if (job.signal.aborted) throw error;
      const why = blame(error);
      if (why !== null) return await fail(why);
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ queueId, reason }, 'a queue of labels could not be worked on; it is tried again');
      if (job.last) return await fail('It broke off again and again; the server’s log says why.');
      throw error;
    }
  });

  return Object.freeze({
    /** Queues what was lost, by a restore or a fault of the queue. */
    async resume(): Promise<void> {
      const working = await store.working();
      const alive = await jobs.alive(
        labellingQueue,
        working.map(({ id, task }) => keyOf(id, task)),
      );
      for (const { id, task } of working) {
        const key = keyOf(id, task);
        if (!alive.has(key)) await jobs.send(labellingQueue, { queueId: id }, { key });
      }
    },
  });
}
