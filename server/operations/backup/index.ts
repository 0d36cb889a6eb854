export type { AuditState } from './content.ts';
export type { Header } from './envelope.ts';
export { BackupError } from './error.ts';
export { type KeyFile, openKeyFile, sealKeyFile } from './keys.ts';
export { type BackupRead, peek, readBackup } from './read.ts';
export { type Restored, type RestoreOptions, restoreBackup } from './restore.ts';
export { type BackupMade, type BackupOptions, writeBackup } from './write.ts';
