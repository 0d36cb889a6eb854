import { fleetRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../platform/http/types.ts';
import type { FleetService } from './service.ts';

export { createServers, type Servers } from './servers.ts';
export { createFleetService, type FleetService } from './service.ts';

export const fleetRoutes = (fleet: FleetService): RouteImplementation[] => [
  implement(contracts.get, () => fleet.get()),
];
