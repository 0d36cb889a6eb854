export { bomMigrations } from './migrations.ts';
export { bomRoutes } from './routes.ts';
export { type BomService, createBomService } from './service.ts';
