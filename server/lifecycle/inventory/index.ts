import type { RouteImplementation } from '../../platform/http/types.ts';
import { createImport } from './csv/import.ts';
import type { InventoryDeps } from './ports.ts';
import { createSystemReading, type SystemReading } from './reading.ts';
import { createRiskService } from './risk.ts';
import { inventoryRoutes } from './routes.ts';
import { createSystemService, type SystemService } from './service.ts';

export { inventoryMigrations } from './migrations.ts';
export type { InventoryPorts, KnownEndpoint, KnownModel } from './ports.ts';
export type { SystemLink, SystemLinkQuery } from './store.ts';

export interface Inventory {
  /** Systems in use that are there for the viewer and use one of these models, once for each model. */
  readonly using: SystemReading['using'];
  /** What systems in the viewer's sight use, many at once. */
  readonly links: SystemReading['links'];
  /** Systems in the viewer's sight by a part of their name, or by ids. */
  readonly named: SystemReading['named'];
  /** One system as its page shows it. Throws `not_found` for one that is not in reach. */
  readonly show: SystemService['get'];
  readonly implementations: readonly RouteImplementation[];
}

/** AI systems: what the business runs, who answers for it, what it uses and how much is at stake. */
export function createInventory(deps: InventoryDeps): Inventory {
  const systems = createSystemService(deps);
  const reading = createSystemReading(deps, systems);
  const risk = createRiskService(deps, systems);
  const importCsv = createImport(deps, systems);
  return Object.freeze({
    using: reading.using,
    links: reading.links,
    named: reading.named,
    show: systems.get,
    implementations: Object.freeze(inventoryRoutes({ systems, reading, risk, importCsv })),
  });
}
