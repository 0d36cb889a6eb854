export { allMigrations } from '../migrations.ts';
export { migrationState } from '../platform/database/index.ts';
export { countJobs, JOBS_SCHEMA } from '../platform/jobs/index.ts';
export * from './backup/index.ts';
export { noteBackup, noteRestore } from './notes.ts';
export { tryObjects } from './objects.ts';
