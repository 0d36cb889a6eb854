export type { DownloadGate } from './gate.ts';
export { scanMigrations } from './migrations.ts';
export { scanQueues } from './queues.ts';
export { scanRoutes } from './routes.ts';
export { createScanService, type ScanDeps, type ScanService } from './service.ts';
