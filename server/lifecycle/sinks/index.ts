export { sinkMigrations } from './migrations.ts';
export { sinkRoutes } from './routes.ts';
export { createSinkService, type SinkService } from './service.ts';
