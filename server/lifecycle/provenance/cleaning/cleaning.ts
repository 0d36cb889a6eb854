import { AppError } from '../../../kernel/error.ts';
import type { Job } from '../../../platform/jobs/index.ts';
import { isDamage } from '../../../platform/objects/index.ts';
import { ContentRefused } from '../confined/errors.ts';
import { actingOf } from '../datasets/model.ts';
import type { KnownVersion } from '../ports.ts';
import { plainLine } from '../scans/masking.ts';
import { createDependants } from './dependants.ts';
import type { CleaningDeps } from './deps.ts';
import { createMaking } from './making.ts';
import type { StoredQuarantine } from './model.ts';
import { cleaningQueue } from './queues.ts';
import type { Selecting } from './selecting.ts';
import type { CleaningStore } from './store.ts';

const SELECT_MS = 4 * 3_600_000;

/** The job that takes records out or brings them back. Killed half-way, it is run again and ends the same. */
export function createCleaning(
  deps: CleaningDeps & { readonly store: CleaningStore; readonly selecting: Selecting },
) {
  const { database, store, selecting, clock, events, jobs, logger, datasets } = deps;
  const dependants = createDependants(deps);
  const making = createMaking(deps);

  async function rowsOf(
    quarantine: StoredQuarantine,
    version: KnownVersion,
    signal: AbortSignal,
  ): Promise<number[]> {
    const known = await store.rows(quarantine.id);
    if (known !== null) return known;
    const selection = JSON.parse(quarantine.selection);
    const rows = await selecting.rows(actingOf(quarantine.acting), version, selection, {
      signal,
      timeMs: SELECT_MS,
    });
    await store.setSelected(quarantine.id, rows);
    return rows;
  }

  async function attempt(quarantine: StoredQuarantine, job: Job<unknown>): Promise<void> {
    const version = await datasets.versionById(quarantine.versionId);
    if (!version) return;
    const { signal } = job;
    if (quarantine.state === 'restoring') return await making.restore(quarantine, version, { signal });
    const rows = await rowsOf(quarantine, version, signal);
    await store.setDependants(quarantine.id, await dependants.of(version, rows));
    const onProgress = (stage: string): void => job.progress({ done: 0, total: 0, detail: { stage } });
    await making.clean(quarantine, version, { rows, signal, onProgress });
  }

  /** Whether what was asked for is to blame, so that another attempt would come to the same. */
  function blame(error: unknown): string | null {
    if (error instanceof ContentRefused) return error.message;
    if (isDamage(error)) return 'The stored content no longer has its digest. Verify the version.';
    if (error instanceof AppError && error.code !== 'unavailable')
      return `${error.message}.${error.hint ? ` ${error.hint}` : ''}`;
    return null;
  }

  jobs.work(cleaningQueue, async (job) => {
    const { quarantineId } = job.payload;
    const quarantine = await store.find(quarantineId);
    if (quarantine?.state !== 'working' && quarantine?.state !== 'restoring') return;
    try {
      await attempt(quarantine, job);
    } catch (error) {
      if (job.signal.aborted) throw error;
      const why = blame(error);
      if (why !== null) return await store.fail(quarantineId, plainLine(why, 1_000));
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ quarantineId, reason }, 'records could not be taken out; it is tried again');
      if (job.last)
        return await store.fail(quarantineId, 'It broke off again and again; the server’s log says why.');
      throw error;
    }
  });

  /** Tells, once, of versions without records that became ready. */
  async function tell(): Promise<void> {
    for (const { id, datasetId, versionId, toVersionId, removed } of await store.untold()) {
      if (toVersionId === null || !(await store.tell(id, clock.now(), database))) continue;
      events.emit('dataset.records-quarantined', {
        datasetId,
        versionId,
        newVersionId: toVersionId,
        records: removed,
      });
    }
  }

  // Lives as long as the process, as its listeners do.
  events.on('dataset.version-created', () => {
    tell().catch((error: unknown) =>
      logger.warn(
        { reason: error instanceof Error ? error.message : String(error) },
        'a quarantine of records was not told of; upkeep tells of it',
      ),
    );
  });

  return Object.freeze({
    tell,
    /** Queues what was lost, by a restore or a fault of the queue. */
    async resume(): Promise<void> {
      const ids = await store.unended();
      const alive = await jobs.alive(cleaningQueue, ids);
      for (const id of ids)
        if (!alive.has(id)) await jobs.send(cleaningQueue, { quarantineId: id }, { key: id });
    },
  });
}
