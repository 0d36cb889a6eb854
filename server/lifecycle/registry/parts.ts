import type { Clock } from '../../kernel/clock.ts';
import type { Database } from '../../platform/database/types.ts';
import type { DownloadLog } from './downloads.ts';
import type { RegistryService } from './models/types.ts';
import type { Artifacts } from './runs/artifacts.ts';
import type { Experiments } from './runs/experiments.ts';
import type { LoggedModels } from './runs/logged-models.ts';
import type { Runs } from './runs/runs.ts';
import type { PageTokens } from './runs/search/page.ts';

/** Whether content may be had, in words for the caller where it may not; null where it may. */
export interface DownloadGate {
  readonly version: (versionId: string) => Promise<string | null>;
  /** Of files that belong to no version yet. */
  readonly contents: (sha256s: readonly string[]) => Promise<string | null>;
}

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
  readonly gate: DownloadGate;
  readonly downloads: DownloadLog;
  /** The bytes of content. */
  readonly openContent: (sha256: string) => AsyncIterable<Uint8Array>;
  /** True where versions count as pending for clients until they are scanned. */
  readonly waitsForScan: () => Promise<boolean>;
}
