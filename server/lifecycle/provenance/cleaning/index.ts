import type { RouteImplementation } from '../../../platform/http/types.ts';
import { createCleaning } from './cleaning.ts';
import type { CleaningDeps } from './deps.ts';
import { cleaningRoutes } from './routes.ts';
import { createSelecting } from './selecting.ts';
import { createCleaningService } from './service.ts';
import { createCleaningStore } from './store.ts';

export type { DependantsPorts } from './dependants.ts';
export { cleaningMigrations } from './migrations.ts';
export { cleaningQueues } from './queues.ts';

export interface CleaningPart {
  readonly implementations: readonly RouteImplementation[];
  /** Idempotent work to be done now and then, by the one server that is elected for it. */
  readonly upkeep: () => Promise<void>;
}

/** Takes records out of versions, and brings them back: the one door of this part. */
export function createCleaningPart(deps: CleaningDeps): CleaningPart {
  const store = createCleaningStore(deps.database);
  const selecting = createSelecting(deps);
  const cleaning = createCleaning({ ...deps, store, selecting });
  const service = createCleaningService({ ...deps, store, selecting });
  return Object.freeze({
    implementations: cleaningRoutes(service),
    async upkeep() {
      await cleaning.resume();
      await cleaning.tell();
    },
  });
}
