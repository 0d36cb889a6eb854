import type { Migration } from '../../platform/database/types.ts';
import type { RouteImplementation } from '../../platform/http/types.ts';
import type { Jobs, Queue } from '../../platform/jobs/index.ts';
import type { LifecycleDeps } from '../ports.ts';
import { createDatasetsPart, datasetMigrations, datasetQueues } from './datasets/index.ts';
import type { DatasetsPort, GovernancePort } from './ports.ts';
import { createGovernance, type Governance, sourceMigrations } from './sources/index.ts';

export type { DatasetsPort, GovernancePort } from './ports.ts';

/** Of every part. */
export const provenanceMigrations: readonly Migration[] = Object.freeze([
  ...datasetMigrations,
  ...sourceMigrations,
]);

/** Work that takes longer than a request. */
export const provenanceQueues: readonly Queue[] = Object.freeze([...datasetQueues]);

export interface ProvenanceDeps extends LifecycleDeps {
  readonly jobs: Jobs;
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
    custody: (...asked) => governance.port.custody(...asked),
  } satisfies GovernancePort);
  const datasets = createDatasetsPart({ ...deps, governance: governancePort });
  const governance: Governance = createGovernance({
    ...deps,
    datasets: datasets.port,
    describe: datasets.describe,
    publicUrl: deps.config.publicUrl,
    // Nothing passes a scan where nothing scans.
    scans: { passed: async () => false },
  });
  return Object.freeze({
    datasets: datasets.port,
    implementations: Object.freeze([...datasets.implementations, ...governance.implementations]),
    async upkeep() {
      await datasets.upkeep();
    },
  });
}
