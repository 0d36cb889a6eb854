import type { RouteImplementation } from '../../../platform/http/types.ts';
import { createBeginnings } from '../datasets/beginnings.ts';
import { createDatasets } from '../datasets/datasets.ts';
import { createDatasetStore } from '../datasets/datasets-store.ts';
import { createVersionStore } from '../datasets/versions-store.ts';
import type { GovernancePort } from '../ports.ts';
import { createScanStore, type ScanStore } from '../scans/store.ts';
import { createApplying } from './applying.ts';
import type { LabellingDeps, SuspectsPort } from './deps.ts';
import { createMaking } from './making.ts';
import { labellingRoutes } from './routes.ts';
import { createLabelling } from './service.ts';
import { createLabellingStore } from './store.ts';
import type { SuspectedRow } from './worker/protocol.ts';
import { createWorking } from './working.ts';

export { labellingMigrations } from './migrations.ts';
export { labellingQueues } from './queues.ts';

/** The checks that doubt the label of a record, and not the rest of it; the first names another label. */
const LABEL_CHECKS = [
  'datasets/label-errors',
  'datasets/label-flips-directed',
  'datasets/slices',
  'datasets/table-triggers',
  'datasets/text-triggers',
  'datasets/availability-noise',
] as const;
const PAGE = 5_000;

/** Suspected records whose label is in doubt, read in pages. */
async function mislabelled(store: ScanStore, scanId: string, limit: number): Promise<SuspectedRow[]> {
  const rows: SuspectedRow[] = [];
  for (let after = -1; rows.length < limit; ) {
    const page = await store.records(scanId, { after, limit: PAGE, check: undefined });
    for (const { row, score, reasons } of page) {
      const told = LABEL_CHECKS.map((id) => reasons.find(({ check }) => check === id)).find(Boolean);
      if (told !== undefined && rows.length < limit) rows.push({ row, score, reason: told.message });
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) break;
    after = last.rank;
  }
  return rows;
}

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
    mislabelled: (scanId, limit) => mislabelled(suspected, scanId, limit),
  };
  const deps: LabellingDeps = { ...given, store: createLabellingStore(database), scans, begin };
  const working = createWorking(deps, { making: createMaking(deps), applying: createApplying(deps) });
  return Object.freeze({
    implementations: labellingRoutes(createLabelling(deps)),
    upkeep: working.resume,
  });
}
