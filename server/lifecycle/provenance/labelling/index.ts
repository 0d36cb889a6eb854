import type { RouteImplementation } from '../../../platform/http/types.ts';
import { createBeginnings } from '../datasets/beginnings.ts';
import { createDatasets } from '../datasets/datasets.ts';
import { createDatasetStore } from '../datasets/datasets-store.ts';
import { createVersionStore } from '../datasets/versions-store.ts';
import type { GovernancePort } from '../ports.ts';
import { createScanStore } from '../scans/store.ts';
import { createApplying } from './applying.ts';
import type { LabellingDeps, SuspectsPort } from './deps.ts';
import { createMaking } from './making.ts';
import { labellingRoutes } from './routes.ts';
import { createLabelling } from './service.ts';
import { createLabellingStore } from './store.ts';
import { createWorking } from './working.ts';

export { labellingMigrations } from './migrations.ts';
export { labellingQueues } from './queues.ts';

/** The check whose reasons say that a record's label is wrong. */
const LABEL_ERRORS = 'datasets/label-errors';

export type LabellingPartDeps = Omit<LabellingDeps, 'store' | 'scans' | 'begin' | 'governance'> & {
  readonly governance: GovernancePort;
  readonly scans: Pick<SuspectsPort, 'find'>;
};

export interface LabellingPart {
  readonly implementations: readonly RouteImplementation[];
  /** Idempotent work to be done now and then, by the one server that is elected for it. */
  readonly upkeep: () => Promise<void>;
}

/** Labels that people decide: disputed by annotators, or suspected by a scan. */
export function createLabellingPart(given: LabellingPartDeps): LabellingPart {
  const { database } = given;
  const versions = createVersionStore(database);
  const datasets = createDatasets({ ...given, store: createDatasetStore(database), versions });
  const { begin } = createBeginnings({ ...given, versions, datasets });
  const suspected = createScanStore(database);
  const scans: SuspectsPort = {
    find: given.scans.find,
    async mislabelled(scanId, limit) {
      const records = await suspected.records(scanId, { after: -1, limit, check: LABEL_ERRORS });
      return records.map(({ row, score, reasons }) => ({
        row,
        score,
        reason: reasons.find(({ check }) => check === LABEL_ERRORS)?.message ?? '',
      }));
    },
  };
  const deps: LabellingDeps = { ...given, store: createLabellingStore(database), scans, begin };
  const working = createWorking(deps, { making: createMaking(deps), applying: createApplying(deps) });
  return Object.freeze({
    implementations: labellingRoutes(createLabelling(deps)),
    upkeep: working.resume,
  });
}
