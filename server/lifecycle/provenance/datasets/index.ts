import { join } from 'node:path';
import type { Dataset, DatasetVersion } from '@bartizan/contracts';
import { createRecordedEntries } from '../../../audit/index.ts';
import type { RouteImplementation } from '../../../platform/http/types.ts';
import type { Jobs } from '../../../platform/jobs/index.ts';
import type { LifecycleDeps } from '../../ports.ts';
import type { Viewer } from '../../sight.ts';
import type { DatasetsPort, GovernancePort } from '../ports.ts';
import { createBeginnings } from './beginnings.ts';
import { createContents } from './contents.ts';
import { createDatasets, type Datasets } from './datasets.ts';
import { createDatasetStore } from './datasets-store.ts';
import { createDiffs } from './diffs.ts';
import { createLaying, isFolder } from './laying.ts';
import { createOpening } from './opening.ts';
import { createOriginating } from './originating.ts';
import { createDatasetsPort } from './port.ts';
import { createPushes } from './pushes.ts';
import { createPushStore } from './pushes-store.ts';
import { createReading } from './reading.ts';
import { createReads } from './reads.ts';
import { createRecords } from './records.ts';
import { createRetention } from './retention.ts';
import { createReturning } from './returning.ts';
import { createReturnsStore } from './returns-store.ts';
import { comparisonRoutes, contentRoutes, datasetRoutes, pushRoutes, versionRoutes } from './routes.ts';
import { createVerifications } from './verifications.ts';
import { createVerificationStore } from './verifications-store.ts';
import { createVersions } from './versions.ts';
import { createVersionStore } from './versions-store.ts';

export { datasetMigrations } from './migrations.ts';
export { datasetQueues } from './queues.ts';

export interface DatasetsDeps extends LifecycleDeps {
  readonly jobs: Jobs;
  readonly governance: GovernancePort;
}

/** What is said of datasets, for metadata in other forms. */
export interface Describe {
  readonly create: Datasets['create'];
  readonly update: Datasets['update'];
  readonly dataset: (viewer: Viewer, dataset: string) => Promise<Dataset>;
  readonly version: (viewer: Viewer, dataset: string, version: string) => Promise<DatasetVersion>;
  /** Digest of the one file of a version; null of folders and references, and where the content was removed. */
  readonly fileSha256: (versionId: string) => Promise<string | null>;
}

export interface DatasetsPart {
  /** For the parts beside it. */
  readonly port: DatasetsPort;
  /** Datasets as people describe them. */
  readonly describe: Describe;
  readonly implementations: readonly RouteImplementation[];
  /** Idempotent work to be done now and then, by the one server that is elected for it. */
  readonly upkeep: () => Promise<void>;
}

/** Folder of a server's data directory where versions are laid out while they are read. */
const WORK_FOLDER = 'data-work';

/** Datasets, their versions and how they come in: the one door of this part. */
export function createDatasetsPart(deps: DatasetsDeps): DatasetsPart {
  const { database, objects, governance, audit, clock, jobs, config } = deps;
  const versions = createVersionStore(database);
  const datasets = createDatasets({ ...deps, store: createDatasetStore(database), versions });
  const pushStore = createPushStore(database);
  const beginnings = createBeginnings({ versions, datasets, governance, audit, clock, jobs });
  const laying = createLaying({ root: join(config.dataDir, WORK_FOLDER), objects });
  const originating = createOriginating({ versions, objects });
  const returning = createReturning({ store: createReturnsStore(database) });
  const reading = createReading({ ...deps, versions, pushes: pushStore, laying, originating, returning });
  const pushes = createPushes({ ...deps, store: pushStore, versions, beginnings, reading });
  const reads = createReads({ database, governance, audit });
  const shown = createVersions({ ...deps, versions, datasets, reads });
  const opening = createOpening({ versions, laying, objects, config });
  const contents = createContents({ versions, find: shown.find, reads, objects });
  const records = createRecords({ find: shown.find, reads, opening });
  const diffs = createDiffs({ versions, findRead: shown.findRead, reads, laying, config });
  const verifications = createVerifications({
    ...deps,
    store: createVerificationStore(database),
    versions,
    find: shown.find,
    laying,
    recorded: createRecordedEntries({ database, masterKey: deps.masterKey }),
  });
  const retention = createRetention({ database, versions, audit, clock, governance });
  return Object.freeze({
    port: createDatasetsPort({
      datasets,
      versions,
      shown,
      opening,
      beginnings,
      reading,
      jobs,
      audit,
      now: clock.now,
    }),
    describe: Object.freeze({
      create: datasets.create,
      update: datasets.update,
      dataset: async (viewer: Viewer, dataset: string) =>
        datasets.viewOf(await datasets.find(viewer, dataset)),
      version: (viewer: Viewer, dataset: string, version: string) => shown.get(viewer, { dataset, version }),
      async fileSha256(versionId: string) {
        const version = await versions.find(versionId);
        if (!version || version.storage === 'reference' || isFolder(version.format)) return null;
        return (await versions.files(versionId, { limit: 1 }))[0]?.sha256 ?? null;
      },
    }),
    implementations: Object.freeze([
      ...datasetRoutes({
        ...datasets,
        async remove(principal, ref) {
          const id = await datasets.remove(principal, ref);
          await reading.stopDataset(id);
          return id;
        },
      }),
      ...versionRoutes(shown),
      ...contentRoutes(contents, records),
      ...comparisonRoutes(diffs, verifications),
      ...pushRoutes(pushes),
    ]),
    async upkeep() {
      await pushes.upkeep();
      await retention.run();
      await reading.resume();
      await verifications.resume();
      await reading.sweep();
    },
  });
}
