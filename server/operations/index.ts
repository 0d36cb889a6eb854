export { allMigrations } from '../migrations.ts';
export * from './backup/index.ts';
export { noteBackup, noteRestore } from './notes.ts';
