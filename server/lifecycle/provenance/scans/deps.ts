import type { AuditLog } from '../../../audit/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { Events } from '../../../kernel/events.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Jobs } from '../../../platform/jobs/index.ts';
import type { LifecycleEvents, Logger } from '../../ports.ts';
import type { DatasetsPort, GovernancePort } from '../ports.ts';

export interface DataScanDeps {
  readonly database: Database;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly clock: Clock;
  readonly events: Events<LifecycleEvents>;
  readonly jobs: Jobs;
  readonly logger: Logger;
  readonly config: { readonly maxUploadBytes: number };
  readonly datasets: Pick<
    DatasetsPort,
    'version' | 'versionById' | 'versionsOf' | 'profile' | 'lay' | 'announce' | 'originsOf'
  >;
  readonly custody: GovernancePort['custody'];
  /** Lets a version into use that waited for its scan; true where it did. */
  readonly release: (versionId: string, tx: Database) => Promise<boolean>;
  /** Ids of the people who may hold the secret of a key. */
  readonly standBehind: (keyId: string, within: Database) => Promise<ReadonlySet<string>>;
}
