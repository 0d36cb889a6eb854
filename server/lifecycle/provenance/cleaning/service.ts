import type { CleaningInput, CleaningPreview, CleaningSelection, Quarantine } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { Viewer } from '../../sight.ts';
import { ContentRefused } from '../confined/errors.ts';
import { keptActor } from '../datasets/model.ts';
import type { KnownVersion } from '../ports.ts';
import type { CleaningDeps } from './deps.ts';
import { SHOWN_ROWS, type StoredQuarantine, shortened, viewOf } from './model.ts';
import { cleaningQueue } from './queues.ts';
import type { Selecting } from './selecting.ts';
import type { CleaningStore } from './store.ts';

const PREVIEW_MS = 120_000;
/** Previews that are worked out at once by this server. */
const AT_ONCE = 2;

const noSuchQuarantine = (): AppError =>
  new AppError('not_found', 'there is no such quarantine', { hint: 'List the quarantines of the dataset.' });

interface Place {
  readonly dataset: string;
  readonly version: string;
}

export function createCleaningService(
  deps: CleaningDeps & { readonly store: CleaningStore; readonly selecting: Selecting },
) {
  const { database, store, selecting, audit, clock, jobs, datasets } = deps;
  let running = 0;

  async function find(viewer: Viewer, id: string): Promise<StoredQuarantine> {
    const found = await store.find(id);
    if (!found || (await datasets.versionsOf(viewer, [found.versionId])).length === 0)
      throw noSuchQuarantine();
    return found;
  }

  async function demandVersion(actor: Principal, place: Place): Promise<KnownVersion> {
    const version = await datasets.version(actor, place.dataset, place.version);
    if (version.storage === 'reference')
      throw new AppError('conflict', 'the records of this version are not kept here', {
        hint: 'Take them out where they are, and push the rest as a new version.',
      });
    if (version.state !== 'ready')
      throw new AppError(
        'conflict',
        `this version is ${version.state}: records are taken out of what may be used`,
        {
          hint:
            version.state === 'awaiting-review'
              ? 'Have it approved or rejected first.'
              : 'Push a version without them.',
        },
      );
    return version;
  }

  /** What a look at values answers tells something of them: it is recorded. */
  async function recordRule(
    actor: Principal,
    version: KnownVersion,
    selection: CleaningSelection,
  ): Promise<void> {
    if (selection.by !== 'rule') return;
    const detail = {
      number: version.number,
      column: selection.column,
      values: selection.values.slice(0, 20),
    };
    const subject = `dataset-version:${version.id}`;
    const action = 'data.rule-previewed';
    await database.transaction().execute((tx) => audit.record({ actor, action, subject, detail }, tx));
  }

  async function previewed(
    actor: Principal,
    version: KnownVersion,
    selection: CleaningSelection,
    signal: AbortSignal,
  ) {
    if (running >= AT_ONCE)
      throw new AppError('too_many_requests', 'too many selections are being worked out at once', {
        hint: 'Try again in a moment.',
        retryAfterMs: 2_000,
      });
    running += 1;
    try {
      return await selecting.rows(actor, version, selection, { signal, timeMs: PREVIEW_MS });
    } catch (error) {
      if (!(error instanceof ContentRefused)) throw error;
      throw new AppError('invalid_input', error.message, { cause: error });
    } finally {
      running -= 1;
    }
  }

  return Object.freeze({
    async preview(
      actor: Principal,
      place: Place,
      { selection, signal }: { readonly selection: CleaningSelection; readonly signal: AbortSignal },
    ): Promise<CleaningPreview> {
      const version = await demandVersion(actor, place);
      await recordRule(actor, version, selection);
      const rows = await previewed(actor, version, selection, signal);
      return {
        removed: rows.length,
        kept: (version.rows ?? 0) - rows.length,
        rows: rows.slice(0, SHOWN_ROWS),
      };
    },

    async quarantine(
      actor: Principal,
      place: Place,
      { input, signal }: { readonly input: CleaningInput; readonly signal: AbortSignal },
    ): Promise<Quarantine> {
      const version = await demandVersion(actor, place);
      const { selection, reason } = input;
      const rows = selecting.isLong(selection)
        ? null
        : await selecting.rows(actor, version, selection, { signal, timeMs: PREVIEW_MS });
      if (rows?.length === 0)
        throw new AppError('invalid_input', 'no record is meant by this selection', { hint: 'Preview it.' });
      if (rows !== null && rows.length >= (version.rows ?? 0))
        throw new AppError('invalid_input', 'all records are meant', {
          hint: 'Put the whole version into quarantine instead.',
        });
      const id = uuidv7(clock.now());
      const kept = {
        id,
        versionId: version.id,
        selection: JSON.stringify(shortened(selection)),
        reason,
        rows,
      };
      await database.transaction().execute(async (tx) => {
        if (!(await store.insert({ ...kept, acting: keptActor(actor), createdAt: clock.now() }, tx)))
          throw new AppError('conflict', `records are being taken out of version ${version.number} already`, {
            hint: 'Wait until that is done, and take the others out of what it makes.',
          });
        const detail = {
          quarantine: id,
          number: version.number,
          by: selection.by,
          records: rows?.length ?? null,
          reason,
        };
        const subject = `dataset-version:${version.id}`;
        await audit.record({ actor, action: 'data.quarantine-begun', subject, detail }, tx);
        await jobs.send(cleaningQueue, { quarantineId: id }, { key: id, within: tx });
      });
      jobs.wake(cleaningQueue);
      return viewOf(actor, (await store.find(id)) as StoredQuarantine);
    },

    async list(viewer: Viewer, dataset: string) {
      const { id } = await datasets.find(viewer, dataset);
      return { items: (await store.of(id)).map((each) => viewOf(viewer, each)) };
    },

    get: async (viewer: Viewer, id: string): Promise<Quarantine> => viewOf(viewer, await find(viewer, id)),

    async restore(actor: Principal, id: string, reason: string): Promise<Quarantine> {
      await find(actor, id);
      await database.transaction().execute(async (tx) => {
        const now = (await store.lock(id, tx)) as StoredQuarantine;
        const { state } = viewOf(actor, now);
        if (state !== 'done')
          throw new AppError('conflict', `this quarantine is ${state}: there is nothing to bring back`);
        const from = await datasets.versionById(now.versionId, tx);
        if (from?.state !== 'ready')
          throw new AppError(
            'conflict',
            `the version that they came from is ${from?.state ?? 'gone'}: they stay out`,
          );
        await store.setRestoring(id, { reason, acting: keptActor(actor) }, tx);
        const detail = { quarantine: id, number: now.fromVersion, records: now.removed, reason };
        const subject = `dataset-version:${now.versionId}`;
        await audit.record({ actor, action: 'data.restore-begun', subject, detail }, tx);
        await jobs.send(cleaningQueue, { quarantineId: id }, { key: id, within: tx });
      });
      jobs.wake(cleaningQueue);
      return viewOf(actor, (await store.find(id)) as StoredQuarantine);
    },
  });
}
export type CleaningService = ReturnType<typeof createCleaningService>;
