import type { DataScanOptions } from '@bartizan/contracts';
import type { Database } from '../../../platform/database/types.ts';
import type { RouteImplementation } from '../../../platform/http/types.ts';
import type { Viewer } from '../../sight.ts';
import type { DataScanDeps } from './deps.ts';
import { dataScanRoutes } from './routes.ts';
import { createScanning } from './scanning.ts';
import { createScanService } from './service.ts';
import { createScanStore } from './store.ts';

export { dataScanMigrations } from './migrations.ts';
export { dataScanQueues } from './queues.ts';

/** A record of a version that a scan suspects. */
export interface VersionSuspect {
  readonly row: number;
  /** 0..1. */
  readonly score: number;
  /** Why, in a sentence without content; empty where no check gave a reason. */
  readonly reason: string;
}

/** What scans offer to the parts beside them. */
export interface ScansPort {
  /** Whether all was looked for in a version, and nothing high or critical is open. */
  readonly passed: (versionId: string, tx: Database) => Promise<boolean>;
  /** Suspected records of the newest scan that ended, the worst first; null where there is none. */
  readonly suspects: (versionId: string, limit?: number) => Promise<readonly VersionSuspect[] | null>;
  /** A scan in the viewer's reach; `not_found` otherwise. */
  readonly find: (
    viewer: Viewer,
    scanId: string,
  ) => Promise<{ readonly versionId: string; readonly state: string; readonly options: DataScanOptions }>;
  /** All rows of a finding, ascending; `complete`: none is missing. Undefined where there is no such finding. */
  readonly rowsOf: (
    scanId: string,
    finding: number,
  ) => Promise<{ readonly rows: readonly number[]; readonly complete: boolean } | undefined>;
  /** Suspected rows from this score on, ascending; `complete`: none is missing. */
  readonly rowsFrom: (
    scanId: string,
    atLeast: number,
  ) => Promise<{ readonly rows: readonly number[]; readonly complete: boolean }>;
}

export interface ScansPart {
  readonly port: ScansPort;
  /** Begins the scan of a version that came in, in the transaction that brings it in. */
  readonly arrived: (versionId: string, tx: Database) => Promise<void>;
  readonly implementations: readonly RouteImplementation[];
  /** Idempotent work to be done now and then, by the one server that is elected for it. */
  readonly upkeep: () => Promise<void>;
}

const MOST_SUSPECTS = 10_000;

/** Looks through versions for poisoning and faults: the one door of this part. */
export function createScans(deps: DataScanDeps): ScansPart {
  const store = createScanStore(deps.database);
  const service = createScanService({ ...deps, store });
  const scanning = createScanning({ ...deps, store });
  return Object.freeze({
    port: Object.freeze({
      passed: store.passed,
      async suspects(versionId, limit = MOST_SUSPECTS) {
        const scan = await store.newestDone(versionId);
        if (!scan) return null;
        const records = await store.records(scan.id, { after: -1, limit, check: undefined });
        return records.map(({ row, score, reasons }) => ({ row, score, reason: reasons[0]?.message ?? '' }));
      },
      find: service.find,
      rowsOf: store.rowsOf,
      rowsFrom: store.rowsFrom,
    } satisfies ScansPort),
    arrived: service.arrived,
    implementations: dataScanRoutes(service),
    upkeep: scanning.resume,
  });
}
