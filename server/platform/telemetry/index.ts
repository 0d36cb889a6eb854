export {
  createTelemetry,
  errorFacts,
  logOptions,
  type Meter,
  NO_METER,
  openTracing,
  SERVER_METRICS,
  type Telemetry,
  type Tracing,
  watchSpans,
} from '@bartizan/contracts/telemetry/index.ts';
export { type AuditStanding, watchAudit } from './audit.ts';
export { watchDatabase } from './database.ts';
export { type FleetView, watchFleet } from './fleet.ts';
export { createHttpObserver } from './http.ts';
export { createJobMeasures, watchJobs } from './jobs.ts';
export { alarmMeasure, measuredAudit, measuredIngest } from './measured.ts';
export { type ModelCounts, watchModels } from './models.ts';
export { metricsRoute } from './route.ts';
export { createSinkMeasures, type SinkMeasures } from './sinks.ts';
