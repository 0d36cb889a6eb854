import { type AuditLog, SYSTEM } from '../../../audit/index.ts';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Jobs } from '../../../platform/jobs/index.ts';
import type { DatasetsPort } from '../ports.ts';
import type { Beginnings } from './beginnings.ts';
import type { Datasets } from './datasets.ts';
import { knownOf, summaryOf } from './model.ts';
import type { Opening } from './opening.ts';
import { readQueue } from './queues.ts';
import { noSuchDatasetVersion } from './reach.ts';
import type { Reading } from './reading.ts';
import type { Versions } from './versions.ts';
import type { VersionStore } from './versions-store.ts';

export interface PortDeps {
  readonly datasets: Datasets;
  readonly versions: VersionStore;
  readonly shown: Versions;
  readonly opening: Opening;
  readonly beginnings: Beginnings;
  readonly reading: Reading;
  readonly jobs: Pick<Jobs, 'wake'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly now: () => number;
}

/** Looks at once for what a transaction queued; a moment later where that is not through yet. */
const WAKE_AGAIN_MS = 300;

/** What the parts beside datasets may ask of them. */
export function createDatasetsPort(deps: PortDeps): DatasetsPort {
  const { datasets, versions, shown, opening, beginnings, reading, jobs, audit, now } = deps;

  async function settle(
    versionId: string,
    outcome: { readonly state: 'ready' } | { readonly state: 'rejected'; readonly why: string },
    tx: Database,
  ): Promise<void> {
    const version = await versions.lock(versionId, tx);
    if (!version || version.removedAt !== null) throw noSuchDatasetVersion();
    if (version.state !== 'awaiting-review')
      throw new AppError('conflict', `this version is ${version.state}; it does not await review`);
    const ready = outcome.state === 'ready';
    const why = ready ? null : outcome.why;
    const readyAt = ready ? now() : null;
    await versions.setState(versionId, { state: outcome.state, failure: why, readyAt }, tx);
    // Who decided it, and why, stands in the entry of the decision; this one is what states are replayed from.
    const detail = { dataset: version.datasetId, number: version.number, state: outcome.state, why, readyAt };
    const subject = `dataset-version:${versionId}`;
    await audit.record({ actor: SYSTEM, action: 'data.version-settled', subject, detail }, tx);
  }

  return Object.freeze({
    async find(viewer, ref, tx) {
      const { id, name, teamId, label } = await datasets.find(viewer, ref, tx);
      return { id, name, teamId, label };
    },
    version: async (viewer, ref, version, tx) =>
      knownOf(await shown.find(viewer, { dataset: ref, version }, tx)),
    async versionById(id, tx) {
      const version = await versions.find(id, tx);
      return version ? knownOf(version) : undefined;
    },
    versionsOf: async (viewer, ids) => (await versions.inReach(viewer, ids)).map(knownOf),
    versionsByRoot: async (viewer, root) => (await versions.withRoot(viewer, root)).map(knownOf),
    async summary(viewer, id) {
      const [version] = await versions.inReach(viewer, [id]);
      if (!version) throw noSuchDatasetVersion();
      return summaryOf(version);
    },
    profile: versions.measured,
    records: opening.records,
    lay: opening.lay,
    originsOf: opening.originsOf,
    async createVersion(actor, version, tx) {
      const { versionId, number } = await beginnings.derive(actor, version, tx);
      setTimeout(() => jobs.wake(readQueue), WAKE_AGAIN_MS).unref();
      return { versionId, number };
    },
    settle,
    announce: reading.announce,
    setQuarantined: shown.setQuarantined,
  } satisfies DatasetsPort);
}
