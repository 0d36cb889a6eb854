import type { DataColumn, LabelItem, LabelQueue, LabelQueueInput } from '@bartizan/contracts';
import { datasetNameProblem } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { Viewer } from '../../sight.ts';
import { keptActor, ownerOf } from '../datasets/model.ts';
import { afterOf, numberOf, positionOf } from '../datasets/paging.ts';
import type { KnownVersion } from '../ports.ts';
import type { LabellingDeps } from './deps.ts';
import {
  columnsFor,
  demandContent,
  labelsDatasetOf,
  noSuchItem,
  noSuchQueue,
  plain,
  purposeOf,
  type QueueOrigin,
  type StoredItem,
  type StoredQueue,
  viewOf,
  viewOfItem,
} from './model.ts';
import { labellingQueue } from './queues.ts';
import { createShownRecords, type ShownRecord } from './records.ts';
import { keyOf } from './working.ts';

/** Queues of a team (or of nobody's) that are being made or applied. */
const MAX_WORKING = 10;
const TABLES: ReadonlySet<string> = new Set(['csv', 'tsv', 'jsonl', 'parquet']);
const NO_LABEL: ReadonlySet<string> = new Set(['list', 'struct', 'bytes']);

const wrong = (path: string, message: string, hint: string): AppError =>
  new AppError('invalid_input', message, { hint, issues: [{ path, message }] });

function demandUsable({ state, quarantined, storage }: KnownVersion): void {
  if (storage === 'reference')
    throw new AppError('conflict', 'the records of this version are not kept here', {
      hint: 'Push them by value to have them labelled here.',
    });
  if (state !== 'ready' || quarantined)
    throw new AppError('conflict', 'this version is not in use: it is not ready, or in quarantine');
}

function demandColumn(columns: readonly DataColumn[], name: string, path: string): void {
  const column = columns.find((one) => one.name === name);
  if (column === undefined)
    throw wrong(path, `there is no column ${JSON.stringify(name.slice(0, 100))}`, 'Name one of its columns.');
  if (path !== 'show' && NO_LABEL.has(column.type.kind))
    throw wrong(path, `the column holds ${column.type.kind}`, 'Name a column of texts or numbers.');
}

function demandColumns(columns: readonly DataColumn[], { from, show }: LabelQueueInput): void {
  const named =
    from.kind === 'annotations'
      ? { 'from.item': from.item, 'from.annotator': from.annotator, 'from.label': from.label }
      : { 'from.label': from.label };
  for (const [path, name] of Object.entries(named)) demandColumn(columns, name, path);
  for (const name of show ?? []) demandColumn(columns, name, 'show');
  if (new Set(Object.values(named)).size < Object.keys(named).length)
    throw wrong(
      'from',
      'two of the columns are the same',
      'Name a column each for item, annotator and label.',
    );
}

/** Queues of labels that people decide. What is out of reach is answered as if it were not there. */
export function createLabelling(deps: LabellingDeps) {
  const { database, store, audit, clock, jobs, datasets, governance, scans } = deps;
  const shownRecord = createShownRecords(deps);

  async function find(viewer: Viewer, id: string): Promise<StoredQueue> {
    const queue = await store.find(id);
    if (!queue || (await datasets.versionsOf(viewer, [queue.versionId])).length === 0) throw noSuchQueue();
    return queue;
  }

  /** Throws where no queue can be made of it; gives the columns that the queue and its scan name. */
  async function demandSound(
    actor: Principal,
    version: KnownVersion,
    input: LabelQueueInput,
  ): Promise<readonly string[]> {
    if (/\p{Cc}/u.test(input.name) || !input.name.isWellFormed())
      throw wrong('name', 'the name has control characters', 'Choose another name.');
    demandUsable(version);
    const measured = await datasets.profile(version.id);
    demandColumns(measured?.schema.columns ?? [], input);
    if (input.from.kind === 'annotations') return [input.from.item];
    if (!TABLES.has(version.format))
      throw new AppError('conflict', `labels of ${version.format} are not in its records`, {
        hint: 'Make a queue of a table: CSV, TSV, JSONL or Parquet.',
      });
    const scan = await scans.find(actor, input.from.scan);
    if (scan.versionId !== version.id)
      throw wrong('from.scan', 'this scan is of another version', 'Name a scan of this version.');
    if (scan.state !== 'done')
      throw new AppError('conflict', `this scan is ${scan.state}`, { hint: 'Wait until it is done.' });
    const { text, prompt, response, features = [] } = scan.options;
    const named = [text, prompt, response, ...features, input.from.label];
    return [...new Set(named.filter((name) => name !== undefined))];
  }

  async function send(id: string, task: 'make' | 'apply', tx: Database): Promise<void> {
    await jobs.send(labellingQueue, { queueId: id }, { key: keyOf(id, { is: task }), within: tx });
  }

  async function demandRoom(teamId: string | null, tx: Database): Promise<void> {
    if ((await store.workingOf(teamId, tx)) < MAX_WORKING) return;
    throw new AppError(
      'too_many_requests',
      `${MAX_WORKING} queues of this team are being worked on already`,
      {
        hint: 'Wait until one is done.',
        retryAfterMs: 30_000,
      },
    );
  }

  async function create(actor: Principal, input: LabelQueueInput): Promise<LabelQueue> {
    demandContent(actor);
    const version = await datasets.version(actor, input.dataset, input.version);
    const named = await demandSound(actor, version, input);
    await governance.mayUse(actor, version, purposeOf(input));
    const id = uuidv7(clock.now());
    const origin: QueueOrigin = { ...input.from, show: input.show ?? null, named };
    await database.transaction().execute(async (tx) => {
      await demandRoom(version.teamId, tx);
      const created = { createdById: actor.id, createdBy: actor.name, createdAt: clock.now() };
      await store.insert({ id, versionId: version.id, name: input.name, origin, ...created }, tx);
      const detail = { name: input.name, version: version.id, number: version.number, from: input.from };
      const subject = `label-queue:${id}`;
      await audit.record({ actor, action: 'data.label-queue-created', subject, detail }, tx);
      await send(id, 'make', tx);
    });
    jobs.wake(labellingQueue);
    return viewOf((await store.find(id)) as StoredQueue, actor);
  }

  /** An open queue, locked, and one of its items. */
  async function lockItem(id: string, place: number, tx: Database) {
    const queue = await store.lock(id, tx);
    if (!queue) throw noSuchQueue();
    if (queue.state !== 'open')
      throw new AppError('conflict', `this queue is ${queue.state}: nothing is decided in it`, {
        hint: queue.state === 'applied' ? 'Make a queue of the version that it became.' : 'Ask again later.',
      });
    const item = await store.item(id, place, tx);
    if (!item) throw noSuchItem();
    return { queue, item };
  }

  function classOf({ classes }: StoredQueue, label: string | null): number | null {
    if (label === null) return null;
    const place = classes.indexOf(label);
    if (place >= 0) return place;
    throw wrong('label', 'this label is none of the classes of the queue', 'Choose one of its classes.');
  }

  async function decide(
    actor: Principal,
    { id, place }: { id: string; place: number },
    label: string | null,
  ) {
    await find(actor, id);
    return await database.transaction().execute(async (tx): Promise<LabelItem> => {
      const { queue, item } = await lockItem(id, place, tx);
      const decision = classOf(queue, label);
      const change = {
        decision,
        by: decision === null ? null : actor.name,
        atMs: decision === null ? null : clock.now(),
      };
      await store.decide(id, place, change, tx);
      const nameOf = (at: number | null): string | null => (at === null ? null : (queue.classes[at] ?? null));
      const detail = {
        version: queue.versionId,
        place,
        label: plain(label),
        before: plain(nameOf(item.decision)),
        beforeBy: item.decidedBy,
      };
      await audit.record({ actor, action: 'data.label-decided', subject: `label-queue:${id}`, detail }, tx);
      return viewOfItem((await store.item(id, place, tx)) as StoredItem, queue.classes);
    });
  }

  /** Once for each person and queue: that they read its records, and what for. */
  async function noteReader(actor: Principal, queue: StoredQueue): Promise<void> {
    await database.transaction().execute(async (tx) => {
      if (!(await store.addReader(queue.id, ownerOf(actor), tx))) return;
      const action = 'data.label-records-read';
      const purpose = purposeOf(queue);
      const detail = { queue: queue.id, number: queue.number, items: queue.items, purpose };
      const { datasetId, versionId } = queue;
      await audit.record({ actor, action, subject: `dataset-version:${versionId}`, detail }, tx);
      await governance.custody(
        { datasetId, versionId, action: 'read', actor, reason: purpose, audit: action, detail },
        tx,
      );
    });
  }

  async function record(
    actor: Principal,
    { id, place }: { id: string; place: number },
  ): Promise<ShownRecord> {
    const queue = await find(actor, id);
    const item = await store.item(id, place);
    if (!item) throw noSuchItem();
    const version = await datasets.versionById(queue.versionId);
    if (!version) throw noSuchQueue();
    demandUsable(version);
    await governance.mayUse(actor, version, purposeOf(queue));
    await noteReader(actor, queue);
    return await shownRecord(queue, place, columnsFor(queue.origin, actor));
  }

  async function demandApplicable(queue: StoredQueue, tx: Database): Promise<void> {
    if (queue.state !== 'open')
      throw new AppError('conflict', `this queue is ${queue.state}`, {
        hint: queue.appliedAs === null ? 'Ask again later.' : `It became version ${queue.appliedAs}.`,
      });
    if (queue.origin.kind === 'annotations') {
      const problem = datasetNameProblem(labelsDatasetOf(queue.dataset));
      if (problem === null) return;
      throw new AppError(
        'conflict',
        `the name ${JSON.stringify(labelsDatasetOf(queue.dataset))} ${problem}`,
        {
          hint: 'Give the dataset a shorter name: its labels become a dataset of that name and “ labels”.',
        },
      );
    }
    const changed = await store.items(queue.id, { after: -1, limit: 1, state: 'changed' }, tx);
    if (changed.length === 0)
      throw new AppError('conflict', 'no label that was decided is another than the record has', {
        hint: 'Decide some first.',
      });
  }

  async function apply(actor: Principal, id: string, reason: string): Promise<LabelQueue> {
    const { versionId } = await find(actor, id);
    const version = await datasets.versionById(versionId);
    if (!version) throw noSuchQueue();
    demandUsable(version);
    await database.transaction().execute(async (tx) => {
      const queue = await store.lock(id, tx);
      if (!queue) throw noSuchQueue();
      await demandApplicable(queue, tx);
      await store.beginApplying(id, { is: 'apply', reason, acting: keptActor(actor) }, tx);
      const detail = { version: versionId, decided: queue.decided, items: queue.items, reason };
      const subject = `label-queue:${id}`;
      await audit.record({ actor, action: 'data.labels-application-asked', subject, detail }, tx);
      await send(id, 'apply', tx);
    });
    jobs.wake(labellingQueue);
    return viewOf((await store.find(id)) as StoredQueue, actor);
  }

  return Object.freeze({
    create,
    decide,
    record,
    apply,
    get: async (viewer: Principal, id: string): Promise<LabelQueue> => viewOf(await find(viewer, id), viewer),

    async list(viewer: Principal, { cursor, limit }: { cursor?: string | undefined; limit: number }) {
      const found = await store.page(viewer, afterOf(cursor), limit + 1);
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return {
        items: items.map((queue) => viewOf(queue, viewer)),
        next: found.length > limit && last ? positionOf({ at: last.createdAt, id: last.id }) : null,
      };
    },

    async items(
      viewer: Viewer,
      id: string,
      query: { cursor?: string | undefined; limit: number; state: 'open' | 'decided' | 'all' },
    ) {
      const { classes } = await find(viewer, id);
      const { cursor, limit, state } = query;
      const found = await store.items(id, { after: numberOf(cursor) ?? -1, limit: limit + 1, state });
      const items = found.slice(0, limit);
      return {
        items: items.map((item) => viewOfItem(item, classes)),
        next: found.length > limit ? String(items.at(-1)?.place) : null,
      };
    },
  });
}
export type Labelling = ReturnType<typeof createLabelling>;
