import { createReadStream } from 'node:fs';
import { REFERENCE_LEAVES, REFERENCE_MANIFEST } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import type { Job, Jobs } from '../../../platform/jobs/index.ts';
import { isDamage, type RecordedObjects } from '../../../platform/objects/index.ts';
import type { Logger } from '../../ports.ts';
import { ContentRefused } from '../confined/errors.ts';
import { type Laying, limitsFor, readTimeMs, type Workplace } from './laying.ts';
import type { StoredVersion } from './model.ts';
import type { Originating } from './originating.ts';
import { readQueue } from './queues.ts';
import type { Returning } from './returning.ts';
import { createSettling, type SettlingDeps } from './settling.ts';
import type { Outcome } from './versions-store.ts';
import { type WorkOptions, work } from './worker/process.ts';
import type { Hashed, Referred } from './worker/protocol.ts';

export interface ReadingDeps extends SettlingDeps {
  readonly laying: Laying;
  readonly originating: Originating;
  readonly returning: Returning;
  readonly objects: RecordedObjects;
  readonly jobs: Jobs;
  readonly logger: Logger;
  readonly config: { readonly maxUploadBytes: number };
}

const REMOVED = 'The dataset was removed while it was read.';

/** The job that reads what was pushed. Killed half-way, it is run again and ends the same. */
export function createReading(deps: ReadingDeps) {
  const { versions, laying, originating, returning, objects, clock, jobs, config, logger } = deps;
  const settling = createSettling(deps);

  async function measure(
    version: StoredVersion,
    place: Workplace,
    options: WorkOptions,
  ): Promise<{ readonly found: Hashed; readonly location: string | null; readonly leaves: string }> {
    const files = await versions.files(version.id);
    const blocks = place.path('blocks');
    if (version.storage === 'reference') {
      const digest = (path: string) => files.find((file) => file.path === path)?.sha256 ?? '';
      const leaves = await place.fetch(digest(REFERENCE_LEAVES), 'leaves');
      const manifest = await place.fetch(digest(REFERENCE_MANIFEST), 'manifest');
      const task = { is: 'reference', manifest, leaves, blocks, label: version.label } as const;
      const found: Referred = await work(task, options);
      return { found, location: found.location, leaves };
    }
    const path = await place.content(version, files);
    const leaves = place.path('leaves');
    const content = { path, format: version.format, options: version.options };
    const found = await work({ is: 'hash', content, leaves, blocks, label: version.label }, options);
    return { found, location: null, leaves };
  }

  async function read(version: StoredVersion, place: Workplace, options: WorkOptions): Promise<void> {
    const { found, location, leaves } = await measure(version, place, options);
    if (await settling.same(version, found)) return;
    const stored = await objects.put(createReadStream(leaves), { signal: options.signal });
    const blocks = await objects.put(createReadStream(place.path('blocks')), { signal: options.signal });
    const origins = await originating.trace(version, { place, leaves, options, found });
    const compared = await returning.compare(version, { place, leaves, options, found });
    const outcome: Outcome = {
      location,
      rows: found.rows,
      bytes: version.storage === 'reference' ? found.bytes : version.bytes,
      root: found.root,
      schemaDigest: found.schemaDigest,
      leaves: stored.sha256,
      blocks: blocks.sha256,
      recordOrigins: origins.sha256,
      origins: origins.shares,
      schema: found.schema,
      profile: found.profile,
    };
    await settling.settle(version, outcome, compared);
  }

  async function attempt(version: StoredVersion, job: Job<{ versionId: string }>): Promise<void> {
    const place = await laying.begin(job.signal);
    const options: WorkOptions = {
      folder: place.folder,
      limits: limitsFor(config, readTimeMs(version)),
      signal: job.signal,
      onProgress: ({ rows, stage }) => job.progress({ done: rows, total: 0, detail: { stage } }),
    };
    try {
      await read(version, place, options);
    } finally {
      await place.remove();
    }
  }

  /** Whether the content is to blame, so that another attempt would come to the same. */
  function blame(error: unknown): string | null {
    if (error instanceof ContentRefused) return error.message;
    if (isDamage(error)) return 'The stored content no longer has its digest. Push it again.';
    if (error instanceof AppError && error.code === 'not_found')
      return 'The stored content is gone. Push it again.';
    return null;
  }

  jobs.work(readQueue, async (job) => {
    const version = await versions.find(job.payload.versionId);
    if (version?.state !== 'processing') return;
    if (version.removedAt !== null) return await settling.fail(version, REMOVED);
    try {
      await attempt(version, job);
    } catch (error) {
      if (job.signal.aborted) throw error;
      const why = blame(error);
      if (why !== null) return await settling.fail(version, why);
      logger.warn(
        { versionId: version.id, reason: error instanceof Error ? error.message : String(error) },
        'a version of a dataset could not be read; it is tried again',
      );
      if (job.last)
        return await settling.fail(version, 'Reading broke off again and again; the server’s log says why.');
      throw error;
    }
  });

  async function stop(versionId: string, why: string): Promise<void> {
    const version = await versions.find(versionId);
    if (version?.state !== 'processing') return;
    await settling.fail(version, why);
    await jobs.cancel(readQueue, versionId);
  }

  return Object.freeze({
    announce: settling.announce,
    /** Ends the reading of a version, which fails with this reason. Nothing happens where it is read already. */
    stop,
    /** Ends what is read of a dataset that was removed. */
    async stopDataset(datasetId: string): Promise<void> {
      for (const id of await versions.processingOf(datasetId)) await stop(id, REMOVED);
    },
    /** Queues what was lost, by a restore or a fault of the queue. */
    async resume(): Promise<void> {
      const ids = await versions.processing();
      const alive = await jobs.alive(readQueue, ids);
      for (const id of ids) if (!alive.has(id)) await jobs.send(readQueue, { versionId: id }, { key: id });
    },
    /** Removes what servers that died left behind. */
    sweep: () => laying.sweep(clock.now() - 24 * 3_600_000),
  });
}
export type Reading = ReturnType<typeof createReading>;
