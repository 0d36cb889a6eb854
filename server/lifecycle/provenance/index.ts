import type { Migration } from '../../platform/database/types.ts';
import type { RouteImplementation } from '../../platform/http/types.ts';
import type { Jobs, Queue } from '../../platform/jobs/index.ts';
import type { LifecycleDeps } from '../ports.ts';
import { cleaningMigrations, cleaningQueues, createCleaningPart } from './cleaning/index.ts';
import { createDatasetsPart, datasetMigrations, datasetQueues } from './datasets/index.ts';
import { createLabellingPart, labellingMigrations, labellingQueues } from './labelling/index.ts';
import { createLineage, type LineagePorts, lineageMigrations } from './lineage/index.ts';
import type { DatasetsPort, GovernancePort } from './ports.ts';
import { createPrivacyPart, privacyMigrations } from './privacy/index.ts';
import { createScans, dataScanMigrations, dataScanQueues, type ScansPart } from './scans/index.ts';
import { createGovernance, type Governance, sourceMigrations } from './sources/index.ts';
import { createWatch, dataWatchMigrations, dataWatchQueues } from './watch/index.ts';

export type { DatasetsPort, GovernancePort } from './ports.ts';

/** Of every part. */
export const provenanceMigrations: readonly Migration[] = Object.freeze([
  ...datasetMigrations,
  ...sourceMigrations,
  ...dataScanMigrations,
  ...cleaningMigrations,
  ...labellingMigrations,
  ...privacyMigrations,
  ...lineageMigrations,
  ...dataWatchMigrations,
]);

/** Work that takes longer than a request. */
export const provenanceQueues: readonly Queue[] = Object.freeze([
  ...datasetQueues,
  ...dataScanQueues,
  ...cleaningQueues,
  ...labellingQueues,
  ...dataWatchQueues,
]);

export interface ProvenanceDeps extends LifecycleDeps {
  readonly jobs: Jobs;
  /** What other stages know. */
  readonly ports: LineagePorts;
}

export interface Provenance {
  readonly datasets: DatasetsPort;
  readonly implementations: readonly RouteImplementation[];
  /** Idempotent work to be done now and then, by the one server that is elected for it. */
  readonly upkeep: () => Promise<void>;
}

/** Data: where records come from, what was done with them, and what became of them. */
export function createProvenance(deps: ProvenanceDeps): Provenance {
  // Each asks the other, though not while they are made.
  const governancePort: GovernancePort = Object.freeze({
    source: (...asked) => governance.port.source(...asked),
    admit: (...asked) => governance.port.admit(...asked),
    mayUse: (...asked) => governance.port.mayUse(...asked),
    async custody(entry, tx) {
      await governance.port.custody(entry, tx);
      // The scan of a version begins if and only if the version comes in.
      if (entry.action === 'added' && entry.versionId !== null) await scans.arrived(entry.versionId, tx);
    },
  } satisfies GovernancePort);
  const datasets = createDatasetsPart({ ...deps, governance: governancePort });
  const governance: Governance = createGovernance({
    ...deps,
    datasets: datasets.port,
    describe: datasets.describe,
    publicUrl: deps.config.publicUrl,
    standBehind: deps.identity.standBehind,
    scans: { passed: (...asked) => scans.port.passed(...asked) },
  });
  const scans: ScansPart = createScans({
    ...deps,
    datasets: datasets.port,
    custody: governancePort.custody,
    release: governance.release,
    standBehind: deps.identity.standBehind,
  });
  const cleaning = createCleaningPart({
    ...deps,
    datasets: datasets.port,
    custody: governancePort.custody,
    scans: scans.port,
  });
  const privacy = createPrivacyPart({ ...deps, datasets: datasets.port, governance: governancePort });
  const lineage = createLineage({ ...deps, datasets: datasets.port, scans: scans.port });
  const watch = createWatch({
    ...deps,
    datasets: datasets.port,
    custody: governancePort.custody,
    lineage: lineage.reach,
  });
  const labelling = createLabellingPart({
    ...deps,
    datasets: datasets.port,
    governance: governancePort,
    scans: scans.port,
  });
  return Object.freeze({
    datasets: datasets.port,
    implementations: Object.freeze([
      ...datasets.implementations,
      ...governance.implementations,
      ...scans.implementations,
      ...cleaning.implementations,
      ...privacy.implementations,
      ...labelling.implementations,
      ...lineage.implementations,
      ...watch.implementations,
    ]),
    async upkeep() {
      await datasets.upkeep();
      await scans.upkeep();
      await cleaning.upkeep();
      await labelling.upkeep();
      await lineage.upkeep();
      await watch.upkeep();
    },
  });
}
