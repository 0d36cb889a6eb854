export { allMigrations } from '../migrations.ts';
export { migrationState } from '../platform/database/index.ts';
export * from './backup/index.ts';
export { noteBackup, noteRestore } from './notes.ts';
