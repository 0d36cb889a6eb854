import type { DataScanOptions } from '@bartizan/contracts';
import type { AuditLog } from '../../../audit/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Jobs } from '../../../platform/jobs/index.ts';
import type { RecordedObjects } from '../../../platform/objects/index.ts';
import type { Logger } from '../../ports.ts';
import type { Viewer } from '../../sight.ts';
import type { Beginnings } from '../datasets/beginnings.ts';
import type { DatasetsPort, GovernancePort } from '../ports.ts';
import type { LabellingStore } from './store.ts';
import type { SuspectedRow } from './worker/protocol.ts';

/** What labelling needs of scans. */
export interface SuspectsPort {
  /** A scan in the viewer's reach; `not_found` otherwise. */
  readonly find: (
    viewer: Viewer,
    scanId: string,
  ) => Promise<{ readonly versionId: string; readonly state: string; readonly options: DataScanOptions }>;
  /** Records that a scan suspects of a wrong label, the worst first. */
  readonly mislabelled: (scanId: string, limit: number) => Promise<readonly SuspectedRow[]>;
}

export interface LabellingDeps {
  readonly database: Database;
  readonly store: LabellingStore;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly clock: Clock;
  readonly jobs: Jobs;
  readonly logger: Logger;
  readonly objects: Pick<RecordedObjects, 'put'>;
  readonly config: { readonly maxUploadBytes: number };
  readonly datasets: Pick<
    DatasetsPort,
    'version' | 'versionById' | 'versionsOf' | 'profile' | 'records' | 'lay' | 'createVersion'
  >;
  readonly governance: Pick<GovernancePort, 'mayUse' | 'custody'>;
  readonly scans: SuspectsPort;
  /** Begins a version of a dataset that is registered where there is none of its name. */
  readonly begin: Beginnings['begin'];
}
