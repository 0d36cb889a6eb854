import { AppError } from '../../kernel/error.ts';
import type { Migration } from '../../platform/database/types.ts';
import type { RouteImplementation } from '../../platform/http/types.ts';
import type { Jobs } from '../../platform/jobs/index.ts';
import type { LifecycleDeps } from '../ports.ts';
import { bomMigrations, bomRoutes, createBomService } from './bom/index.ts';
import { createDataUses, type DataUses } from './data-uses.ts';
import { mlflowRoutes } from './mlflow/index.ts';
import { modelMigrations } from './models/migrations.ts';
import { modelRoutes } from './models/routes.ts';
import { createModelService, type KnownModel, type ModelService } from './models/service.ts';
import type { RegistryPorts } from './models/types.ts';
import type { RegistryParts } from './parts.ts';
import { createTracking, runMigrations, runRoutes } from './runs/index.ts';
import {
  createScanService,
  type DownloadGate,
  type ScanService,
  scanMigrations,
  scanRoutes,
} from './scans/index.ts';
import {
  createSigningService,
  type SigningService,
  signingMigrations,
  signingRoutes,
} from './signing/index.ts';
import { createTransfers, modelPorts, type Transfers, uploadMigrations } from './uploads/index.ts';

export type { DatasetUseFact, DataUses, ModelVersionFact, RunFact, VersionPair } from './data-uses.ts';
export * from './model.ts';
export type { KnownModel } from './models/service.ts';
export type {
  PageOf,
  Promotion,
  RegistryActor,
  RegistryPorts,
  RegistryService,
  TagEdit,
} from './models/types.ts';
export { type DownloadGate, scanQueues } from './scans/index.ts';
export {
  askedRange,
  createReceiving,
  createWriting,
  type FilePlace,
  type Part,
  type Receiving,
  type StoredFile,
  type Writing,
} from './uploads/index.ts';

/** Of every part of the registry. */
export const registryMigrations: readonly Migration[] = Object.freeze([
  ...uploadMigrations,
  ...modelMigrations,
  ...runMigrations,
  ...scanMigrations,
  ...signingMigrations,
  ...bomMigrations,
]);

type SystemPort = Parameters<typeof createBomService>[0]['systems'];

export interface RegistryDeps extends LifecycleDeps {
  /** What other stages know. */
  readonly ports: Pick<RegistryPorts, 'endpoints' | 'systems'> & { readonly systems: SystemPort };
  readonly jobs: Jobs;
}

export interface Registry {
  readonly models: ModelService;
  /** Every model there is. */
  readonly known: () => Promise<readonly KnownModel[]>;
  readonly scans: ScanService;
  /** Which runs used which datasets, and what was made of them. */
  readonly dataUses: DataUses;
  /** Asked before files of versions are given out: what scans found, and what policies of signatures ask. */
  readonly gate: DownloadGate;
  /** Records what is downloaded, for every way in which files are given out. */
  readonly downloads: Transfers['downloads'];
  /** Idempotent work to be done now and then, by the one server that is elected for it. */
  readonly upkeep: () => Promise<void>;
  /** Ends what runs beside the process. */
  readonly close: () => void;
  readonly implementations: readonly RouteImplementation[];
}

/** Models, their versions and files: the one door of the registry's parts. */
export function createRegistry(deps: RegistryDeps): Registry {
  const scans = createScanService({
    ...deps,
    version: deps.server.version,
    background: deps.server.background,
    noteScan: (versionId, note, within) => models.noteScan(versionId, note, within),
  });
  const models: ModelService = createModelService({
    ...deps,
    ports: {
      ...deps.ports,
      signatures: { summaries: (versions) => signing.summaries(versions) },
      scans: { files: (_, files) => scans.judged(files), findings: scans.briefs },
      policies: { left: (before, after, within) => signing.left(before, after, within) },
      runs: { names: (viewer, ids) => tracking.runNames(viewer, ids) },
      async demandPromotable(promotion, within) {
        await scans.gate.demandPromotable(promotion, within);
        await signing.demandPromotable(promotion, within);
      },
    },
  });
  const signing: SigningService = createSigningService({
    ...deps,
    registry: models,
    publicUrl: deps.config.publicUrl,
  });
  const gate: DownloadGate = Object.freeze({
    ...scans.gate,
    async demandVersion(versionId: string, signal?: AbortSignal) {
      await signing.demandDownloadable(versionId);
      return await scans.gate.demandVersion(versionId, signal);
    },
  });
  /** Whether files of a version are given out right now. Waits for nothing. */
  const givesOut = async (versionId: string): Promise<boolean> => {
    if (!(await scans.gate.standing(versionId)).allowed) return false;
    return await signing.demandDownloadable(versionId).then(
      () => true,
      (error: unknown) => {
        if (error instanceof AppError && error.code === 'forbidden') return false;
        throw error;
      },
    );
  };
  const boms = createBomService({
    ...deps,
    registry: models,
    signing,
    systems: deps.ports.systems,
    version: deps.server.version,
  });
  const transfers = createTransfers({
    ...deps,
    ports: modelPorts({ database: deps.database, models, demandDownload: gate.demandVersion, givesOut }),
  });
  const tracking = createTracking({ ...deps, gate });
  const parts: RegistryParts = {
    ...tracking,
    database: deps.database,
    clock: deps.clock,
    registry: models,
    gate,
    downloads: transfers.downloads,
    openContent: deps.objects.open,
    // Their files could not be had anyway; elsewhere a download waits for the verdict by itself.
    waitsForScan: async () => (await scans.settings()).onUnscanned === 'refuse',
  };
  return Object.freeze({
    models,
    downloads: transfers.downloads,
    async upkeep() {
      await transfers.upkeep();
      await tracking.artifacts.upkeep();
    },
    close: boms.close,
    known: models.known,
    dataUses: createDataUses(deps.database),
    scans,
    gate,
    implementations: Object.freeze([
      ...modelRoutes(models),
      ...transfers.implementations,
      ...scanRoutes(scans),
      ...signingRoutes(signing),
      ...bomRoutes(boms),
      ...runRoutes(parts),
      ...mlflowRoutes(parts),
    ]),
  });
}
