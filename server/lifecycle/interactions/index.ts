export { interactionMigrations } from './migrations.ts';
export { interactionRoutes } from './routes.ts';
export { createInteractionService, type InteractionService } from './service.ts';
