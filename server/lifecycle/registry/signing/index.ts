export { signingMigrations } from './migrations.ts';
export type { SigningDeps } from './ports.ts';
export { signingRoutes } from './routes.ts';
export { readRunFacts } from './run-facts.ts';
export { createSigningService, type SigningService } from './service.ts';
