export { type Actor, type AuditEntry, type AuditLog, createAuditLog, type Executor, SYSTEM } from './log.ts';
export { auditMigrations } from './migrations.ts';
