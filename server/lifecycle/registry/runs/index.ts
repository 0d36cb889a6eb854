import { sql } from 'kysely';
import type { LifecycleDeps } from '../../ports.ts';
import type { Viewer } from '../../sight.ts';
import type { DownloadGate } from '../scans/gate.ts';
import { type Artifacts, createArtifacts } from './artifacts.ts';
import { createExperiments, type Experiments } from './experiments.ts';
import { createLoggedModels, type LoggedModels } from './logged-models.ts';
import { teamInReach } from './reach.ts';
import { createRuns, type Runs } from './runs.ts';
import { createPageTokens, type PageTokens } from './search/page.ts';

export { runMigrations } from './migrations.ts';
export { runRoutes } from './routes.ts';

export interface TrackingDeps
  extends Pick<LifecycleDeps, 'database' | 'audit' | 'clock' | 'events' | 'objects' | 'masterKey'> {
  readonly gate: Pick<DownloadGate, 'demandContent'>;
  readonly config: Pick<LifecycleDeps['config'], 'maxUploadBytes'>;
}

/** Experiments, runs, logged models and their files. */
export interface Tracking {
  readonly tokens: PageTokens;
  readonly experiments: Experiments;
  readonly runs: Runs;
  readonly loggedModels: LoggedModels;
  readonly artifacts: Artifacts;
  /** Names of the runs that are there for the viewer; what is no id is nobody's. */
  readonly runNames: (viewer: Viewer, ids: readonly string[]) => Promise<ReadonlyMap<string, string>>;
}

export function createTracking(deps: TrackingDeps): Tracking {
  const tokens = createPageTokens(deps.masterKey);
  const experiments = createExperiments({ ...deps, tokens });
  return Object.freeze({
    tokens,
    experiments,
    runs: createRuns({ ...deps, tokens, experiments }),
    loggedModels: createLoggedModels({ ...deps, tokens, experiments }),
    artifacts: createArtifacts(deps),
    async runNames(viewer: Viewer, ids: readonly string[]) {
      const { rows } = await sql<{ id: string; name: string }>`select r.id::text as id, r.name from runs r
        join experiments e on e.id = r.experiment_id
        where r.id::text = any(${[...ids]}::text[]) and ${teamInReach(viewer, sql`e.team_id`)}`.execute(
        deps.database,
      );
      return new Map(rows.map(({ id, name }) => [id, name]));
    },
  });
}
