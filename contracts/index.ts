export * from './artifact-paths.ts';
export * from './audit.ts';
export * from './bom.ts';
export * from './common.ts';
export * from './data/index.ts';
export * from './detector/index.ts';
export * from './endpoints.ts';
export * from './factors.ts';
export * from './federation.ts';
export * from './fleet.ts';
export * from './gateway.ts';
export * from './identity.ts';
export * from './interactions.ts';
export * from './inventory.ts';
export * from './keys.ts';
export * from './mlflow.ts';
export * from './passkeys.ts';
export * from './password-rules.ts';
export * from './permissions.ts';
export * from './policies.ts';
export * from './registry.ts';
export * from './registry-fields.ts';
export * from './registry-lineage.ts';
export * from './reviews.ts';
export * from './route.ts';
export * from './runs.ts';
export * from './scan-texts.ts';
export * from './scans.ts';
export * from './scim.ts';
export * from './signing.ts';
export * from './sinks.ts';
export * from './system-fields.ts';
export * from './system-risk.ts';
export * from './teams.ts';
export * from './telemetry.ts';
export * from './uploads.ts';
export * from './verdicts.ts';

import { auditRoutes } from './audit.ts';
import { bomRoutes } from './bom.ts';
import {
  cleaningRoutes,
  dataLineageRoutes,
  dataPushRoutes,
  dataScanRoutes,
  datasetDiffRoutes,
  datasetRoutes,
  dataWatchRoutes,
  labellingRoutes,
  privacyRoutes,
  sourceRoutes,
} from './data/index.ts';
import {
  correctionDatasetRoutes,
  correctionRoutes,
  detectorComparisonRoutes,
  detectorGatewayRoutes,
  detectorModelRoutes,
  detectorSwitchRoutes,
} from './detector/index.ts';
import { endpointRoutes } from './endpoints.ts';

import { factorRoutes } from './factors.ts';
import { federationRoutes } from './federation.ts';
import { fleetRoutes } from './fleet.ts';
import { gatewayRoutes } from './gateway.ts';
import { identityRoutes } from './identity.ts';
import { interactionRoutes } from './interactions.ts';
import { inventoryRoutes } from './inventory.ts';
import { keyRoutes } from './keys.ts';
import { mlflowRoutes } from './mlflow.ts';
import { policyRoutes } from './policies.ts';
import { registryRoutes } from './registry.ts';
import { reviewRoutes } from './reviews.ts';
import type { RouteContract } from './route.ts';
import { runRoutes } from './runs.ts';
import { scanRoutes } from './scans.ts';
import { scimRoutes } from './scim.ts';
import { signingRoutes } from './signing.ts';
import { sinkRoutes } from './sinks.ts';
import { teamRoutes } from './teams.ts';
import { telemetryRoutes } from './telemetry.ts';
import { uploadRoutes } from './uploads.ts';

/** Every route contract of the control plane, for the server, the OpenAPI document and the tests that walk them. */
export const ALL_ROUTES: readonly RouteContract[] = Object.freeze(
  [
    identityRoutes,
    auditRoutes,
    bomRoutes,
    factorRoutes,
    endpointRoutes,
    policyRoutes,
    interactionRoutes,
    correctionRoutes,
    correctionDatasetRoutes,
    detectorModelRoutes,
    detectorComparisonRoutes,
    detectorSwitchRoutes,
    detectorGatewayRoutes,
    sinkRoutes,
    gatewayRoutes,
    fleetRoutes,
    telemetryRoutes,
    teamRoutes,
    inventoryRoutes,
    reviewRoutes,
    keyRoutes,
    federationRoutes,
    scimRoutes,
    scanRoutes,
    uploadRoutes,
    registryRoutes,
    signingRoutes,
    runRoutes,
    mlflowRoutes,
    datasetRoutes,
    datasetDiffRoutes,
    dataPushRoutes,
    sourceRoutes,
    dataScanRoutes,
    cleaningRoutes,
    labellingRoutes,
    privacyRoutes,
    dataLineageRoutes,
    dataWatchRoutes,
  ].flatMap((group): RouteContract[] => Object.values(group)),
);
