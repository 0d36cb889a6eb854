import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import { createAuditLog, SYSTEM } from '../audit/index.ts';
import { systemClock } from '../kernel/clock.ts';
import { openDatabase } from '../platform/database/index.ts';
import type { BackupMade, Restored } from './backup/index.ts';

export interface NoteTo {
  readonly databaseUrl: string;
  readonly master: MasterKey;
  /** Told when it could not be recorded. */
  readonly warn: (line: string) => void;
}

interface Note {
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Records a backup in the audit log of the instance that it is of. A database that takes no writes is told of. */
export const noteBackup = (to: NoteTo, made: BackupMade): Promise<void> =>
  note(to, { action: 'operations.backup_made', subject: `backup:${made.id}`, detail: { bytes: made.bytes } });

/** Records a restore in the audit log that it brought back: the first entry after those of the backup. */
export const noteRestore = (to: NoteTo, restored: Restored): Promise<void> =>
  note(to, {
    action: 'operations.restored',
    subject: `backup:${restored.id}`,
    detail: { createdAt: restored.createdAt, endedSessions: restored.endedSessions },
  });

async function note({ databaseUrl, master, warn }: NoteTo, entry: Note): Promise<void> {
  const open = openDatabase(databaseUrl, { maxConnections: 1 });
  try {
    await createAuditLog({ database: open.database, clock: systemClock, masterKey: master }).record({
      actor: SYSTEM,
      ...entry,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    warn(`This could not be recorded in the audit log (${reason}); note it yourself.`);
  } finally {
    await open.close();
  }
}
