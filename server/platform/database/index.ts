export { type Listener, type ListenOptions, listen } from './listen.ts';
export {
  checksum,
  MIGRATIONS_LOCK,
  MIGRATIONS_TABLE,
  MigrationError,
  migrate,
  migrationState,
} from './migrate.ts';
export { type DatabaseOptions, type OpenDatabase, openDatabase } from './pool.ts';
export type { Database, Migration } from './types.ts';
export { databaseUnavailable, isDatabaseUnavailable } from './unavailable.ts';
