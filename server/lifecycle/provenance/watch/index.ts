import type { RouteImplementation } from '../../../platform/http/types.ts';
import type { DataWatchDeps } from './deps.ts';
import { createExposureStore } from './exposures-store.ts';
import { createReaching } from './reaching.ts';
import { dataWatchRoutes } from './routes.ts';
import { createWatchService } from './service.ts';
import { createWatchStore } from './store.ts';
import { createWatching } from './watching.ts';

export type { ReachPort } from './deps.ts';
export { dataWatchMigrations } from './migrations.ts';
export { dataWatchQueues } from './queues.ts';

export interface WatchPart {
  readonly implementations: readonly RouteImplementation[];
  /** Idempotent work to be done now and then, by the one server that is elected for it. */
  readonly upkeep: () => Promise<void>;
}

/** Watches what comes in for the slow drip, and what is served for what came of it: the one door of this part. */
export function createWatch(deps: DataWatchDeps): WatchPart {
  const store = createWatchStore(deps.database);
  const exposures = createExposureStore(deps.database);
  const watching = createWatching({ ...deps, store });
  const reaching = createReaching({ ...deps, exposures });
  return Object.freeze({
    implementations: dataWatchRoutes(
      createWatchService({ ...deps, store, exposures, lookAgain: reaching.lookAgain }),
    ),
    async upkeep() {
      await watching.resume();
      await reaching.again();
    },
  });
}
