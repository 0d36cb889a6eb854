import type { RouteImplementation } from '../../platform/http/types.ts';
import { createCorrectionService } from './corrections/index.ts';
import { createDatasetService } from './datasets/index.ts';
import { createBuiltIn } from './models/built-in.ts';
import type { DetectorDeps } from './ports.ts';
import { correctionRoutes, datasetRoutes } from './routes.ts';
import { createSealing } from './sealing.ts';

export { detectorMigrations } from './migrations.ts';
export type { DetectorPorts } from './ports.ts';

export interface Detector {
  readonly implementations: readonly RouteImplementation[];
  /** Idempotent work to be done now and then, by the one server that is elected for it. */
  readonly upkeep: () => Promise<void>;
}

/** The injection detector's feedback loop: what people say of its verdicts, and what is made of that. */
export function createDetector(deps: DetectorDeps): Detector {
  const sealing = createSealing(deps.database, deps.masterKey);
  const builtIn = createBuiltIn(process.env.BARTIZAN_INJECTION_MODEL, deps.logger);
  const corrections = createCorrectionService({ ...deps, sealing, liveAt: async () => builtIn().name });
  const datasets = createDatasetService({ ...deps, sealing });
  return Object.freeze({
    implementations: Object.freeze([...correctionRoutes(corrections), ...datasetRoutes(datasets)]),
    upkeep: corrections.upkeep,
  });
}
