export { createGateways, type GatewayProcess, type Gateways } from './gateways.ts';
export { endpointMigrations } from './migrations.ts';
export { createNumbering } from './numbering.ts';
export { registerEndpointProposals } from './proposals.ts';
export { endpointRoutes, snapshotRoutes } from './routes.ts';
export { createEndpointService, type EndpointService } from './service.ts';
export { createSnapshots, type SnapshotContent, type Snapshots, toSnapshotEndpoint } from './snapshot.ts';
