import type { AuditLog } from '../../../audit/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { Events } from '../../../kernel/events.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Jobs } from '../../../platform/jobs/index.ts';
import type { RecordedObjects } from '../../../platform/objects/index.ts';
import type { LifecycleEvents, Logger } from '../../ports.ts';
import type { DatasetsPort, GovernancePort } from '../ports.ts';
import type { ScansPort } from '../scans/index.ts';
import type { DependantsPorts } from './dependants.ts';

export interface CleaningDeps {
  readonly database: Database;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly clock: Clock;
  readonly events: Events<LifecycleEvents>;
  readonly jobs: Jobs;
  readonly logger: Logger;
  readonly objects: Pick<RecordedObjects, 'put'>;
  readonly config: { readonly maxUploadBytes: number };
  readonly datasets: Pick<
    DatasetsPort,
    'find' | 'version' | 'versionById' | 'versionsOf' | 'lay' | 'originsOf' | 'createVersion'
  >;
  readonly custody: GovernancePort['custody'];
  readonly scans: Pick<ScansPort, 'find' | 'rowsOf' | 'rowsFrom'>;
  /** What other stages know; without it only versions of datasets are named. */
  readonly ports?: DependantsPorts;
}
