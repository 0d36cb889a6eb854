import { createReadStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Schema } from '@bartizan/checks/datasets/records/index.ts';
import type { Job } from '../../../platform/jobs/index.ts';
import { ContentRefused } from '../confined/errors.ts';
import { runTask } from '../confined/task.ts';
import type { LaidVersion } from '../ports.ts';
import type { LabellingDeps } from './deps.ts';
import type { StoredQueue } from './model.ts';
import { type LabelTask, MOST_ITEMS, type QueuedItem, type QueueHead } from './worker/protocol.ts';

const CHILD = fileURLToPath(new URL('./worker/child.ts', import.meta.url));
const MEMORY_BYTES = 4 * 2 ** 30;
const TIME_MS = 3_600_000;
const BATCH = 500;
/** Characters of items that are written at once, so that other requests are not held up by long ones. */
const BATCH_CHARS = 500_000;

export const contentOf = ({ path, format, options, schema }: LaidVersion): LabelTask['content'] => ({
  path,
  format,
  options,
  schema: schema as Schema,
});

/** Has a task done in a process of its own; gives the file that it wrote. */
export async function runLabelTask(
  { config }: Pick<LabellingDeps, 'config'>,
  laid: LaidVersion,
  { job, taskFor }: { readonly job: Job<unknown>; readonly taskFor: (out: string) => LabelTask },
): Promise<string> {
  const folder = dirname(laid.path);
  const out = join(folder, 'labelling');
  await runTask({
    entry: CHILD,
    task: taskFor(out),
    folder,
    limits: { memoryBytes: MEMORY_BYTES, contentBytes: Math.max(1, config.maxUploadBytes), timeMs: TIME_MS },
    signal: job.signal,
  });
  return out;
}

/** Makes queues: reads the judgements or the labels, and keeps the items in their order. */
export function createMaking(deps: LabellingDeps) {
  const { database, store, datasets, scans, audit } = deps;

  async function taskOf(queue: StoredQueue, laid: LaidVersion): Promise<(out: string) => LabelTask> {
    const { origin } = queue;
    const content = contentOf(laid);
    if (origin.kind === 'annotations') {
      const { item, annotator, label } = origin;
      return (out) => ({ is: 'judge', content, item, annotator, label, out });
    }
    const rows = await scans.mislabelled(origin.scan, MOST_ITEMS);
    if (rows.length === 0)
      throw new ContentRefused('The scan suspects no record of a wrong label: there is nothing to decide.');
    return (out) => ({ is: 'suspect', content, label: origin.label, rows, out });
  }

  /** All of the queue in one transaction, or nothing of it. */
  async function keep(queue: StoredQueue, file: string): Promise<void> {
    await database.transaction().execute(async (tx) => {
      const now = await store.lock(queue.id, tx);
      if (now?.state !== 'working' || now.task?.is !== 'make') return;
      let head: QueueHead | undefined;
      let batch: QueuedItem[] = [];
      let [items, chars] = [0, 0];
      // Not before: it says its lines whether anybody listens or not.
      for await (const line of createInterface({ input: createReadStream(file) })) {
        if (head === undefined) {
          head = JSON.parse(line) as QueueHead;
          continue;
        }
        batch.push(JSON.parse(line) as QueuedItem);
        chars += line.length;
        if (batch.length < BATCH && chars < BATCH_CHARS) continue;
        await store.addItems(queue.id, items, batch, tx);
        items += batch.length;
        [batch, chars] = [[], 0];
      }
      if (batch.length > 0) await store.addItems(queue.id, items, batch, tx);
      items += batch.length;
      if (head === undefined) throw new Error('the process wrote no queue');
      await store.open(queue.id, head, items, tx);
      const actor = { kind: 'person', id: queue.createdById, name: queue.createdBy } as const;
      const detail = {
        version: queue.versionId,
        from: queue.origin.kind,
        items,
        classes: head.classes.length,
        annotators: head.annotators.length,
        suspected: head.annotators.filter(({ suspicion }) => suspicion !== null).length,
        leftOut: head.leftOut,
      };
      const subject = `label-queue:${queue.id}`;
      await audit.record({ actor, action: 'data.label-queue-made', subject, detail }, tx);
    });
  }

  return Object.freeze({
    async make(queue: StoredQueue, job: Job<unknown>): Promise<void> {
      const laid = await datasets.lay(queue.versionId, job.signal);
      try {
        const taskFor = await taskOf(queue, laid);
        await keep(queue, await runLabelTask(deps, laid, { job, taskFor }));
      } finally {
        await laid.release();
      }
    },
  });
}
export type Making = ReturnType<typeof createMaking>;
