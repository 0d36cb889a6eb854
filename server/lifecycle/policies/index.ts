export { policyMigrations } from './migrations.ts';
export type { EndpointContext, PolicyPorts, Recording, RecordingQuery } from './ports.ts';
export { policyRoutes } from './routes.ts';
export { createPolicyService, type PolicyService } from './service.ts';
