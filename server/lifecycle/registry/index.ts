import type { Migration } from '../../platform/database/types.ts';
import { modelMigrations } from './models/migrations.ts';

export * from './model.ts';
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
