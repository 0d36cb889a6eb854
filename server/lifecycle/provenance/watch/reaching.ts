import { SYSTEM } from '../../../audit/index.ts';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import { plainLine } from '../scans/masking.ts';
import type { DataWatchDeps } from './deps.ts';
import type { Cause, Distrust, ExposureStore } from './exposures-store.ts';
import { dataReachQueue } from './queues.ts';

type Endpoint = Awaited<ReturnType<DataWatchDeps['lineage']['endpointsBelow']>>[number];

/** Versions that upkeep looks at again. */
const MOST_AGAIN = 500;
const LOOK_AGAIN_MS = 60_000;

/**
 * Looks which endpoints serve what was made from records that were taken out, or that a scan found something grave in. One
 * alarm for each endpoint, as long as it depends on any; it ends by itself.
 */
export function createReaching(deps: DataWatchDeps & { readonly exposures: ExposureStore }) {
  const { database, exposures, audit, alarm, clearAlarm, clock, events, jobs, logger, datasets, lineage } =
    deps;

  /** Versions with such records: this one, and those that hold what was brought in with them. */
  async function versionsWith(versionId: string, { rows, without }: Distrust): Promise<readonly string[]> {
    if (rows.length === 0) return [versionId];
    const { origins, of } = await datasets.originsOf(versionId, rows);
    const brought = new Set(of.flatMap((place) => origins[place ?? -1]?.versionId ?? []));
    const held = await lineage.holders([...brought]);
    const clean = new Set(without);
    return [...new Set([versionId, ...held.map(({ id }) => id)])].filter((id) => !clean.has(id));
  }

  async function reachedBy(
    versionId: string,
  ): Promise<ReadonlyMap<string, { endpoint: Endpoint; cause: Cause }>> {
    const found = new Map<string, { endpoint: Endpoint; cause: Cause }>();
    for (const distrust of await exposures.distrust(versionId))
      for (const endpoint of await lineage.endpointsBelow(await versionsWith(versionId, distrust)))
        found.set(`${endpoint.id} ${distrust.cause}`, { endpoint, cause: distrust.cause });
    return found;
  }

  const subjectOf = (endpointId: string): string => `endpoint:${endpointId}`;

  async function raise(
    version: { readonly id: string; readonly dataset: string; readonly number: number },
    { endpoint, cause }: { endpoint: Endpoint; cause: Cause },
    tx: Database,
  ): Promise<readonly (() => void)[]> {
    const atMs = clock.now();
    const first = (await exposures.standing(endpoint.id, tx)) === 0;
    if (!(await exposures.add({ id: uuidv7(atMs), versionId: version.id, endpoint, cause, atMs }, tx)))
      return [];
    const detail = { endpoint: endpoint.slug, dataset: version.dataset, number: version.number, cause };
    const subject = subjectOf(endpoint.id);
    await audit.record({ actor: SYSTEM, action: 'data.endpoint-reached', subject, detail }, tx);
    if (!first) return [];
    const why = cause === 'quarantined' ? 'were taken out' : 'are suspected by a scan';
    const summary = `The endpoint ${endpoint.slug} serves a model made from records of “${plainLine(version.dataset, 100)}” that ${why}`;
    return [await alarm({ kind: 'data-reached-endpoint', severity: 'high', summary, subject }, tx)];
  }

  async function clear(
    version: { readonly dataset: string; readonly number: number },
    { id, endpointId, cause }: { id: string; endpointId: string; cause: Cause },
    tx: Database,
  ): Promise<void> {
    await exposures.clear(id, clock.now(), tx);
    const subject = subjectOf(endpointId);
    const detail = { dataset: version.dataset, number: version.number, cause };
    await audit.record({ actor: SYSTEM, action: 'data.endpoint-clear', subject, detail }, tx);
    if ((await exposures.standing(endpointId, tx)) > 0) return;
    const note = 'The endpoint serves nothing any more that was made from such records.';
    await clearAlarm({ kind: 'data-reached-endpoint', subject, note }, tx);
  }

  async function evaluate(versionId: string): Promise<void> {
    const version = await datasets.versionById(versionId);
    if (!version) return;
    const now = await reachedBy(versionId);
    const told = await database.transaction().execute(async (tx) => {
      const announce: (() => void)[] = [];
      const open = await exposures.open(versionId, tx);
      const keys = new Set(open.map(({ endpointId, cause }) => `${endpointId} ${cause}`));
      for (const one of open) if (!now.has(`${one.endpointId} ${one.cause}`)) await clear(version, one, tx);
      for (const [key, reached] of now)
        if (!keys.has(key)) announce.push(...(await raise(version, reached, tx)));
      return announce;
    });
    for (const tell of told) tell();
  }

  jobs.work(dataReachQueue, async (job) => {
    const { versionId } = job.payload;
    try {
      await evaluate(versionId);
    } catch (error) {
      // What was removed meanwhile is of no further interest.
      if (error instanceof AppError && ['gone', 'not_found'].includes(error.code)) return;
      throw error;
    }
  });

  async function queue(versionIds: readonly string[]): Promise<void> {
    for (const versionId of versionIds) await jobs.send(dataReachQueue, { versionId }, { key: versionId });
    if (versionIds.length > 0) jobs.wake(dataReachQueue);
  }

  const soon = (work: () => Promise<void>): void =>
    void work().catch((error: unknown) =>
      logger.warn(
        { reason: error instanceof Error ? error.message : String(error) },
        'endpoints were not held against records; upkeep does it',
      ),
    );

  const again = async (): Promise<void> => await queue(await exposures.suspects(MOST_AGAIN));

  // Live as long as the process, as their listeners do.
  events.on('dataset.records-quarantined', ({ versionId }) => soon(() => queue([versionId])));
  events.on('dataset.scanned', ({ versionId }) => soon(() => queue([versionId])));
  events.on('version.created', () => soon(again));
  events.on('configuration.changed', () => soon(again));

  const looked = new Map<string, number>();

  return Object.freeze({
    /** Has versions looked at again, each at most once a minute: somebody wants to know how they stand. */
    lookAgain(versionIds: readonly string[]): void {
      const now = clock.now();
      for (const [id, at] of looked) if (now - at >= LOOK_AGAIN_MS) looked.delete(id);
      const due = versionIds.filter((id) => !looked.has(id));
      for (const id of due) looked.set(id, now);
      if (due.length > 0) soon(() => queue(due));
    },
    /** What endpoints serve changes by itself: all that something is held against is looked at again. */
    again,
  });
}
