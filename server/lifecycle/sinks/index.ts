export { sinkMigrations } from './migrations.ts';
export { secretsContext as sinkSecretsContext } from './model.ts';
export { sinkRoutes } from './routes.ts';
export { createSinkService, type SinkService } from './service.ts';
