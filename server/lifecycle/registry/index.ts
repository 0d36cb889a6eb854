import type { Migration } from '../../platform/database/types.ts';
import type { RouteImplementation } from '../../platform/http/types.ts';
import type { LifecycleDeps } from '../ports.ts';
import { modelMigrations } from './models/migrations.ts';
import { modelRoutes } from './models/routes.ts';
import { createModelService, type KnownModel, type ModelService } from './models/service.ts';
import type { RegistryPorts } from './models/types.ts';

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

/** Of every part of the registry. */
export const registryMigrations: readonly Migration[] = Object.freeze([...modelMigrations]);

export interface RegistryDeps extends LifecycleDeps {
  /** What other stages know. */
  readonly ports: Pick<RegistryPorts, 'endpoints' | 'systems'>;
}

export interface Registry {
  readonly models: ModelService;
  /** Every model there is. */
  readonly known: () => Promise<readonly KnownModel[]>;
  readonly implementations: readonly RouteImplementation[];
}

/** Models, their versions and files: the one door of the registry's parts. */
export function createRegistry(deps: RegistryDeps): Registry {
  const models = createModelService({
    ...deps,
    ports: {
      ...deps.ports,
      signatures: { summaries: async () => new Map() },
      scans: { files: async () => new Map(), findings: async () => null },
      runs: { names: async () => new Map() },
      demandPromotable: async () => undefined,
    },
  });
  return Object.freeze({
    models,
    known: models.known,
    implementations: Object.freeze([...modelRoutes(models)]),
  });
}
