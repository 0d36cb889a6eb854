import type { AuditLog } from '../../../audit/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { Events } from '../../../kernel/events.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Jobs } from '../../../platform/jobs/index.ts';
import type { LifecycleDeps, LifecycleEvents, Logger } from '../../ports.ts';
import type { DatasetsPort, GovernancePort } from '../ports.ts';

export interface DataWatchDeps {
  readonly database: Database;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly alarm: LifecycleDeps['alarm'];
  readonly clearAlarm: LifecycleDeps['clearAlarm'];
  readonly clock: Clock;
  readonly events: Events<LifecycleEvents>;
  readonly jobs: Jobs;
  readonly logger: Logger;
  readonly config: { readonly maxUploadBytes: number };
  readonly datasets: Pick<DatasetsPort, 'find' | 'versionById' | 'profile' | 'lay' | 'originsOf'>;
  readonly custody: GovernancePort['custody'];
  readonly lineage: ReachPort;
}

/** What lineage says of records, whoever looks. */
export interface ReachPort {
  /** Versions that hold records which these versions brought in. */
  readonly holders: (originIds: readonly string[]) => Promise<readonly { readonly id: string }[]>;
  /** Endpoints that serve what was made from these versions now. */
  readonly endpointsBelow: (
    versionIds: readonly string[],
  ) => Promise<readonly { readonly id: string; readonly slug: string; readonly teamId: string | null }[]>;
}
