import { mlflowAbsentRoutes, mlflowArtifactRoutes } from './mlflow/artifacts.ts';
import { mlflowRegistryRoutes } from './mlflow/registry.ts';
import { mlflowTrackingRoutes } from './mlflow/tracking.ts';

export * from './mlflow/artifacts.ts';
export * from './mlflow/registry.ts';
export type {
  DatasetInputIn,
  ExperimentOut,
  FileOut,
  LoggedModelOut,
  MetricIn,
  MetricOut,
  RegisteredModelOut,
  RunInfoOut,
  RunOut,
  VersionOut,
} from './mlflow/shapes.ts';
export * from './mlflow/tracking.ts';

/** What an unmodified MLflow client calls. */
export const mlflowRoutes = {
  ...mlflowTrackingRoutes,
  ...mlflowRegistryRoutes,
  ...mlflowArtifactRoutes,
  ...mlflowAbsentRoutes,
} as const;
