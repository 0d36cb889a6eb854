import type { AuditLog } from '../../../audit/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { ReviewGate } from '../../../reviews/index.ts';
import type { DatasetsPort } from '../ports.ts';
import type { SourceStore } from './store.ts';

/** What scans know that policies ask for. */
export interface ScanStanding {
  /** Whether a finished scan of the version left nothing high or critical open. */
  readonly passed: (versionId: string, tx: Database) => Promise<boolean>;
}

export interface SourceDeps {
  readonly database: Database;
  readonly store: SourceStore;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly clock: Clock;
  readonly datasets: Pick<
    DatasetsPort,
    'find' | 'version' | 'versionById' | 'settle' | 'announce' | 'profile'
  >;
  readonly scans: ScanStanding;
  /** Changes that need a second person. */
  readonly reviews: Pick<ReviewGate, 'register' | 'demandFree'>;
  /** Ids of the people who may hold the secret of a key. */
  readonly standBehind: (keyId: string, within: Database) => Promise<ReadonlySet<string>>;
}
