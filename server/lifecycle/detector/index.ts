import { join } from 'node:path';
import type { LaidModel } from '@bartizan/checks/text/injection/model/folders.ts';
import type { Snapshot } from '@bartizan/contracts';
import type { RouteImplementation } from '../../platform/http/types.ts';
import { comparisonQueue } from './comparisons/queue.ts';
import { createComparisonService } from './comparisons/service.ts';
import { createCorrectionService } from './corrections/index.ts';
import { createDatasetService } from './datasets/index.ts';
import { openBuiltIn } from './models/built-in.ts';
import { createLive } from './models/live.ts';
import { createModelService } from './models/service.ts';
import type { DetectorDeps } from './ports.ts';
import { comparisonRoutes, correctionRoutes, datasetRoutes, modelRoutes, switchRoutes } from './routes.ts';
import { createSealing } from './sealing.ts';
import { createSwitching } from './switching.ts';
import { createDemandAll } from './whole.ts';

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
  /** Lets go of what lies on disk. */
  readonly close: () => Promise<void>;
  /** Idempotent work to be done now and then, by the one server that is elected for it. */
  readonly upkeep: () => Promise<void>;
}

/**
 * The injection detector's feedback loop: what people say of its verdicts, and what is made of that. Throws
 * `InjectionModelError` where this server's own model is damaged, or the folder that was named for it holds none.
 */
export function createDetector(deps: DetectorDeps): Detector {
  const { database } = deps;
  const sealing = createSealing(database, deps.masterKey);
  const demandAll = createDemandAll(deps.ports);
  const builtIn = openBuiltIn(process.env.BARTIZAN_INJECTION_MODEL);
  const live = createLive(database, builtIn);
  const corrections = createCorrectionService({ ...deps, sealing, demandAll, liveAt: live.at });
  const datasets = createDatasetService({ ...deps, sealing, demandAll });
  const root = join(deps.dataDir, 'detector');
  const models = createModelService({ ...deps, builtIn, live, root, demandAll });
  const comparisons = createComparisonService({ ...deps, models, live, sealing, demandAll });
  const switching = createSwitching({ ...deps, models, comparisons, live, demandAll });
  let laid: LaidModel | null = null;
  let refreshing: Promise<void> = Promise.resolve();

  /** What was live stays where it is until the other one is there. */
  async function follow(): Promise<void> {
    const now = await live.now();
    const next = now.builtIn ? null : await models.lay(now.sha256);
    await laid?.release();
    laid = next;
  }

  return Object.freeze({
    localFolder: () => laid?.folder,
    refresh() {
      refreshing = refreshing.catch(() => undefined).then(follow);
      return refreshing;
    },
    async close() {
      await refreshing.catch(() => undefined);
      await laid?.release();
      laid = null;
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
