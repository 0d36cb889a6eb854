import type { AuditLog } from '../../../audit/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import type { RegistryService } from '../models/types.ts';

/** What is known of the run behind a version. Instants in ms since the epoch. */
export interface RunFacts {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly params: readonly { readonly key: string; readonly value: string }[];
  readonly tags: readonly { readonly key: string; readonly value: string }[];
}

export interface SigningDeps {
  readonly database: Database;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly clock: Clock;
  readonly registry: Pick<RegistryService, 'version' | 'files' | 'datasets' | 'baseOf'>;
  /** The run with this id, where it is there for the viewer. */
  readonly runFacts: (viewer: Viewer, runId: string) => Promise<RunFacts | null>;
  readonly publicUrl: string;
}
