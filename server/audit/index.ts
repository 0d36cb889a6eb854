export {
  type Actor,
  type AuditEntry,
  type AuditLog,
  createAuditLog,
  type Executor,
  SYSTEM,
} from './log.ts';
export { auditMigrations } from './migrations.ts';
export { createRecordedEntries, type RecordedEntries, type RecordedEntry } from './recorded.ts';
export { auditRoutes } from './routes.ts';
export { type AuditTrail, type AuditTrailDeps, createAuditTrail } from './trail.ts';
export type { FurtherCheck, Report } from './verification.ts';
