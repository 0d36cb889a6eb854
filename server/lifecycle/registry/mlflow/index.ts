import type { RouteImplementation } from '../../../platform/http/types.ts';
import type { RegistryParts } from '../parts.ts';
import { artifactRoutes } from './artifact-routes.ts';
import { loggedModelRoutes } from './logged-model-routes.ts';
import { createRegistration } from './register.ts';
import { registryRoutes } from './registry-routes.ts';
import { trackingRoutes } from './tracking-routes.ts';

/** What an unmodified MLflow client calls, over the services of the registry. */
export function mlflowRoutes(parts: RegistryParts): RouteImplementation[] {
  return [
    ...trackingRoutes(parts),
    ...loggedModelRoutes(parts),
    ...artifactRoutes(parts),
    ...registryRoutes({ ...parts, createVersion: createRegistration(parts) }),
  ];
}
