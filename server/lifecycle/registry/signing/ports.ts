import type { AuditLog } from '../../../audit/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { RegistryService } from '../models/types.ts';

export interface SigningDeps {
  readonly database: Database;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly clock: Clock;
  readonly registry: Pick<RegistryService, 'version' | 'files' | 'datasets' | 'baseOf'>;
  readonly publicUrl: string;
}
