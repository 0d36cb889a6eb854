import { SYSTEM } from '../../../audit/index.ts';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import { isDamage } from '../../../platform/objects/index.ts';
import { ContentRefused } from '../confined/errors.ts';
import type { KnownVersion } from '../ports.ts';
import { knownOf, plainLine } from '../scans/masking.ts';
import type { DataWatchDeps } from './deps.ts';
import { shownNames, sourceTold } from './names.ts';
import { dataWatchQueue } from './queues.ts';
import type { StoredWatch, WatchStore } from './store.ts';
import type { Watched } from './worker/protocol.ts';
import { LEAST_HISTORY } from './worker/watching.ts';
import { createCounting } from './working.ts';

const MOST_ROWS = 2_000_000;
const MOST_UNSEEN = 1_000;
const MOST_NOTES = 10;
const TABLES: ReadonlySet<string> = new Set(['csv', 'tsv', 'jsonl', 'parquet']);

/** Somebody else changed the watch meanwhile: the attempt is made again. */
class Changed extends Error {}

/** Why a version cannot be watched; null where it can. */
function hindrance(version: KnownVersion, { settings }: StoredWatch): string | null {
  if (!settings.enabled) return 'The watch was switched off.';
  if (version.label === null) return 'Nobody said which column is the label.';
  if (version.storage === 'reference') return 'Its records are not kept here.';
  if (!TABLES.has(version.format)) return 'Only tables are watched.';
  if ((version.rows ?? 0) > MOST_ROWS) return `It has more than ${MOST_ROWS} records.`;
  return null;
}

/** The job that holds a version against the accepted history. Killed half-way, it is run again and ends the same. */
export function createWatching(deps: DataWatchDeps & { readonly store: WatchStore }) {
  const { database, store, audit, alarm, clock, events, jobs, logger, datasets } = deps;
  const counting = createCounting(deps);

  /** With a memory of this label; learnt from an accepted version where there is none yet. */
  async function learnt(
    version: KnownVersion,
    watch: StoredWatch,
    { label, size, signal }: { label: string; size: number; signal: AbortSignal },
  ): Promise<StoredWatch> {
    if (watch.memory !== null && watch.label === label) return watch;
    const none = { ...watch, memory: null, label };
    const id = await store.history(version.datasetId, version.number, LEAST_HISTORY);
    const history = id === undefined ? undefined : await datasets.versionById(id);
    if (!history) return none;
    const { memory, notes } = await counting.learn(history, none, { label, size, signal });
    if (memory === null) return none;
    // Numbers of days go on, whatever was learnt before.
    const day = Math.max(memory.day, await store.newestDay(version.datasetId));
    return { ...none, memory: { ...memory, day }, notes };
  }

  async function keep(
    version: KnownVersion,
    watch: StoredWatch,
    { observed, failure }: { observed: Watched['observed']; failure: string | null },
  ): Promise<void> {
    const { datasetId } = version;
    const measured = observed.length === 0 ? null : await datasets.profile(version.id);
    const shown = shownNames(watch.settings, knownOf([], measured?.profile ?? null));
    const known = watch.memory?.sources ?? [];
    const told = await database.transaction().execute(async (tx) => {
      const atMs = clock.now();
      if (!(await store.save(datasetId, watch, tx))) throw new Changed();
      await store.see(version.id, { datasetId, failure, atMs }, tx);
      const announce: (() => void)[] = [];
      for (const { name, day, sources, alarms } of observed) {
        for (const { source, records, evidence } of sources)
          await store.putDay(
            datasetId,
            {
              source,
              day,
              name,
              nameShown: shown.name(name),
              sourceShown: shown.source(source),
              versionId: version.id,
              records,
              evidence,
              at: version.createdAt,
            },
            tx,
          );
        for (const raised of alarms) {
          const sourceName = sourceTold(raised.source, shown.source(raised.source), known);
          announce.push(...(await raise(version, { ...raised, sourceName }, tx)));
        }
      }
      return announce;
    });
    for (const tell of told) tell();
  }

  /** One alarm for each source until somebody has dealt with it. */
  async function raise(
    version: KnownVersion,
    alarmed: Watched['observed'][number]['alarms'][number] & { readonly sourceName: string },
    tx: Database,
  ): Promise<readonly (() => void)[]> {
    const { datasetId, dataset } = version;
    const { source, sourceName, day, counts, evidence, threshold } = alarmed;
    const open = await store.openAlarm(datasetId, source, tx);
    const at = clock.now();
    const id = open?.id ?? uuidv7(at);
    const since = Math.min(day, ...counts.map((count) => count.since));
    await store.putAlarm(
      datasetId,
      { id, source, since, until: day, counts, evidence, threshold, at: open?.at ?? at },
      tx,
    );
    if (open) return [];
    const detail = { version: version.id, number: version.number, source: sourceName, evidence, threshold };
    await audit.record(
      { actor: SYSTEM, action: 'data.watch-alarmed', subject: `dataset:${datasetId}`, detail },
      tx,
    );
    const summary = `Records of the source “${plainLine(sourceName, 100)}” change the dataset “${plainLine(dataset, 100)}” slowly: see its watch`;
    const subject = `dataset:${datasetId}`;
    return [await alarm({ kind: 'data-drip', severity: 'high', summary, subject }, tx)];
  }

  async function attempt(version: KnownVersion, signal: AbortSignal): Promise<void> {
    const watch = await store.find(version.datasetId);
    const failure = hindrance(version, watch);
    const { label } = version;
    if (failure !== null || label === null) return await keep(version, watch, { observed: [], failure });
    const fresh = await counting.freshOf(version);
    if (fresh.rows === 0) return await keep(version, watch, { observed: [], failure: null });
    const known = await learnt(version, watch, { label, size: fresh.rows, signal });
    const { memory } = known;
    if (memory === null)
      return await keep(version, { ...known, unusable: null }, { observed: [], failure: null });
    const found = await counting.observe(version, { ...known, memory }, { label, fresh, signal });
    const notes = [...new Set([...found.notes, ...known.notes])].slice(0, MOST_NOTES);
    await keep(
      version,
      {
        ...known,
        memory: found.memory,
        unusable: null,
        notes: notes.map((note) => plainLine(note, 1_000)),
      },
      { observed: found.observed, failure: null },
    );
  }

  /** Whether the content or the settings are to blame, so that another attempt would come to the same. */
  function blame(error: unknown): string | null {
    if (error instanceof ContentRefused) return error.message;
    if (isDamage(error)) return 'The stored content no longer has its digest. Verify the version.';
    if (error instanceof AppError && ['gone', 'not_found', 'conflict'].includes(error.code))
      return `${error.message}.${error.hint ? ` ${error.hint}` : ''}`;
    return null;
  }

  async function fail(version: KnownVersion, why: string): Promise<void> {
    const watch = await store.find(version.datasetId);
    const failure = plainLine(why, 1_000);
    const unusable = watch.memory === null ? failure : null;
    await keep(version, { ...watch, unusable }, { observed: [], failure });
  }

  jobs.work(dataWatchQueue, async (job) => {
    const version = await datasets.versionById(job.payload.versionId);
    if (version?.state !== 'ready' || (await store.isSeen(version.id))) return;
    try {
      await attempt(version, job.signal);
    } catch (error) {
      if (job.signal.aborted || error instanceof Changed) throw error;
      const why = blame(error);
      if (why !== null) return await fail(version, why);
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ versionId: version.id, reason }, 'a dataset could not be watched; it is tried again');
      if (job.last)
        return await fail(version, 'Watching broke off again and again; the server’s log says why.');
      throw error;
    }
  });

  const queue = async (versionId: string): Promise<void> => {
    await jobs.send(dataWatchQueue, { versionId }, { key: versionId });
    jobs.wake(dataWatchQueue);
  };

  // Lives as long as the process, as its listeners do.
  events.on('dataset.version-created', ({ versionId }) => {
    queue(versionId).catch((error: unknown) =>
      logger.warn(
        { versionId, reason: error instanceof Error ? error.message : String(error) },
        'a version was not given to the watch; upkeep does it',
      ),
    );
  });

  return Object.freeze({
    /** Queues what was lost, by a restart or a fault of the queue. */
    async resume(): Promise<void> {
      for (const versionId of await store.unseen(MOST_UNSEEN)) await queue(versionId);
    },
  });
}
