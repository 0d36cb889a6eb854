import { createReadStream } from 'node:fs';
import type { DataSchema } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Job } from '../../../platform/jobs/index.ts';
import type { StoredObject } from '../../../platform/objects/index.ts';
import { actingOf, type KeptActor } from '../datasets/model.ts';
import type { KnownVersion } from '../ports.ts';
import type { LabellingDeps } from './deps.ts';
import { contentOf, runLabelTask } from './making.ts';
import { labelsDatasetOf, type QueueTask, type StoredItem, type StoredQueue } from './model.ts';

const PAGE = 500;
const LABELS_FILE = 'labels.jsonl';

/** One row an item: its label, and whether a person decided it or the annotators' labels together did. */
const LABELS_SCHEMA: DataSchema = {
  columns: [
    { name: 'item', type: { kind: 'text' } },
    { name: 'label', type: { kind: 'text' } },
    { name: 'decision', type: { kind: 'text' } },
  ],
};

type Apply = Extract<QueueTask, { readonly is: 'apply' }>;
interface Made {
  readonly dataset: string;
  readonly datasetId: string;
  readonly versionId: string;
  readonly number: number;
}

/** Makes versions of what was decided. Killed half-way, it is done again and ends the same. */
export function createApplying(deps: LabellingDeps) {
  const { database, store, objects, datasets, audit, governance, begin } = deps;

  async function* itemsOf(queueId: string, state: 'all' | 'changed'): AsyncGenerator<StoredItem> {
    for (let after = -1; ; ) {
      const page = await store.items(queueId, { after, limit: PAGE, state });
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      after = last.place;
    }
  }

  async function* labelLines(queue: StoredQueue): AsyncGenerator<Uint8Array> {
    for await (const { name, decision, proposed } of itemsOf(queue.id, 'all')) {
      const place = decision ?? proposed;
      const label = place === null ? null : (queue.classes[place] ?? null);
      const by = decision === null ? 'aggregated' : 'decided';
      yield Buffer.from(`${JSON.stringify({ item: name, label, decision: by })}\n`);
    }
  }

  /** Writes down, in one transaction, that the queue became a version; nothing where it did already. */
  async function finish(
    queue: StoredQueue,
    { reason, acting }: { readonly reason: string; readonly acting: KeptActor },
    make: (tx: Database) => Promise<Made>,
  ): Promise<void> {
    const actor = actingOf(acting);
    await database.transaction().execute(async (tx) => {
      const now = await store.lock(queue.id, tx);
      if (now?.state !== 'working' || now.task?.is !== 'apply') return;
      const made = await make(tx);
      await store.applied(queue.id, made, tx);
      const detail = {
        queue: queue.name,
        version: queue.versionId,
        decided: now.decided,
        items: now.items,
        appliedDataset: made.dataset,
        appliedAs: made.number,
        reason,
      };
      const action = 'data.labels-applied';
      await audit.record({ actor, action, subject: `label-queue:${queue.id}`, detail }, tx);
      const { datasetId, versionId } = made;
      const facts = { records: now.decided, queue: queue.name, of: `${queue.dataset}@${queue.number}` };
      await governance.custody(
        { datasetId, versionId, action: 'labelled', actor, reason, audit: action, detail: facts },
        tx,
      );
    });
  }

  /** Labels of items that several people judged: a dataset of their own, for its rows are items and not judgements. */
  async function applyJudged(queue: StoredQueue, version: KnownVersion, task: Apply): Promise<void> {
    const { sha256, size } = await objects.put(labelLines(queue));
    const dataset = labelsDatasetOf(version.dataset);
    await finish(queue, task, async (tx) => {
      const begun = await begin(
        actingOf(task.acting),
        {
          dataset,
          teamId: version.teamId,
          storage: 'value',
          format: 'jsonl',
          options: { schema: LABELS_SCHEMA },
          files: [{ path: LABELS_FILE, size, sha256 }],
          ...(version.sourceId === null ? {} : { source: version.sourceId }),
          ...(version.batch === null ? {} : { batch: version.batch }),
          reason: task.reason,
          label: 'label',
          allowSame: true,
        },
        tx,
      );
      return { ...begun, dataset };
    });
  }

  async function relabelled(
    queue: StoredQueue,
    version: KnownVersion,
    job: Job<unknown>,
  ): Promise<StoredObject & { readonly schema: DataSchema }> {
    const changes: [number, string][] = [];
    for await (const { rows, decision } of itemsOf(queue.id, 'changed')) {
      const label = decision === null ? undefined : queue.classes[decision];
      for (const row of rows) if (label !== undefined) changes.push([row, label]);
    }
    const laid = await datasets.lay(version.id, job.signal);
    try {
      const content = contentOf(laid);
      const { label } = queue.origin;
      const taskFor = (out: string) => ({ is: 'relabel', content, label, changes, out }) as const;
      const file = await runLabelTask(deps, laid, { job, taskFor });
      const stored = await objects.put(createReadStream(file), { signal: job.signal });
      return { ...stored, schema: laid.schema };
    } finally {
      await laid.release();
    }
  }

  /** The same records, under the same schema, with other labels where people decided so. */
  async function applySuspected(
    queue: StoredQueue,
    version: KnownVersion,
    { task, job }: { readonly task: Apply; readonly job: Job<unknown> },
  ): Promise<void> {
    const { sha256, size, schema } = await relabelled(queue, version, job);
    const { datasetId, dataset } = version;
    await finish(queue, task, async (tx) => {
      const made = await datasets.createVersion(
        actingOf(task.acting),
        {
          datasetId,
          parentId: version.id,
          format: 'jsonl',
          options: { schema },
          files: [{ path: 'data.jsonl', size, sha256 }],
          reason: task.reason,
        },
        tx,
      );
      return { ...made, datasetId, dataset };
    });
  }

  return Object.freeze({
    async apply(queue: StoredQueue, task: Apply, job: Job<unknown>): Promise<void> {
      const version = await datasets.versionById(queue.versionId);
      if (version?.state !== 'ready' || version.quarantined)
        throw new AppError('conflict', 'the version of this queue is no longer in use', {
          hint: 'Make a queue of a version that is.',
        });
      if (queue.origin.kind === 'annotations') await applyJudged(queue, version, task);
      else await applySuspected(queue, version, { task, job });
    },
  });
}
export type Applying = ReturnType<typeof createApplying>;
