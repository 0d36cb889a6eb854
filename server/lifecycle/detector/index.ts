import { join } from 'node:path';
import type { Snapshot } from '@bartizan/contracts';
import type { RouteImplementation } from '../../platform/http/types.ts';
import { comparisonQueue } from './comparisons/queue.ts';
import { createComparisonService } from './comparisons/service.ts';
import { createCorrectionService } from './corrections/index.ts';
import { createDatasetService } from './datasets/index.ts';
import { createBuiltIn } from './models/built-in.ts';
import { createLive } from './models/live.ts';
import { createModelService } from './models/service.ts';
import type { DetectorDeps } from './ports.ts';
import { comparisonRoutes, correctionRoutes, datasetRoutes, modelRoutes, switchRoutes } from './routes.ts';
import { createSealing } from './sealing.ts';
import { createSwitching } from './switching.ts';

export { detectorMigrations } from './migrations.ts';
export type { DetectorPorts } from './ports.ts';

/** Work that takes longer than a request. */
export const detectorQueues = Object.freeze([comparisonQueue]);

export interface Detector {
  readonly implementations: readonly RouteImplementation[];
  /** The model that gateways are to run; null: their own. */
  readonly forGateways: () => Promise<Snapshot['detector']>;
  /** Where the live model lies on this server, as far as it is there; undefined: the product's own is live. */
  readonly localFolder: () => string | undefined;
  /** Lays the live model out on this server; call it at the start and whenever the configuration changed. */
  readonly refresh: () => Promise<void>;
  /** Idempotent work to be done now and then, by the one server that is elected for it. */
  readonly upkeep: () => Promise<void>;
}

/** The injection detector's feedback loop: what people say of its verdicts, and what is made of that. */
export function createDetector(deps: DetectorDeps): Detector {
  const { database } = deps;
  const sealing = createSealing(database, deps.masterKey);
  const builtIn = createBuiltIn(process.env.BARTIZAN_INJECTION_MODEL, deps.logger);
  const live = createLive(database, builtIn);
  const corrections = createCorrectionService({ ...deps, sealing, liveAt: live.at });
  const datasets = createDatasetService({ ...deps, sealing });
  const models = createModelService({ ...deps, builtIn, live, root: join(deps.dataDir, 'detector') });
  const comparisons = createComparisonService({ ...deps, models, live, sealing });
  const switching = createSwitching({ ...deps, models, comparisons, live });
  let localFolder: string | undefined;
  return Object.freeze({
    localFolder: () => localFolder,
    async refresh() {
      const name = await live.name();
      localFolder = name === builtIn().name ? undefined : ((await models.folderOf(name)) ?? undefined);
    },
    forGateways: switching.forGateways,
    implementations: Object.freeze([
      ...correctionRoutes(corrections),
      ...datasetRoutes(datasets),
      ...modelRoutes(models),
      ...comparisonRoutes(comparisons),
      ...switchRoutes(switching, models),
    ]),
    async upkeep() {
      await corrections.upkeep();
      await comparisons.resume();
    },
  });
}
