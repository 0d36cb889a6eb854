import type { Clock } from '../../kernel/clock.ts';
import type { Database } from '../../platform/database/types.ts';
import type { RegistryService } from './models/types.ts';
import type { Artifacts } from './runs/artifacts.ts';
import type { Experiments } from './runs/experiments.ts';
import type { LoggedModels } from './runs/logged-models.ts';
import type { Runs } from './runs/runs.ts';
import type { PageTokens } from './runs/search/page.ts';
import type { DownloadGate } from './scans/gate.ts';
import type { DownloadLog } from './uploads/index.ts';

/** What the routes of runs and of MLflow's protocol are made of. */
export interface RegistryParts {
  readonly database: Database;
  readonly clock: Pick<Clock, 'now'>;
  readonly tokens: PageTokens;
  readonly experiments: Experiments;
  readonly runs: Runs;
  readonly loggedModels: LoggedModels;
  readonly artifacts: Artifacts;
  readonly registry: RegistryService;
  readonly gate: Pick<DownloadGate, 'standing' | 'demandVersion'>;
  readonly downloads: Pick<DownloadLog, 'note'>;
  /** The bytes of content. */
  readonly openContent: (sha256: string) => AsyncIterable<Uint8Array>;
  /** True where versions count as pending for clients until they are scanned. */
  readonly waitsForScan: () => Promise<boolean>;
}
