import type { RouteImplementation } from '../../../platform/http/types.ts';
import { createGraphs } from './graph.ts';
import { createNeighbours } from './neighbours.ts';
import { createNewest } from './newest.ts';
import { createNodes } from './nodes.ts';
import type { EndpointFact, LineageDeps } from './ports.ts';
import { createReceiving } from './receiving.ts';
import { lineageRoutes } from './routes.ts';
import { createTracing } from './tracing.ts';

export { lineageMigrations } from './migrations.ts';
export type { EndpointFact, LineagePorts, Suspect, SuspectsPort } from './ports.ts';
export { type ReaderFact, readersOf } from './readers.ts';

export interface Lineage {
  readonly implementations: readonly RouteImplementation[];
  /** What records reached, whoever looks. */
  readonly reach: {
    /** Versions that hold records which these versions brought in. */
    readonly holders: (originIds: readonly string[]) => Promise<readonly { readonly id: string }[]>;
    /** Endpoints that serve now what was made from these versions. */
    readonly endpointsBelow: (versionIds: readonly string[]) => Promise<readonly EndpointFact[]>;
  };
  /** Idempotent work to be done now and then, by the one server that is elected for it. */
  readonly upkeep: () => Promise<void>;
}

/** From sources to decisions and back: what events and runs say, drawn together with what is stored here. */
export function createLineage(deps: LineageDeps): Lineage {
  const neighbours = createNeighbours(deps);
  const nodes = createNodes(deps);
  const newest = createNewest(deps);
  const graphs = createGraphs({ neighbours, nodes, newest });
  const receiving = createReceiving(deps);
  const tracing = createTracing({ ...deps, graphs, nodes });
  return Object.freeze({
    implementations: Object.freeze(lineageRoutes({ receiving, graphs, newest, nodes, tracing })),
    reach: tracing.reach,
    upkeep: receiving.upkeep,
  });
}
