export * from './common.ts';
export * from './endpoints.ts';
export * from './gateway.ts';
export * from './identity.ts';
export * from './interactions.ts';
export * from './permissions.ts';
export * from './policies.ts';
export * from './route.ts';
export * from './sinks.ts';
export * from './verdicts.ts';

import { endpointRoutes } from './endpoints.ts';
import { gatewayRoutes } from './gateway.ts';
import { identityRoutes } from './identity.ts';
import { interactionRoutes } from './interactions.ts';
import { policyRoutes } from './policies.ts';
import type { RouteContract } from './route.ts';

/** Every route contract of the control plane, for the server, the OpenAPI document and the tests that walk them. */
export const ALL_ROUTES: readonly RouteContract[] = Object.freeze(
  [identityRoutes, endpointRoutes, policyRoutes, interactionRoutes, gatewayRoutes].flatMap(
    (group): RouteContract[] => Object.values(group),
  ),
);
