export { interactionMigrations } from './migrations.ts';
export type { RecordBody } from './model.ts';
export { interactionRoutes } from './routes.ts';
export { createInteractionService, type InteractionService } from './service.ts';
